"""Which customers are on their way from one member to another, and who has left (§4.14)?

A transfer takes effect 24 h after it was asked for, unless the customer refuses. That is found out
whenever somebody looks, or the clock is moved.
"""

from typing import TYPE_CHECKING

import msgspec

from simulator.errors import Impossible
from simulator.friends import ContactChange, Friendship

if TYPE_CHECKING:
    from simulator.world import World

VETO_S = 86_400.0
WINDOW_S, MOST_IN_WINDOW = 90 * 86_400.0, 2
BY_TRANSFER = "DELETE_BY_TRANSFER"
ASSIGNED = 202
"""add_way of a customer whom an admin has assigned (§4.5)."""

DONE, WAITING, REFUSED, FULL = 1, 2, 3, 4


class Transfer(msgspec.Struct, kw_only=True):
    """One customer, from one member to another.

    Args:
        has_left: the first of them has left the company.
        status: as `transfer_result` shows it.
    """

    handover: str
    takeover: str
    external_userid: str
    has_left: bool
    asked_at: float
    status: int = WAITING
    takeover_time: float = 0.0


class Transfers:
    """The transfers of one company.

    `left` is when each member has left, `room` how many customers a member can have at most, and
    `unverified` who cannot take anybody over.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self.all: list[Transfer] = []
        self.left: dict[str, float] = {}
        self.room: dict[str, int] = {}
        self.unverified: set[str] = set()

    # -- people ---------------------------------------------------------------------------

    def leave(self, userid: str) -> None:
        """A member leaves the company; the friends stay, with nobody."""
        if userid not in self._world.members:
            raise Impossible(f"no member {userid}")
        self._world.friends.barred.add(userid)
        self.left[userid] = self._world.now()

    def refuse(self, external_userid: str) -> None:
        """A customer does not want another contact.

        Raises:
            Impossible: nobody has asked him, or it is too late.
        """
        self.settle()
        for one in self.all:
            if one.external_userid == external_userid and one.status == WAITING:
                one.status = REFUSED
                self._failed(one, "customer_refused")
                return
        raise Impossible("nothing to refuse")

    # -- what the API sees ----------------------------------------------------------------

    def settle(self) -> None:
        """Whoever has not refused within a day has another contact now."""
        for one in self.all:
            if one.status == WAITING and self._world.now() >= one.asked_at + VETO_S:
                self._finish(one)

    def waiting(self, external_userid: str) -> bool:
        """Whether a customer is on the way."""
        mine = (one for one in self.all if one.external_userid == external_userid)
        return any(one.status == WAITING for one in mine)

    def too_often(self, external_userid: str) -> bool:
        """Whether a customer was transferred on the job twice within 90 days."""
        since = self._world.now() - WINDOW_S
        mine = (one for one in self.all if one.external_userid == external_userid)
        done = [one for one in mine if not one.has_left and one.status == DONE]
        return len([one for one in done if one.asked_at >= since]) >= MOST_IN_WINDOW

    def is_full(self, userid: str) -> bool:
        """Whether a member has as many customers as he may have."""
        friends = self._world.friends
        return len(friends.of_member(userid)) >= self.room.get(userid, 2**31)

    def unassigned(self) -> list[Friendship]:
        """Customers of those who have left, who go nowhere yet."""
        friendships = self._world.friends.friendships.values()
        left = [one for one in friendships if one.userid in self.left]
        return [one for one in left if not self.waiting(one.external_userid)]

    def forget(self) -> None:
        """Nobody has left, nobody is on the way."""
        for kept in (self.all, self.left, self.room, self.unverified):
            kept.clear()

    def _finish(self, one: Transfer) -> None:
        friends, key = self._world.friends, (one.handover, one.external_userid)
        old = friends.friendships.get(key)
        if old is None or self.is_full(one.takeover):
            one.status = FULL
            self._failed(one, "customer_limit_exceed")
            return
        one.status, one.takeover_time = DONE, float(int(one.asked_at + VETO_S))
        del friends.friendships[key]
        new = (one.takeover, one.external_userid)
        if new not in friends.friendships:
            friends.friendships[new] = Friendship(
                userid=one.takeover,
                external_userid=one.external_userid,
                created_at=one.takeover_time,
                add_way=ASSIGNED,
                tags=list(old.tags),
                remark=old.remark,
            )
        self._tell("del_external_contact", key, Source=BY_TRANSFER)
        self._tell("add_external_contact", new)

    def _failed(self, one: Transfer, reason: str) -> None:
        self._tell("transfer_fail", (one.handover, one.external_userid), FailReason=reason)

    def _tell(self, change: str, key: tuple[str, str], **more: str) -> None:
        fields = {"UserID": key[0], "ExternalUserID": key[1], **more}
        told = ContactChange(event="change_external_contact", change=change, fields=fields)
        self._world.friends.on_change(told)
