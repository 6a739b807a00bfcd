"""Who cheats, and who is only fast? Simulated weeks, weighed as the service weighs them.

`python -m benchmarks.referral fraud`

What a week's people do is written into a database as the service would write it, and everybody is
judged from there twice, when he adds and when the freeze is over, by the product's own code.
"""

import asyncio
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks.referral.crowd import DAY_S, HONEST, HOUR_S, LEVELS, UNSEEN, Come, Crowd, simulate
from benchmarks.referral.crowd import inviters_of as codes_of
from bot.app import open_store
from bot.config import Config, Referral
from bot.model import CustomerAdded, CustomerDeleted
from bot.model.people import IdentityKind
from bot.store import Store, Unit
from handlers.referral import risk, store, weighing
from handlers.referral.crediting import invite_id
from handlers.referral.risk import Judgement, Verdict
from handlers.referral.rules import Standing
from handlers.referral.store import Invite, Participant

SEEDS = (1, 2, 3, 4, 5)
KEY = "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U="
"""Of a database that is thrown away."""

_FAR = 1_000_000_000.0
"""When the week begins: some day."""


@dataclass(slots=True)
class Stopped:
    """How many of each kind were refused, or wait for a person.

    Args:
        why: how often each signal spoke, by kind.
    """

    total: Counter[str] = field(default_factory=Counter)
    blocked: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    why: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def share(self, *kinds: str) -> float:
        """Refused or waiting, of all of these kinds."""
        caught = sum(self.blocked[kind] + self.asked[kind] for kind in kinds)
        return caught / max(1, sum(self.total[kind] for kind in kinds))

    @property
    def honest(self) -> list[str]:
        """The kinds that are no fraud."""
        return [kind for kind in self.total if kind not in (*LEVELS, *UNSEEN)]


@dataclass(slots=True)
class Week:
    """A week that is played into a database."""

    facts: Store
    result: Stopped = field(default_factory=Stopped)
    credited: dict[str, Invite] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, set[Verdict]] = field(default_factory=lambda: defaultdict(set))

    async def play(self, crowd: Crowd) -> Stopped:
        """Let everything happen in its order, then count."""
        unit = Unit()
        for name in codes_of(crowd):
            who = Participant("spring", name, f"r_{name}", "wk", "", _FAR, None, None)
            unit.statements.append(store.joined(who))
        await self.facts.database.commit(unit)
        for at, what, one in _moments(crowd):
            await getattr(self, f"_{what}")(_FAR + at, one)
        for customer, kind in self.kinds.items():
            self.result.total[kind] += 1
            said = self.verdicts[customer]
            if Verdict.BLOCK in said:
                self.result.blocked[kind] += 1
            elif Verdict.REVIEW in said:
                self.result.asked[kind] += 1
        return self.result

    async def _came(self, at: float, one: Come) -> None:
        unit, state = Unit(), f"r_{one.inviter}"
        event = CustomerAdded(userid="lisi", external_userid=one.who, at=at, state=state)
        self.facts.contacts.happened(unit, event, at)
        await self.facts.database.commit(unit)
        if one.has_unionid and one.who not in self.credited:
            kind = IdentityKind.UNIONID
            await self.facts.people.identify(one.who, kind, one.who, source="wecom", at=at)
        # an inviter is known to the company, as is who was credited before
        is_first = one.who not in self.credited and f"r_{one.who}" != state
        standing = Standing.PENDING if is_first else Standing.REFUSED
        made = Invite(
            *(invite_id(state, one.who, "lisi", at), "spring", state, one.who, "lisi", at, at),
            *(standing, "" if is_first else "already_credited", "[]", "", at + DAY_S),
        )
        if is_first:
            self.credited[one.who], self.kinds[one.who] = made, one.kind
            await self._judge(made, first=True)
        unit = Unit()
        unit.add(store.INVITED, *_row(made))
        await self.facts.database.commit(unit)

    async def _thawed(self, _at: float, one: Come) -> None:
        made = self.credited[one.who]
        if made.state == f"r_{one.inviter}" and Verdict.BLOCK not in self.verdicts[one.who]:
            await self._judge(made, first=False)

    async def _left(self, at: float, one: Come) -> None:
        unit = Unit()
        gone = CustomerDeleted(userid="lisi", external_userid=one.who, at=at, by="customer")
        self.facts.contacts.happened(unit, gone, at)
        await self.facts.database.commit(unit)

    async def _wrote(self, at: float, one: Come) -> None:
        await self.facts.database.execute(
            "INSERT INTO conversations (open_kfid, external_userid, customer_wrote_at)"
            " VALUES ('wk', ?, ?) ON CONFLICT DO NOTHING",
            *(one.who, at),
        )

    async def _gave(self, at: float, claim: tuple[str, str]) -> None:
        who, mark = claim
        noted = await weighing.receipt(self.facts, who, weighing.ADDRESS, mark, at)
        await self.facts.database.commit(Unit([noted]))

    async def _judge(self, made: Invite, *, first: bool) -> None:
        judgement = await judged(self.facts, made)
        verdict = judgement.verdict
        if first and verdict is Verdict.REVIEW:
            verdict = Verdict.ALLOW  # what waits is looked at when the freeze is over
        self.verdicts[made.external_userid].add(verdict)
        for signal in judgement.signals if verdict is not Verdict.ALLOW else ():
            self.result.why[self.kinds[made.external_userid]][signal.name] += 1


