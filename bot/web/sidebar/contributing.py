"""What became of the entries that members wrote on the page, and who decides on them?

A contribution is an entry that is not approved yet (`learning.py`). Who wrote it sees how it
stands; leaders and operators take it or not, with a reason, and the contributor is told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from aiohttp import web

from bot.errors import Conflict
from bot.model import Emitted
from bot.policy.roles import Who
from bot.routing.suggesting import CONTRIBUTION_DECIDED
from bot.store import AuditEntry, Change, Store, Unit
from bot.web.sidebar.endpoint import Asked, SidebarEndpoint
from bot.web.sidebar.learning import CONTRIBUTED
from bot.web.sidebar.reading import conversation_of
from knowledge import body_of, entry_of

SHOWN = 5
LONGEST_WHY = 100


class State(StrEnum):
    """How a contribution stands; each is a text ``suggesting.contribution_<state>``."""

    WAITING = "waiting"
    TAKEN = "taken"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One entry that a member wrote.

    Args:
        version: of the entry, on which a decision insists.
        why: it was refused.
    """

    id: str
    version: int
    question: str
    answer: str
    by: str
    at: float
    state: State
    why: str = ""


class Contributions:
    """Those of one base after another.

    Args:
        base_of: name of the base that an account answers from.
    """

    def __init__(self, store: Store, base_of: Callable[[str], str]) -> None:
        self._store, self._base_of = store, base_of

    async def of(self, open_kfid: str) -> list[Contribution]:
        """The latest, newest first."""
        base, found = self._base_of(open_kfid), dict[str, Contribution]()
        for written in await self._store.contents.written_for(base, CONTRIBUTED):
            if written.id not in found and (one := await self._standing(written)):
                found[written.id] = one
        return list(found.values())

    async def _standing(self, written: Change) -> Contribution | None:
        row = await self._store.contents.get(written.base, written.id)
        if row is None:
            return None
        entry, why = entry_of(row.body), ""
        state = State.TAKEN if entry.approved else State.WAITING
        if row.removed:
            state = State.REFUSED
            why = (await self._store.contents.history(written.base, written.id))[0].why
        return Contribution(
            *(row.id, row.version, entry.question, entry.answer, written.by, written.at),
            state=state,
            why=why,
        )

    async def decide(
        self, who: Who, one: Contribution, open_kfid: str, *, take: bool, why: str, now: float
    ) -> bool:
        """Take it, or not; ``False`` = somebody was faster."""
        base, contents = self._base_of(open_kfid), self._store.contents
        row = await contents.get(base, one.id)
        if row is None or one.state is not State.WAITING:
            return False
        if take:
            body = body_of(msgspec.structs.replace(entry_of(row.body), approved=True))
            change = contents.put(
                *(base, one.id, body),
                by=who.userid,
                why="contribution taken",
                now=now,
                expected_version=one.version,
            )
        else:
            change = contents.remove(
                base, one.id, by=who.userid, why=why, now=now, expected_version=one.version
            )
        unit = Unit(list(change))
        note = AuditEntry(
            at=now,
            actor=f"staff:{who.userid}",
            action="knowledge.decided",
            subject=f"entry:{one.id}",
            result=State.TAKEN if take else State.REFUSED,
        )
        self._store.audit.note(unit, note)
        try:
            await self._store.database.commit(unit)
        except Conflict:
            return False
        return True


class ContributionDesk:
    """The part of the page with one's own contributions, and with those that wait for a word."""

    def __init__(self, sidebar: SidebarEndpoint, contributions: Contributions) -> None:
        self._sidebar, self._contributions = sidebar, contributions

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            self._sidebar.get("knowledge", self._show),
            self._sidebar.post("knowledge/decide", self._decide),
        ]

    async def _show(self, asked: Asked) -> web.StreamResponse:
        who = asked.visitor.who
        every = await self._contributions.of(conversation_of(asked.sight).open_kfid)
        return self._sidebar.part(
            "knowledge.html",
            mine=[one for one in every if one.by == who.userid][:SHOWN],
            waiting=[one for one in every if who.reviews and one.state is State.WAITING],
            **self._sidebar.common(asked),
        )

    async def _decide(self, asked: Asked) -> web.StreamResponse:
        form, who, where = asked.form, asked.visitor.who, conversation_of(asked.sight)
        take, why = form.get("take") == "yes", form.get("why", "").strip()[:LONGEST_WHY]
        if not who.reviews:
            return self._say("contribution_not_yours", status=409)
        if not take and not why:
            return self._say("contribution_why", status=409)
        every = await self._contributions.of(where.open_kfid)
        one = next((one for one in every if one.id == form.get("id")), None)
        now = self._sidebar.clock.now()
        if one is None or not await self._contributions.decide(
            who, one, where.open_kfid, take=take, why=why, now=now
        ):
            return self._say("contribution_gone", status=409)
        told = Emitted(
            name=CONTRIBUTION_DECIDED,
            data={"to": one.by, "question": one.question, "taken": take, "why": why},
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
        )
        await self._sidebar.parts.acting.tell(told, f"contribution:{one.id}:{one.version}:decided")
        return self._say("contribution_taken" if take else "contribution_refused")

    def _say(self, key: str, *, status: int = 200) -> web.Response:
        text = self._sidebar.parts.reader.phrases.say(f"suggesting.{key}")
        return web.json_response({"state": "done", "text": text}, status=status)
