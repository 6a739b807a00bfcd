"""Which tags does a model hold to fit what a customer wrote? It only proposes; people decide.

It chooses among tags that exist, and shows the customer's own words for each: what it cannot show
is dropped.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from bot.llm.caller import Caller
from bot.llm.drafts import draft_in
from bot.llm.masking import Masker
from bot.llm.prompts import Prompt

_LINE_CHARS = 300
_SHORTEST = 2
"""Characters of a quotation that shows anything."""

MOST = 5
"""Tags that are proposed of one case: people have to read them."""


class Proposal(NamedTuple):
    """A tag, and which of the lines shows it."""

    tag: str
    line: int


class Proposals(msgspec.Struct, frozen=True):
    """What a model proposed.

    Args:
        prompt: version of what it was told.
        tokens: what it cost, as the server counts; 0 when it does not tell.
        refused: how many were no tags of ours, or had nothing to show.
    """

    proposed: tuple[Proposal, ...] = ()
    prompt: str = ""
    tokens: int = 0
    refused: int = 0


class _Said(msgspec.Struct):
    tag: str
    quote: str


class _Draft(msgspec.Struct):
    proposals: list[_Said]


class TagProposer:
    """Asks a model for tags.

    Args:
        caller: of the model; its deadlines, retries and rests hold here too.
        prompt: what it is told.
    """

    def __init__(self, caller: Caller, prompt: Prompt) -> None:
        self._caller, self._prompt = caller, prompt

    async def propose(self, lines: Sequence[str], tags: Collection[str]) -> Proposals:
        """What fits, at most `MOST`.

        Args:
            lines: what the customer wrote, oldest first; masked before it leaves.
            tags: among which is chosen.

        Raises:
            ModelUnavailable: no answer within `llm.timeout_s`, or lately none at all.
        """
        masker = Masker()
        masked = [masker.mask(line[:_LINE_CHARS]).text for line in lines]
        request = msgspec.json.encode({"tags": sorted(tags), "lines": masked}).decode()
        said = await self._caller.ask(self._prompt.text, request)
        draft = draft_in(said.text, _Draft) if said.whole else None
        written = draft.proposals if draft else []
        read = [_bare(line) for line in masked]
        found: dict[str, Proposal] = {}
        for one in written:
            if (place := _place(one.quote, read)) is not None and one.tag in tags:
                found.setdefault(one.tag, Proposal(one.tag, place))
        self._caller.count("refused" if draft is None else "written" if found else "none")
        return Proposals(
            tuple(found.values())[:MOST],
            self._prompt.version,
            said.tokens,
            sum(one.tag not in found for one in written),
        )


def _place(quote: str, lines: Sequence[str]) -> int | None:
    """The newest line in which the quotation stands."""
    sought = _bare(quote)
    if len(sought) < _SHORTEST:
        return None
    return next((n for n in range(len(lines) - 1, -1, -1) if sought in lines[n]), None)


def _bare(text: str) -> str:
    return "".join(text.split())
