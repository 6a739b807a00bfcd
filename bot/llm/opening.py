"""Which kind of chat model is configured, and are its prompts there?"""

from pathlib import Path

from bot.config import Config
from bot.llm.breaker import CircuitBreaker
from bot.llm.chooser import Chooser
from bot.llm.grounding import Evened, Grounding, Words
from bot.llm.prompts import read_prompt, read_tones
from bot.llm.writer import Writer
from bot.telemetry import Metrics


def open_model(
    config: Config,
    prompts: Path,
    metrics: Metrics,
    evened: Evened,
    breaker: CircuitBreaker | None = None,
) -> Chooser | Writer | None:
    """The configured model, or ``None`` when none is.

    Args:
        prompts: folder of the model's instructions.
        evened: puts a text in one width, case and script.

    Raises:
        Misconfigured: they are missing, or the environment would give customers' words away.
    """
    llm = config.llm
    if llm is None:
        return None
    if llm.mode == "choose":
        return Chooser(llm, read_prompt(prompts, "choose.md"), metrics, breaker)
    tones = [account.tone for account in config.accounts.values() if account.tone]
    grounding = Grounding(Words.load(prompts / "words.yaml", evened), evened)
    return Writer(llm, read_tones(prompts, tones), grounding, metrics, breaker)
