"""What is a tag, who may put it on a customer, and what is known of one that is on?"""

from dataclasses import dataclass
from enum import StrEnum

COLON = "："
"""Between the group and the tag: ``关注：运费``."""

LONGEST = 30
"""Characters of a group's or a tag's name at WeCom (wecom-api §4.5)."""


class TagSource(StrEnum):
    """Who or what put a tag on; a model never does, it may only propose."""

    RULE = "rule"
    MEANING = "meaning"
    CHANNEL = "channel"
    EVENT = "event"
    ORDER = "order"
    HUMAN = "human"
    IMPORT = "import"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChange:
    """A tag to put on or to take off, and why (R-4.3).

    Args:
        name: group and tag, ``关注：运费``.
        add: put it on; otherwise take it off.
        rule: which rule decided, with its `version`.
        msgid: the message it was decided from.
        at: Unix seconds.
        by: the member who decided, empty = nobody.
        expires_at: when it lapses; ``None`` = as its group says.
        run: the bulk run it belongs to.
    """

    name: str
    add: bool
    at: float
    source: TagSource = TagSource.RULE
    rule: str = ""
    version: str = ""
    msgid: str = ""
    by: str = ""
    expires_at: float | None = None
    run: str = ""

    def __post_init__(self) -> None:
        if problem := name_problem(self.name):
            raise ValueError(f"{self.name!r}: {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A tag that is on a customer, with its provenance."""

    external_userid: str
    name: str
    source: TagSource
    rule: str
    version: str
    msgid: str
    at: float
    by: str
    expires_at: float | None
    run: str = ""


def group_of(name: str) -> str:
    """The group in ``group：tag``."""
    return name.partition(COLON)[0]


def name_problem(name: str) -> str:
    """Why this is no name of a tag, empty = it is one."""
    group, colon, tag = name.partition(COLON)
    if not colon or not group or not tag:
        return f"a tag is named group{COLON}tag"
    for part in (group, tag):
        if len(part) > LONGEST:
            return f"group and tag have at most {LONGEST} characters"
        if part != part.strip() or not part.isprintable():
            return "no spaces around, and nothing that cannot be printed"
    return ""
