"""Which groups of tags are there, and what may be in each?"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from bot.config.hours import Weekday
from bot.config.section import Section
from bot.config.values import Count, Days, Many, MinuteOfDay, Source

Dimension = Literal["基础属性", "行为偏好", "消费层级"]
DIMENSIONS: tuple[Dimension, ...] = ("基础属性", "行为偏好", "消费层级")
"""A customer is known when there is a tag in each (R-4.7)."""

TagPurpose = Literal[
    "service", "profiling_tags", "marketing", "archive_analysis", "location", "minor", "sensitive"
]
"""What a tag is for; all but ``service`` need the customer's consent."""

_COLON = "："


def _group_name(name: str) -> str:
    if _COLON in name or name != name.strip() or not name.isprintable():
        raise ValueError("不含全角冒号、前后没有空格的组名，最多 30 个字")
    return name


GroupName = Annotated[str, Field(min_length=1, max_length=30), AfterValidator(_group_name)]


class TagGroup(Section):
    """A group of tags; one that is not named in the configuration has these defaults."""

    name: GroupName
    dimension: Dimension | None = None
    exclusive: bool = False
    expires_days: Days | None = None
    project: bool = True
    purpose: TagPurpose = "profiling_tags"


class TagAudit(Section):
    """The sample of tags that people judge, week by week (R-4.7).

    Args:
        hour: minutes since midnight.
    """

    enabled: bool = False
    sample: Count = 100
    weekday: Weekday = "mon"
    hour: MinuteOfDay = 9 * 60


class Tagging(Section):
    """How customers are tagged."""

    groups: Many[TagGroup] = ()
    rules: Many[Source] = ()
    sticky_days: Days = 30
    max_per_customer: Count = 100
    project: bool = False
    proposals: bool = False
    audit: TagAudit = TagAudit()

    @model_validator(mode="after")
    def _groups_differ(self) -> "Tagging":
        names = [group.name for group in self.groups]
        if len(set(names)) != len(names):
            raise ValueError("groups 的 name 各不相同")
        return self

    def group(self, name: str) -> TagGroup:
        """The group of this name, or how one looks that nobody described."""
        found = (group for group in self.groups if group.name == name)
        return next(found, TagGroup.model_construct(name=name))
