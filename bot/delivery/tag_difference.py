"""What did people change about a friend's tags, and what have we still to change? Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.store.marks import ADDING, GONE, REMOVING, THERE, Mark


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reading tells beyond our books.

    Args:
        added: tags that people put on, by id.
        removed: tags that people took off.
        put: marks as they are now.
        drop: marks that are no more.
        unsettled: a change of our own is so young that the reading may not show it yet.
    """

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    put: tuple[Mark, ...] = ()
    drop: tuple[str, ...] = ()
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What one call of `mark_tag` is to change, by tag id."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)


def compare(
    there: Collection[str], marks: Mapping[str, Mark], now: float, settle_s: float
) -> Difference:
    """What people changed since we looked last.

    What we were about to change when the process died is no change of theirs, whether it came
    through or not; what we have changed a moment ago may be missing from the reading.

    Args:
        there: corp tags that the reading shows.
        marks: what we know of.
        settle_s: how long a reading may lag behind a write.
    """
    added, removed, put, drop = set(), set(), [], []
    unsettled = False
    for tag_id in there:
        mark = marks.get(tag_id)
        young = mark is not None and now - mark.at < settle_s
        if mark is not None and mark.status == GONE and young:
            unsettled = True
        elif mark is None or mark.status == GONE:
            added.add(tag_id)
            put.append(Mark(tag_id, THERE, False, now))
        elif mark.status in (ADDING, REMOVING):
            put.append(Mark(tag_id, THERE, True, mark.at))
    for tag_id, mark in marks.items():
        young = now - mark.at < settle_s
        if tag_id in there or (mark.status == GONE and young):
            continue
        if mark.status == THERE and mark.ours and young:
            unsettled = True
            continue
        if mark.status == THERE:
            removed.add(tag_id)
        drop.append(tag_id)
    return Difference(frozenset(added), frozenset(removed), tuple(put), tuple(drop), unsettled)


def plan(wanted: Collection[str], marks: Mapping[str, Mark], managed: Collection[str]) -> Plan:
    """What is to be changed at WeCom.

    Only what our own books have had is ever taken away.

    Args:
        wanted: tags that the friend should have, by id.
        managed: tags that we may take away.
    """
    on = {tag_id for tag_id, mark in marks.items() if mark.status == THERE}
    may_be_on = {
        tag_id
        for tag_id, mark in marks.items()
        if mark.ours and mark.status in (THERE, ADDING, REMOVING)
    }
    return Plan(
        add=tuple(sorted(set(wanted) - on)),
        remove=tuple(sorted((may_be_on & set(managed)) - set(wanted))),
    )
