"""When are people needed, and how soon? Levels, deadlines and numbers; the words are in prompts."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from bot.config.section import Section
from bot.config.values import Count, Many, Seconds, Text

MISSED = "missed_twice"
"""Nothing was found again and again: a reason without words."""

OTHERS = "others"
"""What holds for classes that are added in prompts/escalation.yaml."""

DeadlineName = Literal["first_response", "start", "report", "plan"]
"""A person writes to the customer; the matter is taken up; first report; plan (D61, D62)."""


def _class_name(name: str) -> str:
    if not name.isascii() or not name.replace("_", "").isalnum() or not name.islower():
        raise ValueError("小写字母、数字和 _ 组成的类名")
    return name


DeadlineSeconds = Annotated[int, Field(ge=1, le=30 * 86_400)]
CloseReason = Annotated[str, Field(min_length=1, max_length=40)]
"""Why a servicer ends a case: an id with a text in prompts, or the text itself."""

ClassName = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_class_name)]


class ReasonSettings(Section):
    """What one class of reasons asks for; what is not given keeps its default."""

    enabled: bool | None = None
    level: Literal[2, 3] | None = None
    priority: int | None = Field(default=None, ge=0, le=100)
    deadlines: Mapping[DeadlineName, DeadlineSeconds] | None = None
    skill: Text | None = None

    def over(self, other: "ReasonSettings") -> "ReasonSettings":
        """These settings laid over others."""
        return other.model_copy(update=self.model_dump(exclude_none=True))


def _is(level: Literal[2, 3], priority: int, **deadlines: int) -> ReasonSettings:
    return ReasonSettings.model_validate(
        {"enabled": True, "level": level, "priority": priority, "deadlines": deadlines}
    )


_HOUR, _DAY = 3600, 86_400
_COMPLIANCE = {"start": _HOUR, "report": _DAY, "plan": 3 * _DAY}  # D62

DEFAULTS: Mapping[str, ReasonSettings] = {
    "self_harm": _is(3, 100, first_response=60),
    "medical": _is(3, 90, first_response=300, **_COMPLIANCE),
    "payment": _is(3, 85, first_response=300, **_COMPLIANCE),
    "exposure_major": _is(3, 80, first_response=_HOUR),  # D61
    "legal": _is(3, 75, **_COMPLIANCE),
    "minor": _is(3, 70, **_COMPLIANCE),
    "exposure": _is(3, 65, first_response=2 * _HOUR),  # D61
    "complaint": _is(3, 60, first_response=2 * _HOUR),
    "refund_dispute": _is(3, 55, first_response=2 * _HOUR),
    "promise": _is(3, 50, **_COMPLIANCE),
    "anger": _is(2, 45, first_response=2 * _HOUR),
    "commercial": _is(3, 40, first_response=4 * _HOUR),
    "asked": _is(2, 35),
    "after_sale": _is(2, 30, first_response=4 * _HOUR),
    MISSED: _is(2, 20),
    OTHERS: _is(2, 25),
}
"""Graver first."""


class Escalation(Section):
    """When a case goes to people, and the clocks of a case."""

    misses: Count = 2
    meaning: bool = True
    core_tags: Many[Text] = ()
    reassign_after_s: Seconds = 120
    idle_end_s: Seconds = 1800
    close_reasons: Annotated[Many[CloseReason], Field(min_length=1, max_length=9)] = (
        *("solved", "unreachable", "offline", "spam", "other"),
    )
    idle_notice_s: Seconds = 1500
    classes: Mapping[ClassName, ReasonSettings] = {}

    @model_validator(mode="after")
    def _notice_comes_first(self) -> "Escalation":
        if self.idle_notice_s >= self.idle_end_s:
            raise ValueError("idle_notice_s 小于 idle_end_s：先提醒，后结束")
        return self

    def settings_of(self, name: str) -> ReasonSettings:
        """What a class asks for, everything given."""
        own = self.classes.get(name, ReasonSettings())
        if name in DEFAULTS:
            return own.over(DEFAULTS[name])
        return own.over(self.classes.get(OTHERS, ReasonSettings()).over(DEFAULTS[OTHERS]))
