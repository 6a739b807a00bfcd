"""What may be done with what is known of a person, and has the person agreed?

Asked for each purpose by itself (R-15.1): nothing is agreed to by silence, and no purpose is
bundled with another. What the service itself needs is no question of consent.
"""

from enum import StrEnum

import msgspec


class Purpose(StrEnum):
    """What personal data may be used for; each is agreed to, or not, by itself."""

    SERVICE = "service"
    """Answering and serving the customer; needs no consent."""
    PROFILING_TAGS = "profiling_tags"
    """Tags by which the customer is known and treated."""
    MARKETING = "marketing"
    """Messages that nobody has asked for."""
    ARCHIVE_ANALYSIS = "archive_analysis"
    """Reading the archive of conversations with members of staff."""
    LOCATION = "location"
    """Where the customer is."""
    MINOR = "minor"
    """Data of somebody under 14, agreed to by who has custody."""
    SENSITIVE = "sensitive"
    """Other data that may hurt when it becomes known: health, faith, finance, biometrics."""


class Standing(StrEnum):
    """How a person stands to a purpose; only `GIVEN` opens its gate."""

    UNKNOWN = "unknown"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ConsentDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of a person about one purpose, with what shows it.

    Args:
        decision: given, refused or withdrawn.
        notice_version: which notice was shown before, empty = none.
        channel: where it was decided: ``kf``, ``command``, ``sidebar``, ``landing`` …
        evidence: what shows it, such as the msgid of the customer's message or a note.
        by: ``customer``, or the userid of who wrote it down.
    """

    purpose: Purpose
    decision: Standing
    notice_version: str = ""
    channel: str = "kf"
    evidence: str = ""
    by: str = "customer"


class Asked(msgspec.Struct, frozen=True):
    """A notice that was shown to a person: which one, about what, and when."""

    purpose: Purpose
    version: str
    at: float
