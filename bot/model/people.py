"""What identifies a person, and what may be known of one?"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.config import TagPurpose


class IdentityKind(StrEnum):
    """What two customers of one person have in common."""

    UNIONID = "unionid"
    PHONE = "phone"  # verified


class MergeOutcome(StrEnum):
    """What came of the wish that two customers be one person."""

    MERGED = "merged"
    ALREADY = "already"
    CONFLICT = "conflict"  # two unionids never are one person
    SEPARATED = "separated"  # people took them apart: no rule brings them together again
    UNKNOWN = "unknown"  # no such customer


class AttributeClass(StrEnum):
    """How carefully an attribute is kept: from `PERSONAL` on it is sealed, and masked in lists."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"

    @property
    def is_sealed(self) -> bool:
        """Whether it is kept under the person's key."""
        return self in (AttributeClass.PERSONAL, AttributeClass.SENSITIVE)


@dataclass(frozen=True, slots=True)
class AttributeKind:
    """What is known of an attribute before it has a value.

    Args:
        purpose: what must be consented to before it may be kept; ``None`` for a sensitive one =
            nothing would permit it (R-15.5).
    """

    kind: AttributeClass
    purpose: TagPurpose | None = None

    @property
    def is_refused(self) -> bool:
        """Whether it may be kept of nobody."""
        return self.kind is AttributeClass.SENSITIVE and self.purpose is None


_PUBLIC = AttributeKind(AttributeClass.PUBLIC)
_INTERNAL = AttributeKind(AttributeClass.INTERNAL)
_PERSONAL = AttributeKind(AttributeClass.PERSONAL)

ATTRIBUTES = {
    "company": _PUBLIC,
    "stage": _INTERNAL,
    "source": _INTERNAL,
    "level": _INTERNAL,
    "city": _INTERNAL,
    "name": _PERSONAL,
    "nickname": _PERSONAL,
    "phone": _PERSONAL,
    "email": _PERSONAL,
    "gender": _PERSONAL,
    "birthday": _PERSONAL,
    "address": _PERSONAL,
    "position": _PERSONAL,
    "remark": _PERSONAL,
    "location": AttributeKind(AttributeClass.SENSITIVE, "location"),
    "child_birthday": AttributeKind(AttributeClass.SENSITIVE, "minor"),
    "health": AttributeKind(AttributeClass.SENSITIVE),
    "religion": AttributeKind(AttributeClass.SENSITIVE),
    "income": AttributeKind(AttributeClass.SENSITIVE),
    "identity_number": AttributeKind(AttributeClass.SENSITIVE),
}
"""Every attribute there is. `stage` belongs to whoever decides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One thing that is known of a customer."""

    external_userid: str
    name: str
    value: str
    source: str
    by: str
    at: float

    @property
    def kind(self) -> AttributeClass:
        """How carefully it is kept."""
        return ATTRIBUTES[self.name].kind


_NOT_DIGITS = re.compile(r"[\s\-—()（）.]")


def normal_phone(text: str) -> str:
    """A phone number as it is compared: a mainland number without +86, others as +…; or empty."""
    digits = _NOT_DIGITS.sub("", text)
    for prefix in ("+86", "0086", "86"):
        rest = digits.removeprefix(prefix)
        if rest != digits and re.fullmatch(r"1[3-9]\d{9}", rest, re.ASCII):
            return rest
    if re.fullmatch(r"1[3-9]\d{9}|\+[1-9]\d{6,14}", digits, re.ASCII):
        return digits
    return ""


def masked(name: str, value: str) -> str:
    """How a value looks to whoever need not know it."""
    if not value or not ATTRIBUTES[name].kind.is_sealed:
        return value
    if name == "phone" and len(value) >= 7:
        return f"{value[:3]}****{value[-4:]}"
    return value[0] + "*" * min(max(len(value) - 1, 1), 6)
