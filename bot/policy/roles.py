"""Who is somebody to our pages: in which roles, and over which part of the company (R-12.1)?

Roles come from the configuration with each request; nothing of them is kept in a session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.config import Level, StaffMember

SEPARATOR = "/"
"""Between the levels of a unit: 区域/门店."""


class Role(StrEnum):
    """What a member may be to us."""

    SERVICER = "servicer"
    EXPERT = "expert"
    LEADER = "leader"
    OPERATOR = "operator"
    AUDITOR = "auditor"


_OF_LEVEL: dict[Level, Role] = {
    "junior": Role.SERVICER,
    "expert": Role.EXPERT,
    "leader": Role.LEADER,
}


def reviews(roles: frozenset[Role]) -> bool:
    """Whether somebody in these roles decides what rules leave to a person (PIPL 24)."""
    return bool(roles & {Role.LEADER, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class Who:
    """A member who has signed in.

    Args:
        userid: as WeCom spells it.
        name: as the configuration calls him, else the userid.
        unit: of which he leads, or looks at, everybody; empty = the whole company.
    """

    userid: str
    name: str
    roles: frozenset[Role]
    unit: str = ""

    @property
    def key(self) -> str:
        """The userid as it is compared."""
        return self.userid.lower()

    @property
    def oversees(self) -> bool:
        """Whether he sees customers of others."""
        return bool(self.roles & {Role.LEADER, Role.AUDITOR})

    @property
    def only_looks(self) -> bool:
        """Whether he oversees without leading: what he may see by that he may not change."""
        return Role.AUDITOR in self.roles and Role.LEADER not in self.roles

    @property
    def reviews(self) -> bool:
        """Whether he decides what rules leave to a person."""
        return reviews(self.roles)

    def covers(self, unit: str | None) -> bool:
        """Whether a member of this unit is below him."""
        if not self.unit:
            return True
        return unit is not None and (unit == self.unit or unit.startswith(self.unit + SEPARATOR))


class People:
    """Who everybody is, as configured.

    Args:
        staff: whoever else belongs to the company is a servicer without a unit.
    """

    def __init__(self, staff: Sequence[StaffMember]) -> None:
        self._by_key = {member.key: member for member in staff}

    def who(self, userid: str) -> Who:
        """A member with his roles."""
        member = self._by_key.get(userid.lower())
        if member is None:
            return Who(userid, userid, frozenset({Role.SERVICER}))
        roles = {_OF_LEVEL[member.level], *(Role(duty) for duty in member.duties)}
        return Who(userid, member.name, frozenset(roles), member.unit or "")

    @property
    def reviewers(self) -> list[str]:
        """Who hears of what waits for a decision: operators; where there are none, leaders."""
        members = self._by_key.values()
        operators = [one.userid for one in members if "operator" in one.duties]
        return operators or [one.userid for one in members if one.level == "leader"]

    def member(self, userid: str) -> StaffMember | None:
        """What the configuration says of a member."""
        return self._by_key.get(userid.lower())

    def unit_of(self, userid: str) -> str | None:
        """Where a member belongs, ``None`` = nobody said."""
        member = self._by_key.get(userid.lower())
        return member.unit if member else None

    def name_of(self, userid: str) -> str:
        """What a member is called."""
        member = self._by_key.get(userid.lower())
        return member.name if member else userid
