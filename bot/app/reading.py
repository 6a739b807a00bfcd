"""Who reads a question together with the entries that may answer it?"""

from bot.config import Config
from bot.llm.reranker import EndpointReader
from knowledge.reading import Reading

_SDK_S = 2.0  # what the first question may wait beside the deadline, while the client is loaded


def build_reading(config: Config) -> Reading | None:
    """The configured reranker, ``None`` where there is none."""
    if config.reranker is None:
        return None
    deadline_s = config.reranker.timeout_ms / 1000 + _SDK_S
    return Reading([EndpointReader(config.reranker)], deadline_s=deadline_s)
