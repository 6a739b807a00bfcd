"""Who comes to a campaign in a week? Honest people, some of whom look bad, and fraud.

Written before the signals that judge it, and not changed to fit them. Only what WeCom or our own
messages would tell is made up: who came when by whose code, who left, who wrote, who gave which
address or phone for a prize.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

HOUR_S, DAY_S = 3600.0, 86_400.0
HONEST = 5000
WEEK_S = 7 * DAY_S
LEVELS = ("crude", "paced", "mimic")
UNSEEN = ("hired",)
"""Fraud that leaves nothing at WeCom: real people, paid to come and stay; never promised."""


@dataclass(frozen=True, slots=True)
class Come:
    """Somebody adds a member by somebody's code.

    Args:
        kind: of whoever comes: ``honest``, ``class``, ``influencer``, ``office``, or of fraud.
        left_at: when he deletes us, ``None`` = never.
        wrote_at: when he first writes to us, ``None`` = never.
    """

    kind: str
    who: str
    inviter: str
    at: float
    left_at: float | None = None
    wrote_at: float | None = None
    has_unionid: bool = True


@dataclass(slots=True)
class Crowd:
    """A week.

    Args:
        size: how many groups of each kind, of a full week.
        claims: moment, customer, and what he gave for a prize: an address or a phone.
    """

    dice: random.Random
    size: float = 1.0
    came: list[Come] = field(default_factory=list)
    claims: list[tuple[float, str, str]] = field(default_factory=list)

    def groups(self, of_a_week: int) -> range:
        """The numbers of the groups of one kind."""
        return range(max(1, round(of_a_week * self.size)))

    def gives(self, who: str, mark: str, at: float) -> None:
        """Somebody gives an address or a phone."""
        self.claims.append((float(int(at)), who, mark))


def simulate(seed: int, people: int = HONEST, size: float = 1.0) -> Crowd:
    """A week of a campaign with so many honest people beside the bursts."""
    crowd = Crowd(random.Random(seed), size)
    for make in (_families, _classes, _influencers, _offices):
        make(crowd, people)
    for make in (_crude, _paced, _mimic, _hired):
        make(crowd, people)
    crowd.came = [_in_seconds(one) for one in sorted(crowd.came, key=lambda one: one.at)]
    crowd.claims.sort()
    return crowd


def _in_seconds(one: Come) -> Come:
    """WeCom tells whole seconds."""
    left = None if one.left_at is None else float(int(one.left_at))
    return Come(one.kind, one.who, one.inviter, float(int(one.at)), left, one.wrote_at,
                one.has_unionid)  # fmt: skip


def _awake(dice: random.Random) -> float:
    """A moment of the week when people are awake."""
    return dice.randrange(7) * DAY_S + dice.triangular(7, 24, 20) * HOUR_S + dice.random()


def _person(dice: random.Random, kind: str, who: str, inviter: str, at: float) -> Come:
    """One in eight leaves some day, one in three writes, nearly all have a unionid."""
    left_at = at + dice.expovariate(1 / (3 * DAY_S)) if dice.random() < 0.12 else None
    wrote_at = at + dice.expovariate(1 / DAY_S) if dice.random() < 0.35 else None
    return Come(kind, who, inviter, at, left_at, wrote_at, dice.random() < 0.95)


# ---------------------------------------------------------------------- honest people


def _families(crowd: Crowd, people: int) -> None:
    """One invites a few over the week; some of them invite in turn, and help back whoever asked."""
    dice, made, number = crowd.dice, 0, 0
    inviters = ["h0"]
    while made < people:
        number += 1
        # every third inviter came by a friend himself
        inviter = dice.choice(inviters) if dice.random() < 0.3 else f"h{number}"
        for _ in range(min(1 + int(dice.expovariate(0.5)), 30)):
            who, at = f"n{made}", _awake(dice)
            crowd.came.append(_person(dice, "honest", who, inviter, at))
            made += 1
            if dice.random() < 0.08:  # invites too; some scan their friend's code back
                inviters.append(who)
                if dice.random() < 0.3:
                    back = at + dice.expovariate(1 / HOUR_S)
                    crowd.came.append(Come("honest", inviter, who, back))
            for _ in range(dice.choices((0, 1, 2, 3), (90, 7, 2, 1))[0]):  # helps others as well
                again = at + dice.expovariate(1 / DAY_S)
                crowd.came.append(Come("honest", who, dice.choice(inviters), again))
        if dice.random() < 0.15:  # a prize is sent home; a household has one address
            home = f"home-{inviter}"
            crowd.gives(inviter, home, _awake(dice))
            if dice.random() < 0.3:
                crowd.gives(f"n{made - 1}", home, _awake(dice))


def _classes(crowd: Crowd, _people: int) -> None:
    """Forty scan a teacher's poster within a minute, in ten classes; gifts go to the school."""
    dice = crowd.dice
    for number in crowd.groups(10):
        start = _awake(dice)
        for n in range(40):
            who, at = f"class{number}-{n}", start + dice.uniform(0, 60)
            crowd.came.append(_person(dice, "class", who, f"teacher{number}", at))
            if dice.random() < 0.3:
                crowd.gives(who, f"school-{number}", at + dice.uniform(HOUR_S, DAY_S))


