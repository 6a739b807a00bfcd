"""How does an open sidebar learn that something has changed?

It is told names of parts, never data: the page asks for them like anything else. A part is named
only when what it is made of is different from what it was.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bot.model import Conversation
from bot.routing.live import Live
from bot.routing.panels import Shown
from bot.store import Store

BEAT_S = 25.0
"""Proxies cut what is silent for longer; whether he may still look is asked as often."""

PARTS = ("case", "person", "said", "panels", "materials")

_TAGS = """
SELECT (SELECT COUNT(*) || ' ' || COALESCE(MAX(at), 0) FROM customer_tags
        WHERE external_userid = ?1)
    || '/' || (SELECT COALESCE(MAX(at), 0) FROM attributes WHERE external_userid = ?1)
    || '/' || (SELECT COALESCE(MAX(at), 0) FROM consent_standing WHERE external_userid = ?1) AS p
"""
_SAID = """
SELECT COALESCE((SELECT msgid || COALESCE(recalled_at, 0) FROM messages WHERE open_kfid = ?1
        AND external_userid = ?2 ORDER BY sent_at DESC, received_at DESC LIMIT 1), '')
    || '/' || COALESCE((SELECT id || state FROM outbox WHERE open_kfid = ?1
        AND external_userid = ?2 ORDER BY id DESC LIMIT 1), '')
    || '/' || COALESCE((SELECT MAX(id) FROM suggestions WHERE open_kfid = ?1
        AND external_userid = ?2), 0) AS p
"""

_OPENED = "SELECT MAX(at) AS p FROM link_opens WHERE external_userid = ?"


@dataclass(slots=True)
class Fingerprints:
    """What each part of a page is made of, as short as possible.

    Args:
        panels: what behaviours show just now.
    """

    store: Store
    external_userid: str
    conversation: Conversation
    panels: Callable[[], Awaitable[Sequence[Shown]]]
    _last: dict[str, str] = field(default_factory=dict)

    async def token(self) -> str:
        """What a page was made of: its stream begins by comparing with it."""
        return "-".join(_short(value) for value in (await self._now()).values())

    def seen(self, token: str) -> None:
        """The page shows what this token stands for."""
        parts = token.split("-")
        self._last = dict(zip(PARTS, parts, strict=True)) if len(parts) == len(PARTS) else {}

    async def changed(self) -> list[str]:
        """The parts that are different from the last time; all of them the first time."""
        now = {part: _short(value) for part, value in (await self._now()).items()}
        was, self._last = self._last, now
        return [part for part, value in now.items() if was.get(part) != value]

    async def _now(self) -> dict[str, str]:
        where, db = self.conversation, self.store.database
        case = await self.store.cases.open_of(where) if where.open_kfid else None
        owner = (await self.store.conversations.facts(where)).ownership
        who_has_it = f"{owner.state} {owner.servicer or ''}"
        person = await db.fetch_one(_TAGS, self.external_userid)
        said = await db.fetch_one(_SAID, where.open_kfid, where.external_userid)
        opened = await db.fetch_one(_OPENED, self.external_userid)
        return {  # in the order of `PARTS`
            "case": f"{case.id} {case.version} {who_has_it}" if case else who_has_it,
            "person": str(person["p"]) if person else "",
            "said": str(said["p"]) if said else "",
            "panels": repr(await self.panels()),
            "materials": f"{opened['p'] if opened else ''} {who_has_it}",
        }


def _short(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:10]


async def follow(
    response: web.StreamResponse,
    live: Live,
    prints: Fingerprints,
    may_see: Callable[[], Awaitable[bool]],
) -> None:
    """Tell what changes, for as long as he may see it.

    Args:
        may_see: asked before anything is told; sessions end, customers are handed on.
    """
    subject = f"customer:{prints.external_userid}"
    with live.listen(subject) as something:
        await response.write(b"event: ready\ndata: 1\n\n")
        something.set()
        while not live.is_closed:
            try:
                async with asyncio.timeout(BEAT_S):
                    await something.wait()
            except TimeoutError:
                pass
            is_beat = not something.is_set()
            something.clear()
            if live.is_closed or not await may_see():
                await response.write(b"event: gone\ndata: 1\n\n")
                return
            parts = [*await prints.changed(), *([] if is_beat else ["moved"])]
            told = "".join(f"event: {part}\ndata: 1\n\n" for part in parts)
            await response.write(told.encode() or b"event: beat\ndata: 1\n\n")
