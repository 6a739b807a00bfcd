"""How often, and at what hours, may customers be written to who have not asked?"""

from typing import Annotated

from pydantic import Field, model_validator

from bot.config.section import Section
from bot.config.values import MinuteOfDay

Cap = Annotated[int, Field(ge=0, le=100)]


class QuietHours(Section):
    """From when to when nobody is written to; may go over midnight."""

    begins: MinuteOfDay = Field(alias="from")
    ends: MinuteOfDay = Field(alias="to")

    @model_validator(mode="after")
    def _differ(self) -> "QuietHours":
        if self.begins % 1440 == self.ends % 1440:
            raise ValueError("起止不同的一段时间；不设免打扰写 quiet_hours:（留空）")
        return self


class OutreachLimits(Section):
    """Caps over everything that reaches out (R-10.2, R-10.3)."""

    per_day: Cap = 1
    per_week: Cap = 2
    per_month: Cap = 6
    promo_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    promo_streak: Annotated[int, Field(ge=0, le=100)] = 4
    cool_down_days: Annotated[int, Field(ge=1, le=365)] = 14
    quiet_hours: QuietHours | None = QuietHours.model_validate({"from": "22:00", "to": "08:00"})
