"""By which channels do customers come, who receives them, and when is a channel too dear?"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_serializer, model_validator

from bot.config.hours import Shift
from bot.config.section import Section
from bot.config.values import Count, Days, Many, OpenKfid, Text, Userid

ChannelKind = Literal["contact", "kf", "partner", "group", "staff"]
SourceClass = Literal["natural", "paid", "referral"]

MOST_RECEIVERS = 100
"""Members on one contact way (wecom-api §4.4)."""

FRIEND_KINDS: frozenset[ChannelKind] = frozenset(("contact", "partner", "staff"))
"""Kinds that end in a friendship with a member."""


def _like(pattern: str, expected: str) -> AfterValidator:
    compiled = re.compile(pattern, re.ASCII)

    def checked(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(expected)
        return text

    return AfterValidator(checked)


Code = Annotated[
    str, _like(r"[0-9A-Za-z][0-9A-Za-z_\-]{0,29}", "1–30 个字母、数字、_ 或 -，以字母或数字开头")
]
"""What WeCom tells us back: `state` of at most 30 characters (R-3.1), `scene` of these alone."""

ChatId = Annotated[str, _like(r"[0-9A-Za-z_\-]{1,64}", "群的 chat_id（形如 wrOgQhDgAAMYQiS5…）")]
TagName = Annotated[
    str, _like(r"[^：\s]{1,30}：[^：\s]{1,30}", "标签全名「组：标签」，各不超过 30 个字")
]
AcquisitionLink = Annotated[
    str,
    _like(
        r"https://work\.weixin\.qq\.com/ca/[0-9A-Za-z_\-]+",
        "获客链接 https://work.weixin.qq.com/ca/…",
    ),
]
WelcomeName = Annotated[str, _like(r"[0-9A-Za-z_.\-]{0,60}", "欢迎语的名字：字母、数字、_ . -")]


class Receiving(Shift):
    """From when to when a member receives newcomers; can be written down again as it was read."""

    @field_serializer("opens", "closes")
    def _as_written(self, minute: int) -> str:
        return f"{minute // 60:02d}:{minute % 60:02d}"


class Receiver(Section):
    """A member on a code.

    Args:
        hours: empty = always.
        daily_cap: newcomers of this channel a day, ``None`` = as many as come.
    """

    userid: Userid
    hours: Many[Receiving] = ()
    daily_cap: Count | None = None

    @property
    def key(self) -> str:
        """The userid as it is compared: userids are case-insensitive (wecom-api §0)."""
        return self.userid.lower()


def _no_two(codes: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(codes)) != len(codes):
        raise ValueError("各不相同")
    return codes


class Channel(Section):
    """A channel code (渠道活码).

    Args:
        id: also the state of its contact way or join way, and the scene of its kf link.
        welcome: name of its welcome text, empty = the general one.
        tags: full names of tags that whoever comes by it gets.
        spare: who receives while nobody else does.
        partner: whose code it is, of a partner channel.
        link: of 获客助手: what the landing page of a channel of friends leads to.
        groups: chats that a group code leads to, in order; full ones are left behind.
        states: codes made elsewhere that count as this channel too.
    """

    id: Code
    name: Text
    kind: ChannelKind = "contact"
    source: SourceClass = "natural"
    welcome: WelcomeName = ""
    tags: Many[TagName] = ()
    receivers: Many[Receiver] = ()
    spare: Many[Userid] = ()
    skip_verify: bool = True
    open_kfid: OpenKfid | None = None
    partner: Text | None = None
    link: AcquisitionLink | None = None
    groups: Annotated[Many[ChatId], AfterValidator(_no_two)] = ()
    group_name: Annotated[str, Field(max_length=40)] = ""
    states: Annotated[Many[Code], AfterValidator(_no_two)] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> "Channel":
        if problem := self._problem():
            raise ValueError(problem)
        return self

    @property
    def is_of_friends(self) -> bool:
        """Whether whoever comes by it becomes a friend of a member."""
        return self.kind in FRIEND_KINDS

    @property
    def codes(self) -> tuple[str, ...]:
        """Every state and scene that means this channel, its own first."""
        return self.id, *self.states

    def _problem(self) -> str:
        if self.id in self.states:
            return "states 里不必再写 id"
        if self.kind == "kf" and self.open_kfid is None:
            return "kind 为 kf 时写明 open_kfid"
        if self.kind == "group" and not self.groups:
            return "kind 为 group 时在 groups 里至少写一个群（chat_id）"
        if self.kind == "partner" and self.partner is None:
            return "kind 为 partner 时写明 partner（合作方的名字）"
        return self._receivers_problem() if self.is_of_friends else self._stray_problem()

    def _receivers_problem(self) -> str:
        keys = [one.key for one in self.receivers]
        if not keys:
            return "在 receivers 里至少写一位成员"
        if len(set(keys)) != len(keys):
            return "receivers 里同一位成员只写一次"
        if len({*keys, *(one.lower() for one in self.spare)}) > MOST_RECEIVERS:
            return f"receivers 和 spare 加起来不超过 {MOST_RECEIVERS} 位成员"
        if self.kind == "staff" and len(keys) != 1:
            return "kind 为 staff 时 receivers 里正好一位成员"
        if not self.spare and all(one.hours or one.daily_cap for one in self.receivers):
            return "有 hours 或 daily_cap 时写明 spare：没有别人接待时由谁接待"
        return ""

    def _stray_problem(self) -> str:
        if self.link:
            return f"kind 为 {self.kind} 时没有 link"
        if self.receivers or self.spare:
            return f"kind 为 {self.kind} 时没有 receivers 和 spare"
        return ""


class Channels(Section):
    """The channels of config.yaml, and the bounds by which all are judged.

    Args:
        codes: channels made by command or through the API are beside these, not among them.
        landing: whether every channel has a page at ``/l/<id>``.
        landing_per_visitor: pages and taps of one address a minute.
        stop_above: CAC in yuan above which a channel is better stopped (R-3.5).
        watch_above: CAC in yuan above which it is watched.
        minimum_people: new people in a window below which there is no verdict.
        minimum_days: length of a window below which there is no verdict.
        group_full_at: from how many members on a group is left behind (R-3.7).
        natural_share: goal, share of new people by natural channels (R-3.6).
        external_share: goal, share of those by paid channels and partners.
    """

    codes: Many[Channel] = ()
    landing: bool = False
    landing_per_visitor: Annotated[int, Field(ge=5, le=600)] = 60
    stop_above: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] = 300
    watch_above: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] = 20
    minimum_people: Count = 30
    minimum_days: Days = 7
    group_full_at: Annotated[int, Field(ge=2, le=500)] = 190
    natural_share: Annotated[float, Field(ge=0, le=1)] = 0.4
    external_share: Annotated[float, Field(ge=0, le=1)] = 0.3

    @model_validator(mode="after")
    def _codes_differ(self) -> "Channels":
        seen: dict[str, str] = {}
        for channel in self.codes:
            for code in channel.codes:
                if code in seen:
                    raise ValueError(f"每个渠道的 id 和 states 各不相同，{code} 出现了两次")
                seen[code] = channel.id
        if self.watch_above > self.stop_above:
            raise ValueError("watch_above 不大于 stop_above")
        return self
