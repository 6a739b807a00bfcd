"""What can points be exchanged for, and when are customers told that something ends (R-8.7)?"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, model_validator

from bot.config.section import Section
from bot.config.values import ApiToken, Count, Text, Userid

ItemName = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_\-]{0,29}$")]
NoticeDays = Annotated[int, Field(ge=0, le=60)]


class Item(Section):
    """Something that points are exchanged for.

    Args:
        name: as customers read it.
        points: what it costs.
        kind: ``code`` is given at once, ``gift`` is sent by `Points.keeper`.
        pool: of coupon codes, where it is a code.
        stock: how many there are, ``None`` = as many as codes were imported.
        each: how many one person may have.
    """

    name: Text
    points: Count
    kind: Literal["code", "gift"]
    pool: ItemName | None = None
    stock: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    each: Count = 1

    @model_validator(mode="after")
    def _is_whole(self) -> "Item":
        if self.kind == "code" and self.pool is None:
            raise ValueError("kind 为 code 时写明 pool")
        if self.kind == "gift" and self.stock is None:
            raise ValueError("kind 为 gift 时写明 stock")
        return self


class Points(Section):
    """The catalogue of points, and the notice before they end.

    Args:
        keeper: the member who sends gifts.
        notice_days: so long before points end their owner is told, 0 = never.
    """

    items: Annotated[Mapping[ItemName, Item], Field(max_length=9)] = {}
    keeper: Userid | None = None
    notice_days: NoticeDays = 7

    @model_validator(mode="after")
    def _can_send(self) -> "Points":
        if self.keeper is None and any(one.kind == "gift" for one in self.items.values()):
            raise ValueError("有 gift 时写明 keeper")
        return self


class Coupons(Section):
    """Coupon codes at tills.

    Args:
        secret: what tills' requests are signed with; empty = there is no such address.
        notice_days: so long before a coupon ends its owner is told, 0 = never.
    """

    secret: ApiToken = SecretStr("")
    notice_days: NoticeDays = 3
