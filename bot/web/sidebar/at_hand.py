"""Which replies at hand does a member mean: by words, by first letters of pinyin, or by meaning?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from bot.store import Material, QuickReply
from knowledge import Audience, FaqEntry, Library, Retriever
from knowledge.fold import fold

SHOWN = 12
NEAR = 0.2
"""Likeness from which a reply is meant that shares no words."""

_VARIABLES = re.compile(r"\{(客户|我|公司)\}")


def initials_of(text: str) -> str:
    """The first letters of its pinyin, letters and digits as they are: 运费 → yf."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 (0.4 s: no start waits for it)

    letters = "".join(lazy_pinyin(text[:60], style=Style.FIRST_LETTER)).lower()
    return "".join(one for one in letters if one.isascii() and one.isalnum())


def _begins(initials: str, letters: str) -> bool:
    """Whether the title has these letters, or the text begins with them."""
    title, _, body = initials.partition(" ")
    return letters in title or body.startswith(letters)


def filled(body: str, values: dict[str, str]) -> str:
    """A reply with its variables filled in; one without a value is left out."""
    return _VARIABLES.sub(lambda found: values.get(found[1], ""), body)


One = TypeVar("One", QuickReply, Material)
"""What can be searched."""


def as_it_stands(mine: Sequence[One], standing: str) -> list[One]:
    """What a page shows first and in its order, so that nothing moves under somebody's finger.

    Args:
        standing: ids that the page shows, a comma between; empty = it is opened or searched anew.
    """
    places = {name: place for place, name in enumerate(standing.split(",")[:SHOWN])}
    return sorted(mine, key=lambda one: places.get(str(one.id), SHOWN))


@dataclass(slots=True)
class AtHand:
    """Searches what members keep at hand, of one kind; the index follows the rows."""

    library: Library
    _base: Retriever | None = None
    _seen: dict[str, float] = field(default_factory=dict)

    async def among(self, mine: Sequence[One], text: str, category: str, today: date) -> list[One]:
        """The best of these first.

        Args:
            mine: in the order in which they are shown where nothing else decides.
        """
        if category:
            mine = [one for one in mine if one.category == category]
        wanted = fold(text).strip()
        if not wanted:
            return list(mine[:SHOWN])
        letters = re.sub(r"[^a-z0-9]", "", wanted)
        scores: dict[int | str, float] = dict.fromkeys((one.id for one in mine), 0.0)
        for one in mine:
            if wanted in fold(one.title):
                scores[one.id] = 3.0
            elif wanted in fold(one.body) or wanted in fold(one.category):
                scores[one.id] = 2.0
            elif letters and letters == wanted and _begins(one.initials, letters):
                scores[one.id] = 2.5
        if not any(scores.values()):
            scores |= await self._by_meaning(mine, text, today)
        found = [one for one in mine if scores[one.id] > 0]
        return sorted(found, key=lambda one: -scores[one.id])[:SHOWN]

    async def _by_meaning(
        self, mine: Sequence[One], text: str, today: date
    ) -> dict[int | str, float]:
        await self._follow(mine)
        if self._base is None:
            return {}
        ids = {str(one.id): one.id for one in mine}
        found = await self._base.search(text, Audience(today=today), SHOWN)
        near = {
            ids[one.entry.id]: max(float(one.why["lexical"]), float(one.why["dense"]))
            for one in found
            if one.entry.id in ids
        }
        return {key: likeness for key, likeness in near.items() if likeness >= NEAR}

    async def _follow(self, mine: Sequence[One]) -> None:
        fresh = [one for one in mine if self._seen.get(str(one.id)) != one.updated_at]
        entries = [FaqEntry(id=str(one.id), question=one.title, answer=one.body) for one in fresh]
        if self._base is None and entries:
            self._base = Retriever(entries, embedder=self.library.embedder)
            await self._base.warm()
        elif self._base is not None and entries:
            await self._base.change(entries)
        self._seen |= {str(one.id): one.updated_at for one in fresh}
