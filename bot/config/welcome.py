"""Which welcomes are there for newcomers?"""

from typing import Literal

from pydantic import model_validator

from bot.config.section import Section
from bot.config.values import Many, Source


class GroupWelcome(Section):
    """Who greets whoever joins a customer group.

    Args:
        by: ``none``, ``staff`` (its owner, within minutes) or ``template`` (WeCom's own).
        text: of the template, at most 3000 bytes (wecom-api §4.11).
    """

    by: Literal["none", "staff", "template"] = "none"
    text: str = ""

    @model_validator(mode="after")
    def _has_text(self) -> "GroupWelcome":
        if self.by == "template" and not 0 < len(self.text.strip().encode()) <= 3000:
            raise ValueError("by: template 时写上 text，最多 3000 字节（约 1000 个汉字）")
        return self


class Welcome(Section):
    """How newcomers are greeted.

    Args:
        sources: files of welcomes, or folders of such files; the first one written wins.
        group: those who join a customer group.
    """

    sources: Many[Source] = ()
    group: GroupWelcome = GroupWelcome()


class Flows(Section):
    """What customers are taken through, step by step.

    Args:
        sources: files of flows, or folders of such files.
        way: how a friend is reached where a step does not say.
    """

    sources: Many[Source] = ()
    way: Literal["mass_send", "staff"] = "mass_send"
