"""What do the customers of a chaos run do, each in an order of their own?

One in ten asks for a person, a quarter exchanges points for codes that do not suffice for all, a
tenth is added by two members, a tenth agreed to advertising and meets two flows that may reach out
once a day, some invite a friend. Everybody asks.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import yaml

from tests.integration.crash.catalogue import MOST, questions

PRICE = 100
EXCHANGED, SOLD_OUT, AGAIN = "兑换码 C-", "已经换完了", "已经兑换过这一份"
REWARDED = "R-"
"""How the codes of the campaign begin."""

FLOWS = {"chaos-one": "这是第一个流程说的话", "chaos-two": "这是第二个流程说的话"}
"""Two flows that want to write to the same customer on the same day, and what they say."""

MEMBERS = ("lisi", "wangwu")
WANTS_A_PERSON = "转人工"
INVITES = "我要邀请好友"
_PER_CUSTOMER = 10

Kind = Literal["ask", "person", "tap", "enter", "add", "invite"]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a customer does.

    Args:
        text: what is written, or the userid of the member who adds.
        mark: of the one right answer.
    """

    kind: Kind
    text: str = ""
    mark: str = ""

    @property
    def is_message(self) -> bool:
        """Whether the customer writes something."""
        return self.kind in ("ask", "person", "tap", "invite")


@dataclass(slots=True)
class Part:
    """What one customer does, in order."""

    customer: str
    acts: list[Act] = field(default_factory=list)
    number: int = 0

    def has(self, kind: Kind) -> bool:
        """Whether it is among the acts."""
        return any(one.kind == kind for one in self.acts)

    @property
    def takes_touches(self) -> bool:
        """Whether he has agreed to advertising."""
        return self.number % 20 in (9, 10)

    @property
    def menu_id(self) -> str:
        """Of his yes to the exchange: told twice it is one."""
        return f"points:yes:coffee:{PRICE}:{self.number:08d}"


@dataclass(frozen=True, slots=True)
class Script:
    """Everybody's part.

    Args:
        stock: codes there are for those who exchange points.
    """

    parts: Sequence[Part]
    stock: int

    def order(self, seed: int) -> Iterator[tuple[Part, Act]]:
        """All acts, each customer's in order, mixed as the seed says."""
        chance = random.Random(seed)
        left = [(part, iter(part.acts)) for part in self.parts]
        while left:
            at = chance.randrange(len(left))
            part, acts = left[at]
            act = next(acts, None)
            if act is None:
                left[at] = left[-1]
                left.pop()
            else:
                yield part, act


def written(messages: int, seed: int) -> Script:
    """The script of a run: so many messages, of a tenth as many customers."""
    customers = max(20, messages // _PER_CUSTOMER)
    parts = [_part(number, seed) for number in range(customers)]
    buyers = sum(part.has("tap") for part in parts)
    return Script(parts, stock=max(1, buyers * 6 // 10))


def _part(number: int, seed: int) -> Part:
    chance = random.Random(f"{seed}/{number}")
    part = Part(f"wm_chaos_{number:06d}", number=number)
    texts = questions(MOST, seed * 7919 + number, customers=MOST)
    by_mark = {one.mark: one for one in texts}  # nobody asks for one entry twice
    asked = [Act("ask", one.text, one.mark) for one in list(by_mark.values())[:_PER_CUSTOMER]]
    role, extra = number % 20, list[Act]()
    if role in (0, 1):
        extra = [Act("person", WANTS_A_PERSON)]
    elif role in (2, 3, 4, 5, 6):
        extra = [Act("tap")] * 2
    elif role in (7, 8):
        part.acts = [Act("add", one) for one in MEMBERS]
    elif role == 11:
        extra = [Act("invite", INVITES)]
    asks = asked[: _PER_CUSTOMER - len(extra)]
    at = chance.randrange(1, len(asks))
    entering = [Act("enter")] if role in (9, 10) or number % 2 else []
    begins = entering if role not in (9, 10) else []
    goes_on = entering if role in (9, 10) else []
    part.acts += [*begins, *asks[:at], *goes_on, *extra, *asks[at:]]
    return part


def friend_of(part: Part) -> str:
    """Whom he invites."""
    return f"{part.customer}_friend"


def write_files(folder: Path) -> str:
    """Write what the configuration names; returns its sections, as YAML."""
    (folder / "flows").mkdir()
    flows = [
        {
            "id": name,
            "kind": name,
            "name": name,
            "start": "entered",
            "purpose": "marketing",
            "promo": False,
            "steps": [{"id": "one", "text": text, "evidence": "wrote"}],
        }
        for name, text in FLOWS.items()
    ]
    (folder / "flows" / "chaos.yaml").write_text(
        yaml.safe_dump({"flows": flows}, allow_unicode=True), "utf-8"
    )
    (folder / "welcomes.yaml").write_text(_WELCOME, "utf-8")
    return _CONFIG


_CONFIG = f"""
points:
  items: {{coffee: {{name: 咖啡券, points: {PRICE}, kind: code, pool: coffee}}}}
flows: {{sources: [flows]}}
welcome: {{sources: [welcomes.yaml]}}
outreach: {{quiet_hours: }}
referral:
  campaigns:
    - id: spring
      name: 春日邀请
      start: "2020-01-01 00:00"
      end: "2099-01-01 00:00"
      freeze_hours: 0
      tiers: [{{invites: 1, reward: five}}]
      rewards: {{five: {{kind: code, name: 5 元券, pool: five}}}}
      receivers: [zhangsan]
"""
_WELCOME = """
welcomes:
  - id: default
    text: 您好，很高兴认识您！
"""
