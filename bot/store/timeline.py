"""What happened to a person, and why? Read from the rows themselves, newest first, page by page."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.errors import Unreadable
from bot.model import Conversation
from bot.store.database import Database, Row
from bot.store.people import SAME_PERSON, same_persons
from bot.store.vault import Vault

_SPARE = 50
"""Rows of one moment that a page may have to skip."""

_AND_WHY = "CASE WHEN {0} IS NULL THEN '' ELSE ' ' || {0} END"
_TITLE = "COALESCE((SELECT title FROM materials WHERE id = {0}.material), {0}.material)"
_ME = f"external_userid IN {SAME_PERSON}"
_MY_PERSONS = same_persons("(SELECT m.person_id FROM customers m WHERE m.external_userid = ?1)")


WRITTEN = frozenset({"message", "sent"})
"""Kinds of lines that belong to a conversation."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where lines come from.

    Args:
        table: left out while there is no such table: some belong to behaviours.
        sql: gives ``at``, ``key`` (unique in this source), ``what``, ``why``, ``who`` and, sealed,
            ``body``; of what is `WRITTEN` the account too.
    """

    kind: str
    table: str
    sql: str


SOURCES = (
    Source(
        "message",
        "messages",
        "SELECT m.sent_at AS at, m.msgid AS key, CASE m.origin WHEN 3 THEN 'wrote' ELSE 'served'"
        f" END AS what, m.outcome || {_AND_WHY.format('m.because')} AS why, m.body,"
        " COALESCE(m.servicer_userid, '') AS who, m.open_kfid, m.external_userid"
        " FROM conversations c JOIN messages m"
        f" USING (open_kfid, external_userid) WHERE c.{_ME} AND m.sent_at <= ?2",
    ),
    Source(
        "sent",
        "outbox",
        "SELECT o.created_at AS at, o.msgid AS key, o.state AS what, o.handled_by ||"
        f" {_AND_WHY.format('o.because')} AS why, o.body, '' AS who, o.open_kfid, o.external_userid"
        " FROM conversations c JOIN outbox o USING (open_kfid, external_userid)"
        f" WHERE c.{_ME} AND o.created_at <= ?2 AND o.kind IN ('SendMessage', 'SendOnEvent')",
    ),
    Source(
        "mass_send",
        "mass_sends",
        "SELECT s.planned_at AS at, s.id AS key, s.state AS what, s.member || ' ' || s.reason ||"
        " CASE s.why WHEN '' THEN '' ELSE ' ' || s.why END AS why, s.text AS body,"
        " s.member AS who, s.external_userid FROM mass_sends s"
        f" WHERE s.{_ME} AND s.planned_at <= ?2",
    ),
    Source(
        "case",
        "case_steps",
        "SELECT s.at, s.case_id || '/' || s.n AS key, s.name AS what, s.reason || CASE s.servicer"
        " WHEN '' THEN '' ELSE ' ' || s.servicer END AS why, NULL AS body, s.servicer AS who,"
        f" s.external_userid FROM case_steps s WHERE s.{_ME} AND s.at <= ?2",
    ),
    Source(
        "tag",
        "tag_history",
        "SELECT h.at, h.id AS key, CASE h.added WHEN 1 THEN '+' ELSE '-' END || h.name AS what,"
        " h.outcome || ' ' || h.source || CASE h.rule WHEN '' THEN '' ELSE ' ' || h.rule END ||"
        " CASE h.version WHEN '' THEN '' ELSE '@' || h.version END || CASE h.by WHEN '' THEN ''"
        " ELSE ' ' || h.by END AS why, NULL AS body, h.by AS who, h.external_userid"
        f" FROM tag_history h WHERE h.{_ME} AND h.at <= ?2",
    ),
    Source(
        "consent",
        "consents",
        "SELECT c.at, c.id AS key, c.purpose || ' ' || c.decision AS what, c.channel || ' ' ||"
        " c.notice_version || ' ' || c.by AS why, NULL AS body, c.by AS who, c.external_userid"
        " FROM consents c"
        f" WHERE c.{_ME} AND c.at <= ?2",
    ),
    Source(
        "contact",
        "relation_events",
        "SELECT e.at, e.userid || '/' || e.kind AS key, e.kind AS what, e.userid || ' ' || e.state"
        " || ' ' || e.detail AS why, NULL AS body, e.userid AS who, e.external_userid"
        " FROM relation_events e"
        f" WHERE e.{_ME} AND e.at <= ?2",
    ),
    Source(
        "order",
        "orders",
        "SELECT COALESCE(o.paid_at, o.changed_at) AS at, o.number AS key, o.status AS what,"
        " COALESCE(CAST(o.amount AS TEXT), '') AS why, NULL AS body, '' AS who, o.external_userid"
        " FROM orders o"
        f" WHERE o.{_ME} AND COALESCE(o.paid_at, o.changed_at) <= ?2",
    ),
    Source(
        "rating",
        "ratings",
        "SELECT r.asked_at AS at, r.case_id AS key, COALESCE(CAST(r.score AS TEXT), '') AS what,"
        " r.asked_how || ' ' || r.why_not AS why, NULL AS body, '' AS who, r.external_userid"
        " FROM ratings r"
        f" WHERE r.{_ME} AND r.asked_at <= ?2",
    ),
    Source(
        "link",
        "link_sends",
        f"SELECT l.sent_at AS at, l.token AS key, 'sent' AS what, {_TITLE.format('l')} || ' ' ||"
        " l.userid AS why, NULL AS body, l.userid AS who, l.external_userid FROM link_sends l"
        f" WHERE l.{_ME} AND l.sent_at <= ?2",
    ),
    Source(
        "opened",
        "link_opens",
        "SELECT o.at, o.token || '/' || o.at AS key, 'opened' AS what,"
        f" {_TITLE.format('o')} AS why, NULL AS body, '' AS who, o.external_userid"
        " FROM link_opens o"
        f" WHERE o.{_ME} AND o.at <= ?2",
    ),
    Source(
        "merge",
        "merges",
        "SELECT g.at, g.id AS key, 'merged' AS what, g.evidence || ' ' || g.by || ' ' || g.why AS"
        " why, NULL AS body, g.by AS who, ?1 AS external_userid FROM merges g"
        f" WHERE (g.kept IN {_MY_PERSONS} OR g.merged IN {_MY_PERSONS}) AND g.at <= ?2",
    ),
    Source(
        "unmerge",
        "merges",
        "SELECT g.undone_at AS at, g.id AS key, 'taken apart' AS what, g.undone_by || ' ' ||"
        " g.undone_why AS why, NULL AS body, COALESCE(g.undone_by, '') AS who,"
        " ?1 AS external_userid FROM merges g"
        f" WHERE (g.kept IN {_MY_PERSONS} OR g.merged IN {_MY_PERSONS}) AND g.undone_at <= ?2",
    ),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline.

    Args:
        why: the reason as it was stored with it.
        who: userid of whom it concerns or who did it, empty = no member did.
        open_kfid: the account at which something was written, empty = none has to do with it.
        text: what was written, if it was a text and can still be opened.
        place: where the next page goes on.
    """

    at: float
    kind: str
    what: str
    why: str
    who: str
    external_userid: str
    open_kfid: str
    text: str
    place: str


