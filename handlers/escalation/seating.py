"""Who has a free seat for a case, and whose turn is it to get one?

The work for a seat that is free does not grow with those who wait: the line is in order
(`bot/store/waiting_line.py`), and few of it are looked at.
"""

from collections.abc import AsyncIterator, Collection

from bot.model import Case, Seat
from bot.model.cases import EXPERT, JUNIOR
from bot.routing import Turn
from bot.store import FRONT, Place, Store, place_in_line

STICKY_S = 7 * 86_400
"""So long a customer comes back to whoever served him last."""

MOST_TRIES = 8
"""How many of the line are tried in vain for one seat; the others look for themselves now and
then."""


async def seats_for(
    turn: Turn,
    facts: Store,
    case: Case,
    level: int,
    *,
    skill: str = "",
    barred: Collection[str] = (),
) -> tuple[Seat, ...]:
    """Who could be given a case at this moment, as far as we know, the most suitable first."""
    where = case.conversation
    last = await facts.cases.last_servicer(where, turn.now - STICKY_S)
    stand_ins = await facts.successions.stand_ins()
    last = stand_ins.get(case.servicer) or stand_ins.get(last.lower(), last)
    desk = await Desk.at(turn, facts, where.open_kfid)
    return desk.seats(level, skill=skill, barred={*barred, *stand_ins}, last=last)


class Desk:
    """Who receives at an account, and how much each has to do, as far as we know.

    Args:
        loads: cases per servicer.
        known: whether each servicer of the account receives.
    """

    def __init__(
        self, turn: Turn, open_kfid: str, loads: dict[str, int], known: dict[str, bool]
    ) -> None:
        self._turn, self._open_kfid, self._loads, self._known = turn, open_kfid, loads, known

    @classmethod
    async def at(cls, turn: Turn, facts: Store, open_kfid: str, freed: str = "") -> "Desk":
        """The desk of an account now.

        Args:
            freed: who loses a case by this turn.
        """
        loads = await facts.cases.loads()
        if freed in loads:
            loads[freed] -= 1
        return cls(turn, open_kfid, loads, await facts.servicers.known(open_kfid))

    @property
    def is_open(self) -> bool:
        """Whether anybody receives, or may do so for all we know."""
        return not self._known or any(self._known.values())

    def seats(
        self,
        level: int,
        *,
        skill: str = "",
        barred: Collection[str] = (),
        last: str = "",
    ) -> tuple[Seat, ...]:
        """Who can take a case of a level, the most suitable first."""
        stopped = {userid for userid, receiving in self._known.items() if not receiving}
        strangers = {one.key for one in self._turn.staff if one.key not in self._known}
        found: dict[Seat, None] = {}
        for away in (stopped, stopped | strangers):  # who is no servicer there bars nobody's way
            seats = self._turn.roster.candidates(
                level=level,
                open_kfid=self._open_kfid,
                at=self._turn.now,
                skill=skill,
                loads=self._loads,
                last=last,
                exclude=away | set(barred),
            )
            found |= dict.fromkeys(seats)
        return tuple(found)

    def places(self, seats: Collection[Seat]) -> int:
        """How many cases these servicers can still take."""
        return sum(max(0, one.capacity - self._loads.get(one.userid.lower(), 0)) for one in seats)


async def is_its_turn(turn: Turn, facts: Store, case: Case, seats: Collection[Seat]) -> bool:
    """Whether there are more seats than cases that wait for the same ones and come first."""
    if not seats:
        return True
    desk = await Desk.at(turn, facts, case.conversation.open_kfid)
    rivals = [level for level in (JUNIOR, EXPERT) if {*desk.seats(level)} & {*seats}]
    places = desk.places(seats)
    return await facts.line.before(case, rivals, places) < places


async def offer(
    turn: Turn,
    facts: Store,
    *,
    freed: str = "",
    after: Case | None = None,
    but: Case | None = None,
    tries: int = 0,
) -> None:
    """Let whoever comes first of those for whom there is a seat try to get it.

    When he has tried, the next one does: two at once would race for the seat.

    Args:
        freed: who has lost a case by this turn.
        after: who has tried just now.
        but: who does not get it.
        tries: how many were tried in vain.
    """
    if tries >= MOST_TRIES:
        return
    start = place_in_line(after) if after else FRONT
    found = [case async for case in _those_in_front(turn, facts, freed, start)]
    found = [case for case in found if but is None or case.id != but.id]
    if found:
        turn.emit("seat_free", to=min(found, key=place_in_line).conversation, tries=tries)


async def _those_in_front(
    turn: Turn, facts: Store, freed: str, start: Place
) -> AsyncIterator[Case]:
    """Of each account and level whoever comes first, where there is a seat.

    A ticket is taken up as soon as somebody receives at all: it waits in the pool from then on.
    """
    for account in await facts.line.accounts():
        desk: Desk | None = None
        for level in (JUNIOR, EXPERT):
            if case := await facts.line.first(account, level, start):
                desk = desk or await Desk.at(turn, facts, account, freed)
                if desk.seats(level):
                    yield case
        if case := await facts.line.first_ticket(account, start):
            desk = desk or await Desk.at(turn, facts, account, freed)
            if desk.is_open:
                yield case


async def skill_of(facts: Store, case: Case) -> str:
    """The skill that was asked for last."""
    steps = reversed(await facts.cases.steps(case))
    return next((str(step.data["skill"]) for step in steps if step.data.get("skill")), "")
