"""Which referral campaigns are there, what do invitations earn, and until when (R-3.5)?"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from bot.config.channels import TagName
from bot.config.section import Section
from bot.config.values import Count, Many, Text, Userid

RewardKind = Literal["code", "points", "tag", "gift"]
OutOfStock = Literal["queue", "substitute", "end"]
Moment = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2} ([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$")
]
"""Local time: ``2026-12-01 00:00``."""

Name = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_\-]{0,29}$")]
ChatId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-]{1,64}$")]
Yuan = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
Hours = Annotated[float, Field(ge=0, le=24 * 90, allow_inf_nan=False)]


class Reward(Section):
    """What somebody gets.

    Args:
        name: as customers read it.
        pool: of coupon codes, where it is a code.
        points: how many, and after how many `days` they end, ``None`` = never.
        tag: full name of the tag that marks the level.
        stock: how many there are, ``None`` = as many as are reached (a code: as many as imported).
        substitute: key of what is given instead.
        cost: in yuan, what one of it costs the company.
    """

    kind: RewardKind
    name: Text
    pool: Name | None = None
    points: Count | None = None
    days: Count | None = None
    tag: TagName | None = None
    stock: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    out_of_stock: OutOfStock = "queue"
    substitute: Name | None = None
    cost: Yuan = 0

    @model_validator(mode="after")
    def _is_whole(self) -> "Reward":
        needed = {"code": self.pool, "points": self.points, "tag": self.tag, "gift": self.stock}
        if needed[self.kind] is None:
            wanted = {"code": "pool", "points": "points", "tag": "tag", "gift": "stock"}
            raise ValueError(f"kind 为 {self.kind} 时写明 {wanted[self.kind]}")
        if (self.out_of_stock == "substitute") != (self.substitute is not None):
            raise ValueError("out_of_stock 为 substitute 时，也只在这时，写 substitute")
        return self

    @property
    def fen(self) -> int:
        """Its cost in fen."""
        return round(self.cost * 100)

    @property
    def is_virtual(self) -> bool:
        """Whether nothing has to be sent by post."""
        return self.kind != "gift"


class Tier(Section):
    """What so many valid invitations earn; cumulative (R-3.5.3)."""

    invites: Count
    reward: Name


class CampaignAudience(Section):
    """Who may take part; every condition must hold, and an empty one holds for everybody.

    Args:
        tags: one of them is on the customer; `without`: none of them is.
        channels: by one of them the customer came first.
        friends: ``old`` = a friend of a member for at least `new_days`, ``new`` = for less or none.
        bought: ``yes`` = has paid for something and kept it.
    """

    tags: Many[TagName] = ()
    without: Many[TagName] = ()
    channels: Many[Name] = ()
    friends: Literal["any", "new", "old"] = "any"
    new_days: Annotated[int, Field(ge=1, le=3650)] = 30
    bought: Literal["any", "yes", "no"] = "any"


class Place(Section):
    """Where friends may go too, of their own will: a customer group, or an official account (C22).

    Args:
        name: as customers read it.
        url: that leads there; where every inviter has a code of his own into the group, none.
        channel: of a group, whose code is counted, ``None`` = nothing can be counted.
        chats: ids of the groups into which inviters' own codes lead (`Campaign.mode`), filled in
            this order.
    """

    name: Text
    url: Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=300)] | None = None
    channel: Name | None = None
    chats: Annotated[Many[ChatId], Field(max_length=5)] = ()


class Campaign(Section):
    """A referral campaign.

    Args:
        mode: what an invitation is: ``friend`` = somebody adds a member, ``group`` = somebody
            joins one of the chats of `group`; both by the inviter's own code.
        start: of the window; an add at this second and at `end` counts.
        audience: who may take part; who takes part already stays.
        tiers: strictly increasing.
        arms: other tiers by name; who gets which is decided by a stable hash of the participant.
        experiment: of `experiments`, whose variants are `arms` by name (any other sees `tiers`).
        rewards: by key.
        newcomer: key of what the newcomer gets, ``None`` = nothing.
        receivers: members on every participant's code.
        pool: members whose friendship counts beside theirs (R-3.5.2).
        staff: channels of members' own codes that invite too; they are counted, and earn nothing.
        group, account: where friends may go besides; no reward hangs on it.
        freeze_hours: how long an invitation waits; ``None`` = 24 h, or 7 days with a gift.
        observe_days: after `end`, how long a deletion still takes an invitation back.
        daily_cap: invitations of one inviter a day.
        cap: of the whole campaign.
        new_to: to whom a newcomer must be new: the company, or these members (or groups) alone.
        exclusive: campaigns with the same word credit a person once among them.
        mutual: whether friends may invite each other in a ring.
        corp_users: whether people of other companies' WeCom count.
        budget: in yuan, the most that rewards may cost.
        grace_days: how long after `end` participants' codes stay alive.
        poster: picture behind the QR code.
        rules: as customers read them.
        consent: what participants are told about their data.
        legal_override: who of legal allowed what the linter blocks, and why; it is logged.
    """

    id: Name
    name: Text
    mode: Literal["friend", "group"] = "friend"
    start: Moment
    end: Moment
    audience: CampaignAudience = CampaignAudience()
    tiers: Annotated[Many[Tier], Field(min_length=1, max_length=10)]
    arms: Mapping[Name, Many[Tier]] = {}
    experiment: Annotated[str, Field(max_length=40)] = ""
    rewards: Annotated[Mapping[Name, Reward], Field(min_length=1, max_length=30)]
    newcomer: Name | None = None
    receivers: Annotated[Many[Userid], Field(min_length=1, max_length=100)]
    pool: Many[Userid] = ()
    staff: Annotated[Many[Name], Field(max_length=200)] = ()
    group: Place | None = None
    account: Place | None = None
    freeze_hours: Hours | None = None
    observe_days: Annotated[int, Field(ge=0, le=365)] = 7
    daily_cap: Count = 50
    cap: Count | None = None
    new_to: Literal["company", "members"] = "company"
    exclusive: Name | None = None
    mutual: bool = False
    corp_users: bool = False
    budget: Yuan | None = None
    grace_days: Annotated[int, Field(ge=0, le=365)] = 7
    poster: Text | None = None
    rules: Annotated[str, Field(max_length=1000)] = ""
    consent: Annotated[str, Field(max_length=1000)] = ""
    legal_override: Annotated[str, Field(max_length=300)] = ""

    @model_validator(mode="after")
    def _is_whole(self) -> "Campaign":
        if self.end <= self.start:
            raise ValueError("end 晚于 start")
        for tiers in (self.tiers, *self.arms.values()):
            steps = [one.invites for one in tiers]
            if not steps or steps != sorted(set(steps)):
                raise ValueError("tiers 的 invites 一档比一档大（累计人数）")
        named = {one.reward for tiers in (self.tiers, *self.arms.values()) for one in tiers}
        named |= {one.substitute for one in self.rewards.values() if one.substitute}
        named |= {self.newcomer} if self.newcomer else set()
        if unknown := named - set(self.rewards):
            raise ValueError(f"rewards 里没有 {'、'.join(sorted(unknown))}")
        return self

    def window(self, zone: tzinfo) -> tuple[float, float]:
        """First and last moment, Unix seconds."""
        start, end = (datetime.fromisoformat(one) for one in (self.start, self.end))
        return start.replace(tzinfo=zone).timestamp(), end.replace(tzinfo=zone).timestamp()

    @model_validator(mode="after")
    def _leads_somewhere(self) -> "Campaign":
        if self.by_group != bool(self.group and self.group.chats):
            raise ValueError("mode 为 group 时，也只在这时，写 group.chats")
        if self.group is not None and self.group.url is None and not self.by_group:
            raise ValueError("group 写明 url")
        if self.account is not None and self.account.url is None:
            raise ValueError("account 写明 url")
        return self

    @property
    def by_group(self) -> bool:
        """Whether somebody is invited who joins a group."""
        return self.mode == "group"

    @property
    def chats(self) -> tuple[str, ...]:
        """The groups that inviters' codes lead into."""
        return self.group.chats if self.group is not None else ()

    @property
    def freeze_s(self) -> float:
        """How long an invitation waits before it is valid (R-3.5.2)."""
        if self.freeze_hours is not None:
            return self.freeze_hours * 3600
        physical = any(not one.is_virtual for one in self.rewards.values())
        return (7 * 24 if physical else 24) * 3600.0

    @property
    def friends_of(self) -> frozenset[str]:
        """Members (lower-cased) any of whose friendship keeps an invitation alive."""
        return frozenset(one.lower() for one in (*self.receivers, *self.pool))

    def tiers_of(self, arm: str) -> tuple[Tier, ...]:
        """The tiers that a participant sees."""
        return self.arms.get(arm, self.tiers)


class Referral(Section):
    """Referral campaigns, and the numbers by which invitations are judged (R-3.5.5).

    Args:
        campaigns: those that are described here; others are made by command.
        review_at: points of risk from which a person looks, `block_at` from which it is refused.
        k_alarm: K below which the operator is told what could help (R-3.5.4).
    """

    campaigns: Many[Campaign] = ()
    review_at: Annotated[int, Field(ge=1, le=1000)] = 40
    block_at: Annotated[int, Field(ge=1, le=1000)] = 70
    k_alarm: Annotated[float, Field(gt=0, le=10)] = 0.3

    @model_validator(mode="after")
    def _differ(self) -> "Referral":
        ids = [one.id for one in self.campaigns]
        if len(set(ids)) != len(ids):
            raise ValueError("每个活动的 id 各不相同")
        if self.review_at >= self.block_at:
            raise ValueError("review_at 小于 block_at")
        return self