async def judged(facts: Store, made: Invite) -> Judgement:
    """As the service judges it."""
    hour = int((made.at - _FAR) % DAY_S // HOUR_S)
    bounds = Referral()
    seen = await weighing.seen(facts, made, hour)
    return risk.judge(seen, review_at=bounds.review_at, block_at=bounds.block_at)


async def week(seed: int, people: int = HONEST, size: float = 1.0) -> Stopped:
    """One simulated week."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'week.db'}"
        facts = open_store(
            Config.model_validate({"storage": {"url": url}, "security": {"encryption_key": KEY}})
        )
        try:
            for database in (facts.database, facts.keys):
                database.run_script("PRAGMA synchronous = OFF")
            return await Week(facts).play(simulate(seed, people, size))
        finally:
            facts.close()


def _moments(crowd: Crowd) -> Iterator[tuple[float, str, Any]]:
    """What happens, in its order."""
    came = [(one.at, "came", one) for one in crowd.came]
    thawed = [(one.at + DAY_S, "thawed", one) for one in crowd.came]
    left = [(one.left_at, "left", one) for one in crowd.came if one.left_at is not None]
    wrote = [(one.wrote_at, "wrote", one) for one in crowd.came if one.wrote_at is not None]
    gave = [(at, "gave", (who, mark)) for at, who, mark in crowd.claims]
    by_time = itemgetter(0)
    yield from merge(*(sorted(some, key=by_time) for some in (came, thawed, left, wrote, gave)),
                     key=by_time)  # fmt: skip


def _row(made: Invite) -> tuple[Any, ...]:
    return (
        *(made.id, made.campaign, made.state, made.external_userid, made.userid, made.at),
        *(made.at, made.standing, made.reason, made.signals, made.thaws_at),
        *(made.at, 10**9, None),
    )


def main() -> None:
    """Print the share of each kind that was stopped, for every seed, and what spoke."""
    for seed in SEEDS:
        found = asyncio.run(week(seed))
        people = sum(found.total[kind] for kind in found.honest)
        wrong = sum(found.blocked[kind] + found.asked[kind] for kind in found.honest)
        shares = "  ".join(f"{kind} {found.share(kind):.1%}" for kind in (*LEVELS, *UNSEEN))
        print(f"seed {seed}: {shares}  honest {wrong} of {people} ({wrong / people:.2%})")
        for kind in (*found.honest, *LEVELS, *UNSEEN):
            why = ", ".join(f"{name} {n}" for name, n in found.why[kind].most_common(5))
            print(
                f"  {kind}: {found.total[kind]} came, {found.blocked[kind]} refused,"
                f" {found.asked[kind]} for a person{f' ({why})' if why else ''}"
            )
    print("device signals: absent; nobody opened a page of ours")
    print("cannot be seen: real people who are paid to come (hired), and accounts that never meet")
