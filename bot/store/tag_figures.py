"""How many customers have which tags, and how many are known in every dimension (R-4.7)?"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.config import DIMENSIONS, Tagging
from bot.model.tags import group_of
from bot.store.database import Database, Row, Unit

VERDICTS = ("right", "wrong", "unsure")

_AUTOMATIC = "source IN ('rule', 'meaning', 'channel', 'event', 'order')"
_ACTIVE = "(expires_at IS NULL OR expires_at > ?)"


class Coverage(msgspec.Struct, frozen=True):
    """How many people have a tag in each dimension.

    Args:
        people: who ever wrote, became a friend or bought; a merged person is one.
        agreed: of them, those who consented to being tagged.
        dimensions: people with a tag in each, by dimension.
        covered: people with one in all.
    """

    people: int
    agreed: int
    dimensions: dict[str, int]
    covered: int


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag, on how many customers it is, and by whom it was put on."""

    name: str
    customers: int
    by_source: dict[str, int]


@dataclass(frozen=True, slots=True)
class Sampled:
    """An assignment that people are to judge."""

    n: int
    external_userid: str
    name: str
    source: str
    rule: str
    version: str
    msgid: str
    verdict: str = ""


class TagFigures:
    """Figures over everybody's tags, and the samples that people judge."""

    def __init__(self, database: Database, settings: Tagging) -> None:
        self._db, self._settings = database, settings

    async def counts(self, now: float) -> list[TagCount]:
        """Every tag that is on anybody, the most frequent first."""
        rows = await self._db.scan(
            "SELECT name, source, COUNT(*) AS n FROM customer_tags"
            f" WHERE {_ACTIVE} GROUP BY name, source",
            now,
        )
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for row in rows:
            found[row["name"]][row["source"]] = row["n"]
        counted = [TagCount(name, sum(by.values()), by) for name, by in found.items()]
        return sorted(counted, key=lambda one: (-one.customers, one.name))

    async def outcomes(self, name: str, since: float) -> list[tuple[str, str, int]]:
        """What was decided about a tag: outcome, rule and how often."""
        rows = await self._db.scan(
            "SELECT outcome, rule, COUNT(*) AS n FROM tag_history WHERE name = ? AND at >= ?"
            " GROUP BY outcome, rule ORDER BY n DESC",
            *(name, since),
        )
        return [(row["outcome"], row["rule"], row["n"]) for row in rows]

    async def coverage(self, now: float) -> Coverage:
        """How many people are known in every dimension."""
        persons = await self._db.scan(
            "SELECT c.external_userid, COALESCE(k.kept, c.person_id) AS person,"
            " EXISTS (SELECT 1 FROM consent_standing s WHERE s.external_userid = c.external_userid"
            " AND s.purpose = 'profiling_tags' AND s.decision = 'given') AS agreed"
            " FROM customers c LEFT JOIN kept_persons k ON k.person_id = c.person_id"
        )
        person_of = {row["external_userid"]: row["person"] for row in persons}
        agreed = {row["person"] for row in persons if row["agreed"]}
        tags = await self._db.scan(
            f"SELECT DISTINCT external_userid, tag_group FROM customer_tags WHERE {_ACTIVE}", now
        )
        dimension_of = {group.name: group.dimension for group in self._settings.groups}
        known: dict[str, set[str]] = {dimension: set() for dimension in DIMENSIONS}
        for row in tags:
            dimension = dimension_of.get(row["tag_group"])
            if dimension and row["external_userid"] in person_of:
                known[dimension].add(person_of[row["external_userid"]])
        return Coverage(
            people=len(set(person_of.values())),
            agreed=len(agreed),
            dimensions={dimension: len(found) for dimension, found in known.items()},
            covered=len(set.intersection(*known.values())),
        )

    # ------------------------------------------------------------------ samples

    async def draw(self, audit: str, size: int, seed: int, *, by: str, now: float) -> list[Sampled]:
        """Draw assignments that no person made at random, and keep which they are."""
        rows = await self._db.scan(
            f"SELECT * FROM customer_tags WHERE {_AUTOMATIC} AND {_ACTIVE}"
            " ORDER BY external_userid, name",
            now,
        )
        drawn = random.Random(seed).sample(rows, min(size, len(rows)))  # noqa: S311 — repeatable
        items = [_sampled(n, row) for n, row in enumerate(drawn, 1)]
        unit = Unit()
        coverage = msgspec.json.encode(await self.coverage(now)).decode()
        unit.add(
            "INSERT INTO tag_audits (id, at, by, seed, coverage) VALUES (?, ?, ?, ?, ?)",
            *(audit, now, by, seed, coverage),
        )
        for one in items:
            unit.add(
                "INSERT INTO tag_audit_items (audit, n, external_userid, name, source, rule,"
                " version, msgid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                *(audit, one.n, one.external_userid, one.name, one.source),
                *(one.rule, one.version, one.msgid),
            )
        await self._db.commit(unit)
        return items

    async def judged(self, audit: str) -> list[Sampled]:
        """A sample with what people said so far."""
        rows = await self._db.fetch(
            "SELECT * FROM tag_audit_items WHERE audit = ? ORDER BY n", audit
        )
        return [_sampled(row["n"], row, row["verdict"]) for row in rows]

    async def coverage_then(self, audit: str) -> Coverage | None:
        """The coverage when the sample was drawn; ``None`` = there is no such sample."""
        row = await self._db.fetch_one("SELECT coverage FROM tag_audits WHERE id = ?", audit)
        return msgspec.json.decode(row["coverage"], type=Coverage) if row else None

    async def judge(self, audit: str, verdicts: Sequence[tuple[int, str]], now: float) -> None:
        """Keep what people said about a sample; a later word replaces an earlier one."""
        unit = Unit()
        for n, verdict in verdicts:
            unit.add(
                "UPDATE tag_audit_items SET verdict = ? WHERE audit = ? AND n = ?",
                *(verdict, audit, n),
                expect=1,
            )
        unit.add("UPDATE tag_audits SET read_at = ? WHERE id = ?", now, audit, expect=1)
        await self._db.commit(unit)


def _sampled(n: int, row: Row, verdict: str = "") -> Sampled:
    return Sampled(
        n=n,
        external_userid=row["external_userid"],
        name=row["name"],
        source=row["source"],
        rule=row["rule"],
        version=row["version"],
        msgid=row["msgid"],
        verdict=verdict,
    )


def dimension_of(settings: Tagging, name: str) -> str:
    """The dimension of a tag, empty = none."""
    return settings.group(group_of(name)).dimension or ""
