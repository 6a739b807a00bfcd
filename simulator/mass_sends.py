"""Which mass-send tasks wait for a member, who has sent them, and whom did they reach (§4.12)?"""

import calendar
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec

from simulator.errors import Impossible

if TYPE_CHECKING:
    from simulator.world import World

NOT_SENT, SENT, NOT_FRIENDS, TOO_MANY = range(4)
"""What became of one customer of a task."""

MOST_REMINDERS, REMINDERS_S = 3, 86_400.0
TWICE_WITHIN_S = 12 * 3600.0
"""A member who is asked for the same words to the same customer so soon is asked twice."""

_CHINA = timezone(timedelta(hours=8))
_WEEK_DAYS, _WEEK_MOST, _DAY_MOST = 7, 7, 1


class MassTask(msgspec.Struct, kw_only=True):
    """One task; `results` are of each member (by userid) what became of each customer.

    Args:
        confirmed: userid → when the member has sent it.
    """

    msgid: str
    created_at: float
    body: dict[str, Any]
    results: dict[str, dict[str, int]]
    sent_at: dict[tuple[str, str], float] = {}
    confirmed: dict[str, float] = {}
    reminded: list[float] = []
    cancelled: bool = False

    @property
    def text(self) -> str:
        """What the customers would read."""
        content: str = self.body.get("text", {}).get("content", "")
        return content


class MassSends:
    """The tasks of one company, and what its members do with them in their app.

    Args:
        world: the company.

    `rule` is how often a customer may be reached: ``month`` (as often as it has days), ``week``
    (7) or ``day`` (1). `dispatch_s` is how long a task is on its way to the members (41063),
    `lists_after_s` how long the list of tasks lags behind. `silent_when_nobody` answers a task
    for nobody with a `fail_list` instead of 41048; `hides_cancelled` answers questions about a
    cancelled task with 41093 instead of what is known of it.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self.tasks: dict[str, MassTask] = {}
        self.rule = "month"
        self.dispatch_s = self.lists_after_s = 0.0
        self.silent_when_nobody = False
        self.hides_cancelled = False
        self.by_others: list[tuple[str, float]] = []

    def create(self, body: dict[str, Any], whom: dict[str, list[str]]) -> str:
        """A task is made, for the customers of each member; returns its msgid."""
        task = MassTask(
            msgid=self._world.new_id("msg"),
            created_at=self._world.now(),
            body=body,
            results={
                userid: dict.fromkeys(customers, NOT_SENT) for userid, customers in whom.items()
            },
        )
        for userid, customers in whom.items():
            for customer in customers:
                self._blame_twice(task, userid, customer)
        self.tasks[task.msgid] = task
        self._show()
        return task.msgid

    def waiting_for(self, userid: str) -> list[MassTask]:
        """What this member is asked to send, oldest first."""
        return [
            one
            for one in self.tasks.values()
            if userid in one.results and userid not in one.confirmed and not one.cancelled
        ]

    def confirm(self, userid: str, msgid: str) -> dict[str, int]:
        """A member sends a task in his app; returns what became of each customer.

        Raises:
            Impossible: he is not asked to, has done it, or it was cancelled.
        """
        task = self.tasks.get(msgid)
        if task is None or task not in self.waiting_for(userid):
            raise Impossible("no such task waits for this member")
        now = self._world.now()
        task.confirmed[userid] = now
        for customer in task.results[userid]:
            status = self._outcome(userid, customer)
            task.results[userid][customer] = status
            task.sent_at[userid, customer] = now
        self._show()
        return task.results[userid]

    def confirm_all(self, userid: str) -> int:
        """A member sends everything that he is asked to; returns how many tasks."""
        waiting = self.waiting_for(userid)
        for one in waiting:
            self.confirm(userid, one.msgid)
        return len(waiting)

    def others_send(self, customer: str, times: int = 1) -> None:
        """Members, or another program, reach a customer with sends of their own."""
        self.by_others += [(customer, self._world.now())] * times

    def received(self, customer: str) -> list[str]:
        """The texts that reached a customer, oldest first."""
        return [
            task.text
            for task in self.tasks.values()
            for results in task.results.values()
            if results.get(customer) == SENT
        ]

    def forget(self) -> None:
        """No tasks."""
        self.tasks.clear()
        self.by_others.clear()

    # -- the platform's rules -------------------------------------------------------------

    def _outcome(self, userid: str, customer: str) -> int:
        friendship = self._world.friends.friendships.get((userid, customer))
        if friendship is None or friendship.one_way or friendship.half:
            return NOT_FRIENDS
        return TOO_MANY if self._is_full(customer) else SENT

    def _is_full(self, customer: str) -> bool:
        today = self._local(self._world.now())
        days = [self._local(at) for at in self._received_at(customer)]
        match self.rule:
            case "day":
                return sum(one.date() == today.date() for one in days) >= _DAY_MOST
            case "week":
                since = today - timedelta(days=_WEEK_DAYS)
                return sum(one > since for one in days) >= _WEEK_MOST
            case _:
                same = sum((one.year, one.month) == (today.year, today.month) for one in days)
                return same >= calendar.monthrange(today.year, today.month)[1]

    def _received_at(self, customer: str) -> Iterable[float]:
        yield from (at for whom, at in self.by_others if whom == customer)
        for task in self.tasks.values():
            for userid, results in task.results.items():
                if results.get(customer) == SENT:
                    yield task.sent_at[userid, customer]

    def _blame_twice(self, made: MassTask, userid: str, customer: str) -> None:
        for task in self.tasks.values():
            if (
                made.created_at - task.created_at < TWICE_WITHIN_S
                and customer in task.results.get(userid, {})
                and task.body == made.body
            ):
                self._world.blame("mass_send_twice", f"{userid}/{customer}")

    def _local(self, moment: float) -> datetime:
        return datetime.fromtimestamp(moment, _CHINA)

    def _show(self) -> None:
        self._world.feed.publish("contacts", dict)
