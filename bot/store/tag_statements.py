"""How is a tag put on and taken off, whoever else writes at that moment?

The first statement judges and writes the verdict into `tag_history`; the others do what it says.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from bot.store.database import Statement
from bot.store.people import SAME_PERSON

_DAY_S = 86_400
_NUMBER = re.compile(r"\?(\d+)")


class Values(NamedTuple):
    """What the statements know, as ``?1`` to ``?17``.

    Args:
        change: one decision; what it replaced has the same.
        sticky_since: what people decided since then stands.
        most: tags that a customer may have.
        human: whether a person decided.
    """

    external_userid: str  # 1
    name: str  # 2
    at: float  # 3
    change: str  # 4
    source: str  # 5
    rule: str  # 6
    version: str  # 7
    msgid: str  # 8
    by: str  # 9
    run: str  # 10
    tag_group: str  # 11
    exclusive: bool  # 12
    purpose: str  # 13
    sticky_since: float  # 14
    most: int  # 15
    human: bool  # 16
    expires_at: float | None  # 17


_MINE = f"t.external_userid IN {SAME_PERSON}"
_ON = "(t.expires_at IS NULL OR t.expires_at > ?3)"
_ANY = f"SELECT 1 FROM customer_tags t WHERE {_MINE} AND {_ON}"
_OTHERS = f"{_ANY} AND t.tag_group = ?11 AND t.name <> ?2"
_THIS = f"{_ANY} AND t.name = ?2"
_WAS = (
    "json_object('source', t.source, 'rule', t.rule, 'version', t.version, 'msgid', t.msgid,"
    " 'at', t.at, 'by', t.by, 'expires_at', t.expires_at)"
)
_COLUMNS = (
    "(change, external_userid, name, added, outcome, source, rule, version, msgid, at, by, run)"
)


def _said(*outcomes: str) -> str:
    listed = ", ".join(repr(one) for one in outcomes)
    return (
        "EXISTS (SELECT 1 FROM tag_history h WHERE h.change = ?4 AND h.name = ?2"
        f" AND h.outcome IN ({listed}))"
    )


def _put_on_verdict(consented: str) -> str:
    return f"""
INSERT INTO tag_history {_COLUMNS}
SELECT ?4, ?1, ?2, 1, CASE
    WHEN ?13 <> 'service' AND NOT {consented} THEN 'refused:consent'
    WHEN EXISTS ({_THIS} AND (t.source = 'human' OR ?16 = 0)) THEN 'kept'
    WHEN ?16 = 0 AND EXISTS (SELECT 1 FROM tag_holds t WHERE {_MINE} AND t.name = ?2
        AND t.removed_at > ?14) THEN 'refused:human_removed'
    WHEN ?12 = 1 AND ?16 = 0 AND EXISTS ({_OTHERS} AND t.source = 'human' AND t.at > ?14)
        THEN 'refused:human_set'
    WHEN ?12 = 1 AND EXISTS ({_OTHERS} AND t.at > ?3) THEN 'refused:older'
    WHEN (SELECT COUNT(DISTINCT t.name) FROM customer_tags t WHERE {_MINE} AND {_ON}
        AND t.name <> ?2 AND NOT (?12 = 1 AND t.tag_group = ?11)) >= ?15 THEN 'refused:cap'
    ELSE 'applied' END,
    ?5, ?6, ?7, ?8, ?3, ?9, ?10
"""


_TAKE_OFF_VERDICT = f"""
INSERT INTO tag_history (change, external_userid, name, added, outcome, source, rule, version,
    msgid, at, by, run, was)
SELECT ?4, ?1, ?2, 0, CASE
    WHEN ?16 = 0 AND NOT EXISTS ({_THIS}) THEN 'kept'
    WHEN ?16 = 0 AND EXISTS ({_THIS} AND t.source = 'human' AND t.at > ?14)
        THEN 'refused:human_set'
    WHEN EXISTS ({_THIS} AND t.at > ?3 AND (t.source = 'human' OR ?16 = 0)) THEN 'refused:older'
    WHEN NOT EXISTS ({_THIS}) AND EXISTS (SELECT 1 FROM tag_holds t WHERE {_MINE} AND t.name = ?2
        AND t.removed_at > ?14) THEN 'kept'
    ELSE 'applied' END,
    ?5, ?6, ?7, ?8, ?3, ?9, ?10,
    (SELECT {_WAS} FROM customer_tags t WHERE {_MINE} AND {_ON} AND t.name = ?2 LIMIT 1)
"""

_REPLACED = f"""
INSERT INTO tag_history (change, external_userid, name, added, outcome, source, rule, version,
    msgid, at, by, run, was)
SELECT ?4, t.external_userid, t.name, 0, 'applied', ?5,
    CASE WHEN {_ON} THEN 'replaced:' || ?2 ELSE 'expired' END, ?7, ?8, ?3, ?9, ?10, {_WAS}
