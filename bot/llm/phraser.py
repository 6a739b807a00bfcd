"""How else may customers ask what an entry answers, as far as a model can tell?

A proposal only: whether a phrasing collides is found out by the knowledge base, and a person says
whether it is written.
"""

import json
import re
from collections.abc import Sequence

import msgspec

from bot.config import Llm
from bot.llm.breaker import CircuitBreaker
from bot.llm.caller import Caller
from bot.llm.masking import Masker
from bot.llm.prompts import Prompt
from bot.telemetry import Metrics

MAX_PHRASING = 60
"""Characters; customers ask shorter than entries are written."""

_MOST_READ = 20_000
_MAX_TEXT = 2000
_NUMBER = re.compile(r"\d+")
_ODD = re.compile(r"[\[\]{}<>|`*#\\]|https?:|www\.|@")


class Phrasings(msgspec.Struct, frozen=True, kw_only=True):
    """What a model proposes for one entry.

    Args:
        texts: without what could be no phrasing at all.
        refused: why nothing of it could be read, empty = it could.
        prompt: version of its instructions.
        tokens: what it cost, 0 when that is not known.
    """

    texts: tuple[str, ...] = ()
    refused: str = ""
    prompt: str = ""
    tokens: int = 0


class _Listed(msgspec.Struct):
    phrasings: list[str]


class Phraser(Caller):
    """Asks a model for phrasings.

    Args:
        prompt: what it is told.
    """

    def __init__(
        self,
        llm: Llm,
        prompt: Prompt,
        metrics: Metrics,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        super().__init__(llm, metrics, breaker)
        self._prompt = prompt

    async def phrasings(
        self, question: str, answer: str, known: Sequence[str], count: int
    ) -> Phrasings:
        """At most `count` further ways of asking.

        Raises:
            ModelUnavailable: no answer within `llm.timeout_s`, or lately none at all.
        """
        masker = Masker()
        request = {
            "question": masker.mask(question).text,
            "answer": masker.mask(answer[:_MAX_TEXT]).text,
            "known": [masker.mask(text).text for text in known],
            "count": count,
        }
        said = await self.ask(self._prompt.text, msgspec.json.encode(request).decode())
        listed = _listed(said.text) if said.whole else None
        self.count("none" if listed is None else "written")
        allowed = set(_NUMBER.findall(" ".join((question, answer, *known))))
        return Phrasings(
            texts=tuple(_sayable(listed or (), allowed))[:count],
            refused="form" if listed is None else "",
            prompt=self._prompt.version,
            tokens=said.tokens,
        )


def _sayable(listed: Sequence[str], numbers: set[str]) -> list[str]:
    """What a customer could have written: no mark-up, no address, no number of its own."""
    return [
        text
        for text in dict.fromkeys(text.strip() for text in listed)
        if 1 < len(text) <= MAX_PHRASING
        and text.isprintable()
        and not _ODD.search(text)
        and set(_NUMBER.findall(text)) <= numbers
    ]


def _listed(text: str) -> list[str] | None:
    """The last list of phrasings in what a model wrote; ``None`` = there is none."""
    text, decoder, at, found = text[-_MOST_READ:], json.JSONDecoder(), 0, None
    while (at := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
            found = msgspec.convert(value, _Listed, strict=True).phrasings
        except msgspec.ValidationError:
            continue
        except (ValueError, RecursionError):
            at += 1
    return found
