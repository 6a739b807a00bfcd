"""Who works for the company's customers, and when?"""

from typing import Annotated, Literal

from pydantic import Field

from bot.config.hours import Shift
from bot.config.section import Section
from bot.config.values import Many, OpenKfid, Text, Timezone, Userid

Level = Literal["junior", "expert", "leader"]
Duty = Literal["operator", "auditor"]


class StaffMember(Section):
    """A member who is told when a customer needs a person, and may be given the conversation."""

    userid: Userid
    name: Text
    level: Level
    skills: Many[Text] = ()
    capacity: Annotated[int, Field(ge=0, le=1000)] = 5
    accounts: Many[OpenKfid] = ()
    deputies: Many[Userid] = ()
    shifts: Many[Shift] = ()
    timezone: Timezone | None = None
    on_holidays: bool = False
    duties: Many[Duty] = ()
    unit: Text | None = None

    def serves(self, open_kfid: str) -> bool:
        """Whether this member serves a 客服账号; all of them, when none is named."""
        return not self.accounts or open_kfid in self.accounts

    @property
    def key(self) -> str:
        """The userid as it is compared: userids are case-insensitive (wecom-api §0)."""
        return self.userid.lower()