FROM customer_tags t
WHERE {_MINE} AND t.tag_group = ?11 AND t.name <> ?2 AND {_said("applied")}
"""
_HOLD_REPLACED = f"""
INSERT INTO tag_holds SELECT t.external_userid, t.name, ?3, ?9 FROM customer_tags t
WHERE {_MINE} AND {_ON} AND t.tag_group = ?11 AND t.name <> ?2 AND {_said("applied")}
ON CONFLICT (external_userid, name) DO UPDATE SET
    removed_at = MAX(tag_holds.removed_at, excluded.removed_at), by = excluded.by
"""
_DROP_REPLACED = f"""
DELETE FROM customer_tags AS t
WHERE {_MINE} AND t.tag_group = ?11 AND t.name <> ?2 AND {_said("applied")}
"""
_LET_GO = f"DELETE FROM tag_holds AS t WHERE {_MINE} AND t.name = ?2 AND {_said('applied', 'kept')}"
_PUT = f"""
INSERT INTO customer_tags (external_userid, name, tag_group, source, rule, version, msgid, at, by,
    run, expires_at)
SELECT ?1, ?2, ?11, ?5, ?6, ?7, ?8, ?3, ?9, ?10, ?17 WHERE {_said("applied")}
ON CONFLICT (external_userid, name) DO UPDATE SET source = excluded.source, rule = excluded.rule,
    version = excluded.version, msgid = excluded.msgid, at = excluded.at, by = excluded.by,
    run = excluded.run, expires_at = excluded.expires_at
"""
_PROLONG = f"""
UPDATE customer_tags AS t SET expires_at = CASE WHEN ?17 IS NULL THEN NULL
    ELSE MAX(t.expires_at, ?17) END
WHERE {_MINE} AND {_ON} AND t.name = ?2 AND t.expires_at IS NOT NULL AND {_said("kept")}
"""
_HOLD = f"""
INSERT INTO tag_holds SELECT ?1, ?2, ?3, ?9 WHERE {_said("applied", "kept")}
ON CONFLICT (external_userid, name) DO UPDATE SET
    removed_at = MAX(tag_holds.removed_at, excluded.removed_at), by = excluded.by
"""
_DROP = f"DELETE FROM customer_tags AS t WHERE {_MINE} AND t.name = ?2 AND {_said('applied')}"
_TIDY = f"""
DELETE FROM tag_history WHERE change = ?4 AND (outcome = 'kept' OR
    (outcome <> 'applied' AND ?16 = 0 AND EXISTS
    (SELECT 1 FROM tag_history h WHERE h.external_userid = ?1 AND h.at > ?3 - {_DAY_S}
     AND h.name = ?2 AND h.outcome = tag_history.outcome AND h.id < tag_history.id)))
"""
"""What changed nothing is no history; what rules are refused is told once a day."""

_TELL = """
INSERT INTO changes (kind, external_userid, at, data)
SELECT CASE added WHEN 1 THEN 'customer.tagged' ELSE 'customer.untagged' END, external_userid, at,
    json_object('tag', name, 'source', source, 'rule', rule)
FROM tag_history WHERE change = ?4 AND outcome = 'applied' ORDER BY id
"""


def put_on(values: Values, consented: str) -> list[Statement]:
    """Put a tag on, if it may be.

    Args:
        consented: SQL over the values: whether the customer consented to the purpose.
    """
    steps = [_put_on_verdict(consented)]
    if values.exclusive:
        steps.append(_REPLACED)
        if values.human:
            steps.append(_HOLD_REPLACED)
        steps.append(_DROP_REPLACED)
    if values.human:
        steps.append(_LET_GO)
    steps += [_PUT, _PROLONG, _TIDY, _TELL]
    return [_statement(step, values) for step in steps]


def take_off(values: Values) -> list[Statement]:
    """Take a tag off, if it may be."""
    holds = [_HOLD] if values.human else []
    steps = [_TAKE_OFF_VERDICT, *holds, _DROP, _TIDY, _TELL]
    return [_statement(step, values) for step in steps]


def taken_off(
    change: str,
    where: str,
    params: Sequence[Any],
    *,
    rule: str,
    at: float,
    run: str = "",
    by: str = "",
) -> list[Statement]:
    """Take off whatever fits a condition, without asking anybody.

    Args:
        where: over `customer_tags`, with ``?`` placeholders for `params`.
    """
    return [
        Statement(
            "INSERT INTO tag_history (change, external_userid, name, added, outcome, source, rule,"
            " version, msgid, at, by, run, was) SELECT ?, external_userid, name, 0, 'applied',"
            f" 'event', ?, '', '', ?, ?, ?, {_WAS} FROM customer_tags t WHERE {where}",
            (change, rule, at, by, run, *params),
        ),
        Statement(f"DELETE FROM customer_tags WHERE {where}", tuple(params)),
        Statement(_TELL.replace("?4", "?"), (change,)),
    ]


def _statement(text: str, values: Values) -> Statement:
    """With as many of the values as the statement speaks of."""
    last = max(int(number) for number in _NUMBER.findall(text))
    return Statement(text, values[:last])
