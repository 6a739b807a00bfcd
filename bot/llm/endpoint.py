"""How does a question reach an OpenAI-compatible endpoint, and how may that fail?

Importing this module costs 2 s and 136 MB: only `bot.llm.caller` does, in a thread, and only when
a model is configured.
"""

from typing import Any

from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from openai import APIConnectionError, APIStatusError, DefaultAioHttpClient
from pydantic import SecretStr

from bot.config import Llm
from bot.errors import ModelUnavailable
from bot.llm.caller import Said

_NO_KEY = "none"
"""Local servers want none; the client would take the environment's for an empty one."""

_FORMATS: dict[str, dict[str, Any]] = {
    "text": {},
    "json_object": {"response_format": {"type": "json_object"}},
}
CAME_TO_AN_END = (None, "", "stop", "eos", "end_turn")
_WORTH_ANOTHER_TRY = frozenset({408, 409, 429})


class Endpoint:
    """A chat model behind HTTP."""

    def __init__(self, llm: Llm) -> None:
        self._http = DefaultAioHttpClient()  # a third less CPU a call than the default
        self.chat = ChatOpenAI(
            model=llm.model,
            base_url=llm.base_url,
            api_key=SecretStr(llm.api_key.get_secret_value() or _NO_KEY),
            timeout=llm.timeout_s,
            max_retries=0,
            http_async_client=self._http,
            use_responses_api=False,  # few compatible servers have it
            model_kwargs=_FORMATS[llm.response_format],
        )

    async def ask(self, instructions: str, question: str) -> Said:
        """What the model wrote.

        Raises:
            ModelUnavailable: nothing readable came; the text quotes neither side.
        """
        try:
            answer = await self.chat.ainvoke([SystemMessage(instructions), HumanMessage(question)])
            return Said(
                text=str(answer.text),
                whole=answer.response_metadata.get("finish_reason") in CAME_TO_AN_END,
                tokens=answer.usage_metadata["total_tokens"] if answer.usage_metadata else 0,
            )
        except APIConnectionError as error:
            raise ModelUnavailable(type(error).__name__, retry_after_s=0) from error
        except APIStatusError as error:
            raise refusal(error) from error
        except Exception as error:  # what a foreign server sends breaks its reader in many ways
            raise ModelUnavailable(f"unreadable: {type(error).__name__}") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def refusal(error: APIStatusError) -> ModelUnavailable:
    """What the server's refusal means: whether another try may help."""
    text = f"HTTP {error.status_code}"
    if error.status_code < 500 and error.status_code not in _WORTH_ANOTHER_TRY:
        return ModelUnavailable(text)
    try:
        asked_for = float(error.response.headers.get("retry-after", 0))
    except ValueError:  # a date
        asked_for = 0.0
    return ModelUnavailable(text, retry_after_s=asked_for)
