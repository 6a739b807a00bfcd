"""Who did what, when and why? Reads the audit; nothing here can change it."""

import json
import time
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import open_store
from bot.config import Config
from bot.errors import Misconfigured
from bot.store import Store

_DAY_S = 86_400
_FIELDS = ("at", "actor", "action", "subject", "why", "version", "inputs", "result", "trace_id")


async def search(
    config: Config,
    out: TextIO,
    *,
    actor: str = "",
    action: str = "",
    subject: str = "",
    since: str = "",
    limit: int = 200,
    as_json: bool = False,
    now: float | None = None,
) -> int:
    """Print entries, newest first.

    Args:
        actor: who; its beginning when it ends in ``*``.
        subject: an external_userid, a person_id, or what else something was done to.
        since: a number of days, as ``7d``, or a date.

    Raises:
        Misconfigured: `since` is neither.
    """
    zone = ZoneInfo(config.timezone)
    after = _moment(since, time.time() if now is None else now, zone)
    store = open_store(config)
    try:
        subjects = await _names(store, subject) if subject else []
        rows = await store.audit.search(
            actor=actor, action=action, subjects=subjects, since=after, limit=limit
        )
    finally:
        store.close()
    for row in rows:
        if as_json:
            print(json.dumps({key: row[key] for key in _FIELDS}, ensure_ascii=False), file=out)
            continue
        when = datetime.fromtimestamp(row["at"], zone).strftime("%Y-%m-%d %H:%M:%S")
        line = f"{when}  {row['actor']}  {row['action']}  {row['subject']}"
        more = [
            f"{name}={row[key]}"
            for name, key in (("因为", "why"), ("版本", "version"), ("结果", "result"))
            if row[key]
        ]
        print("  ".join([line, *more]), file=out)
    if not rows and not as_json:
        print("没有这样的记录。", file=out)
    return 0


async def _names(store: Store, subject: str) -> list[str]:
    """What the subject may be called in the audit: a customer goes by person_id."""
    return [subject, *await store.audit.persons_of([subject])]


def _moment(since: str, now: float, zone: ZoneInfo) -> float:
    if not since:
        return 0.0
    if since.endswith("d") and since[:-1].isdigit():
        return now - int(since[:-1]) * _DAY_S
    try:
        return datetime.fromisoformat(since).replace(tzinfo=zone).timestamp()
    except ValueError as error:
        raise Misconfigured("--since 写成天数（如 7d）或日期（如 2026-11-01）") from error