def _influencers(crowd: Crowd, _people: int) -> None:
    """Hundreds in an evening after a post, most in the first half hour."""
    dice = crowd.dice
    for number in crowd.groups(3):
        start = dice.randrange(7) * DAY_S + 20 * HOUR_S
        for n in range(300):
            at = start + dice.expovariate(1 / 1800.0)
            who, star = f"fan{number}-{n}", f"star{number}"
            crowd.came.append(_person(dice, "influencer", who, star, at))


def _offices(crowd: Crowd, _people: int) -> None:
    """Twelve colleagues at lunch: three invite the others, they help each other, one address."""
    dice = crowd.dice
    for number in crowd.groups(20):
        noon = dice.randrange(5) * DAY_S + 12 * HOUR_S
        room = [f"office{number}-{n}" for n in range(12)]
        for n, who in enumerate(room[1:]):
            at = noon + dice.uniform(0, HOUR_S)
            crowd.came.append(_person(dice, "office", who, room[n % 3] if n > 2 else room[0], at))
            if dice.random() < 0.25:
                friend = dice.choice(room)
                if friend != who:
                    crowd.came.append(Come("office", who, friend, at + dice.uniform(60, HOUR_S)))
        for who in room[:3]:
            crowd.gives(who, f"company-{number}", noon + 2 * HOUR_S)


# ---------------------------------------------------------------------- fraud


def _crude(crowd: Crowd, _people: int) -> None:
    """A script: one every half second, most gone within minutes, hardly any unionid."""
    dice = crowd.dice
    for number in crowd.groups(5):
        start = _awake(dice)
        for n in range(200):
            at = start + 0.5 * n
            left_at = at + dice.uniform(30, 400) if dice.random() < 0.8 else None
            who, has = f"crude{number}-{n}", dice.random() < 0.1
            crowd.came.append(Come("crude", who, f"script{number}", at, left_at, None, has))


def _paced(crowd: Crowd, _people: int) -> None:
    """A ring by the clock: one every three minutes or so, day and night; a hundred accounts help
    five inviters; two in five leave soon after.
    """
    dice = crowd.dice
    start = _awake(dice)
    for n in range(100):
        who = f"paced{n}"
        first = dice.randrange(5)
        for turn in range(dice.choice((1, 3, 5))):
            inviter = f"chief{(first + turn) % 5}"
            at = start + 180.0 * n + 18_600.0 * turn + dice.gauss(0, 20)
            left_at = at + dice.uniform(60, 1200) if turn == 0 and dice.random() < 0.4 else None
            crowd.came.append(Come("paced", who, inviter, at, left_at, None, dice.random() < 0.5))
    for number in range(5):
        crowd.gives(f"chief{number}", "paced-home", start + DAY_S)


def _mimic(crowd: Crowd, _people: int) -> None:
    """Rings of twelve accounts that come and stay like people, but invite each other, and have what
    they win sent to two addresses.
    """
    dice = crowd.dice
    for number in crowd.groups(40):
        ring = [f"mimic{number}-{n}" for n in range(12)]
        for n, who in enumerate(ring[1:], 1):
            at = _awake(dice)
            one = _person(dice, "mimic", who, ring[dice.randrange(n)], at)
            crowd.came.append(one)
            for _ in range(dice.choice((1, 1, 2))):  # each helps others of the ring
                friend = dice.choice(ring)
                if friend != who:
                    later = at + dice.expovariate(1 / (6 * HOUR_S))
                    crowd.came.append(Come("mimic", who, friend, later, None, None, True))
        for who in ring:
            if dice.random() < 0.4:
                crowd.gives(who, f"mimic-{number}-{dice.randrange(2)}", _awake(dice))


def _hired(crowd: Crowd, _people: int) -> None:
    """Real people who are paid to come: each once, at any time, and they stay."""
    dice = crowd.dice
    for number in crowd.groups(40):
        for n in range(10):
            who, at = f"hired{number}-{n}", _awake(dice)
            crowd.came.append(_person(dice, "hired", who, f"buyer{number}", at))


def inviters_of(crowd: Crowd) -> Iterator[str]:
    """Everybody whose code was used, once each."""
    yield from dict.fromkeys(one.inviter for one in crowd.came)
