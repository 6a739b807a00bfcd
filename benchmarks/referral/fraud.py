"""Who cheats, and who is only fast? Simulated invitations, judged as the ledger judges them.

`python -m benchmarks.referral fraud`

Three levels of fraud come among honest people, some of whom look bad: a class that scans together,
an influencer. Everybody is judged twice, when he adds and when the freeze is over; only what WeCom
tells is seen.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.config import Referral
from handlers.referral.risk import Beside, Seen, Verdict, judge
from handlers.referral.weighing import MOST

HOUR_S, DAY_S = 3600.0, 86_400.0
HONEST, SEED = 5000, 20261201
LEVELS = ("crude", "paced", "mimic")


@dataclass(frozen=True, slots=True)
class Add:
    """One invitation.

    Args:
        kind: ``honest``, ``class``, ``influencer``, or a level of fraud.
        left_at: when the person deleted us, ``None`` = never.
        tried: by how many inviters' codes the person came.
    """

    kind: str
    inviter: str
    at: float
    left_at: float | None
    has_unionid: bool
    tried: int = 1


def simulate(seed: int = SEED, people: int = HONEST) -> list[Add]:
    """A week of a campaign with so many honest people beside the bursts."""
    dice = random.Random(seed)
    adds = list(_honest(dice, people))
    adds += _class(dice)
    adds += _influencer(dice)
    adds += _crude(dice)
    adds += _paced(dice)
    adds += _mimic(dice)
    told = [replace(one, at=float(int(one.at))) for one in adds]  # WeCom tells whole seconds
    return sorted(told, key=lambda one: one.at)


def _day_time(dice: random.Random) -> float:
    """A moment of the week when people are awake."""
    hour = dice.triangular(7, 24, 20)
    return dice.randrange(7) * DAY_S + hour * HOUR_S + dice.random()


def _person(dice: random.Random, kind: str, inviter: str, at: float) -> Add:
    left_at = at + dice.expovariate(1 / (3 * DAY_S)) if dice.random() < 0.12 else None
    tried = dice.choices((1, 2, 3, 4), (90, 7, 2, 1))[0]
    return Add(kind, inviter, at, left_at, dice.random() < 0.95, tried)


def _honest(dice: random.Random, people: int) -> Iterator[Add]:
    made, number = 0, 0
    while made < people:
        number += 1
        for _ in range(min(1 + int(dice.expovariate(0.5)), 30)):
            yield _person(dice, "honest", f"h{number}", _day_time(dice))
            made += 1


def _class(dice: random.Random) -> list[Add]:
    """Forty scan a teacher's poster in a minute, in ten classes."""
    adds = []
    for number in range(10):
        start = _day_time(dice)
        adds += [
            _person(dice, "class", f"class{number}", start + dice.uniform(0, 60)) for _ in range(40)
        ]
    return adds


def _influencer(dice: random.Random) -> list[Add]:
    """Hundreds in an evening after a post, most in the first half hour."""
    adds = []
    for number in range(3):
        start = dice.randrange(7) * DAY_S + 20 * HOUR_S
        for _ in range(300):
            after = dice.expovariate(1 / 1800.0)
            adds.append(_person(dice, "influencer", f"star{number}", start + after))
    return adds


def _crude(dice: random.Random) -> list[Add]:
    """A script: one every half second, gone within minutes, no unionids."""
    adds = []
    for number in range(5):
        start = _day_time(dice)
        for n in range(200):
            at = start + 0.5 * n
            left_at = at + dice.uniform(30, 400) if dice.random() < 0.8 else None
            adds.append(Add("crude", f"crude{number}", at, left_at, dice.random() < 0.1))
    return adds


def _paced(dice: random.Random) -> list[Add]:
    """A ring: one every three minutes by the clock, at night too, each helps several, many leave
    soon after they were counted.
    """
    adds = []
    for number in range(5):
        start = _day_time(dice)
        for n in range(100):
            at = start + 180.0 * n + dice.gauss(0, 15)
            left_at = at + dice.uniform(60, 1200) if dice.random() < 0.4 else None
            tried = dice.choice((3, 5, 8))
            adds.append(Add("paced", f"paced{number}", at, left_at, dice.random() < 0.4, tried))
    return adds


def _mimic(dice: random.Random) -> list[Add]:
    """A ring that comes like people, stays like people, and has what people have."""
    adds = []
    for number in range(40):
        adds += [_person(dice, "mimic", f"mimic{number}", _day_time(dice)) for _ in range(10)]
    return adds


def stopped(adds: list[Add]) -> tuple[Counter[str], Counter[str]]:
    """How many of each kind there are, and how many are refused or wait for a person.

    Each is judged with what is known when he adds, and with all of it when the freeze is over.
    """
    settings, by_inviter = Referral(), dict[str, list[Add]]()
    for one in adds:
        by_inviter.setdefault(one.inviter, []).append(one)
    usual = sum(one.has_unionid for one in adds) / len(adds)
    total, caught = Counter[str](), Counter[str]()
    bounds = {"review_at": settings.review_at, "block_at": settings.block_at}

    def seen(one: Add, others: list[Add], now: float) -> Seen:
        near = sorted(others, key=lambda other: abs(one.at - other.at))[:MOST]
        beside = [Beside(other.at, _left_by(other, now), other.has_unionid) for other in near]
        return Seen(one.at, int(one.at % DAY_S // HOUR_S), beside, one.tried, usual)

    for one in adds:
        total[one.kind] += 1
        same = by_inviter[one.inviter]
        before = [other for other in same if other.at <= one.at]
        first = judge(seen(one, before, one.at), **bounds)
        second = judge(seen(one, same, one.at + DAY_S), **bounds)
        if first.verdict is Verdict.BLOCK or second.verdict is not Verdict.ALLOW:
            caught[one.kind] += 1
    return total, caught


def _left_by(one: Add, now: float) -> float | None:
    return one.left_at if one.left_at is not None and one.left_at <= now else None


def main() -> None:
    """Print the share of each kind that was stopped."""
    total, caught = stopped(simulate())
    honest = [kind for kind in total if kind not in LEVELS]
    for kind in (*honest, *LEVELS):
        print(f"{kind}: {caught[kind]} of {total[kind]} stopped ({caught[kind] / total[kind]:.1%})")
    wrong, people = sum(caught[kind] for kind in honest), sum(total[kind] for kind in honest)
    print(f"honest people stopped: {wrong} of {people} ({wrong / people:.2%})")