class Timeline:
    """Everything that happened to one person; no table of its own."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    async def page(self, external_userid: str, *, limit: int = 50, after: str = "") -> list[Moment]:
        """Newest first.

        Args:
            after: `place` of the last line of the page before.
        """
        place = _place(after)
        known = self._db.tables()
        found = []
        for source in SOURCES:
            if source.table in known:
                rows = await self._db.scan(
                    f"{source.sql} ORDER BY at DESC LIMIT ?3",
                    *(external_userid, place[0], limit + _SPARE),
                )
                found.append(_sorted(source.kind, rows))
        lines = [
            (kind, row)
            for key, kind, row in heapq.merge(*found, key=lambda one: one[0], reverse=True)
            if key < place
        ][:limit]
        await self._vault.ready(_subject(row["external_userid"]) for _, row in lines)
        return [self._moment(kind, row) for kind, row in lines]

    async def text_of(self, external_userid: str, msgid: str) -> str:
        """What the customer wrote then, at whichever account; empty when it is gone."""
        row = await self._db.fetch_one(
            "SELECT m.body, m.external_userid FROM conversations c JOIN messages m ON"
            " m.open_kfid = c.open_kfid AND m.msgid = ? AND m.external_userid = c.external_userid"
            " WHERE c.external_userid = ?",
            *(msgid, external_userid),
        )
        if row is None:
            return ""
        await self._vault.ready([_subject(external_userid)])
        return self._text(row)

    def _moment(self, kind: str, row: Row) -> Moment:
        return Moment(
            at=row["at"],
            kind=kind,
            what=str(row["what"]),
            why=" ".join(str(row["why"]).split()),
            who=row["who"],
            external_userid=row["external_userid"],
            open_kfid=row["open_kfid"] if kind in WRITTEN else "",
            text=self._text(row),
            place=f"{row['at']!r}/{kind}/{row['key']}",
        )

    def _text(self, row: Row) -> str:
        if row["body"] is None:
            return ""
        try:
            body = self._vault.open(_subject(row["external_userid"]), row["body"])
            return _text_in(msgspec.json.decode(body))
        except (Unreadable, msgspec.DecodeError):
            return ""


_Key = tuple[float, str, str]


def _sorted(kind: str, rows: list[Row]) -> Iterator[tuple[_Key, str, Row]]:
    keyed = [((float(row["at"]), kind, str(row["key"])), kind, row) for row in rows]
    yield from sorted(keyed, key=lambda one: one[0], reverse=True)


def _place(after: str) -> _Key:
    if not after:
        return (float("inf"), "", "")
    at, kind, key = after.split("/", 2)
    return (float(at), kind, key)


def _text_in(body: Any) -> str:
    """The text in a message's content, or in the payload of an effect."""
    for _ in range(3):
        if isinstance(body, Mapping):
            content = body.get("content", body.get("head_content"))
            if isinstance(content, str):
                return content
            msgtype = str(body.get("msgtype", ""))
            body = body.get("payload", body.get(msgtype, body.get("text")))
    return ""


def _subject(external_userid: str) -> str:
    return Conversation("", external_userid).subject
