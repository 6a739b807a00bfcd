"""How well are customers served? Prints 7-2-1, and makes the cases that it is read from again."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import PROMPTS, build_reporter, open_database
from bot.commands.report_table import print_report
from bot.config import Config
from bot.errors import Conflict, Misconfigured
from bot.measuring import Window, days_between, last_days
from bot.routing.phrases import Phrases
from bot.store import CaseRebuild, Compared, Database, Measured

_SHOWN = 20
_TRIES = 5
MAX_DAYS = 366


@dataclass(frozen=True, slots=True)
class Span:
    """Which days an operator asks for: so many, or from one to another, both included."""

    days: int = 7
    first: date | None = None
    last: date | None = None

    def window(self, now: float, zone: ZoneInfo) -> Window:
        """The days in the company's zone.

        Raises:
            Misconfigured: these are no days.
        """
        if self.first is None and self.last is None:
            if not 1 <= self.days <= MAX_DAYS:
                raise Misconfigured(f"--days 要在 1 到 {MAX_DAYS} 之间")
            return last_days(self.days, now, zone)
        last = self.last or datetime.fromtimestamp(now, zone).date()
        if self.first is None or not 0 <= (last - self.first).days < MAX_DAYS:
            raise Misconfigured(f"--from 要写，且不晚于 --to，最多 {MAX_DAYS} 天")
        return days_between(self.first, last, zone)


async def report_721(
    config: Config, span: Span, account: str, out: TextIO, *, as_json: bool = False
) -> int:
    """Print the report of some days.

    Args:
        account: open_kfid, empty = all.

    Raises:
        Misconfigured: these are no days, or there is no database.
    """
    now, zone = time.time(), ZoneInfo(config.timezone)
    window = span.window(now, zone)
    with _opened(config) as database:
        reporter = build_reporter(config, Measured(database))
        report = await reporter.report(window, now, account)
        names = {
            row["open_kfid"]: row["name"] or row["open_kfid"]
            for row in database.read_sync("SELECT open_kfid, name FROM accounts")
        }
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode(), file=out)
    else:
        print_report(report, zone, names, Phrases.load(PROMPTS), out)
    return 0


async def rebuild(config: Config, out: TextIO, *, check: bool) -> int:
    """Make the cases again from their steps and messages, or only say which differ.

    Raises:
        Misconfigured: the running service changes cases faster than they can be made.
    """
    with _opened(config) as database:
        cases = CaseRebuild(database)
        count, differing, unmade = 0, list[Compared](), 0
        for attempt in range(_TRIES):
            count, differing, unmade = await _differing(cases)
            if check or not differing:
                break
            try:
                await cases.write(differing)
            except Conflict:
                if attempt + 1 == _TRIES:
                    raise Misconfigured("运行中的服务一直在改，请稍后再试") from None
                continue
            break
    _tell(count, differing, unmade, out, check=check)
    return 1 if check and differing else 0


async def _differing(cases: CaseRebuild) -> tuple[int, list[Compared], int]:
    count, unmade, differing = 0, 0, list[Compared]()
    async for page in cases.compared():
        count += len(page)
        unmade += sum(1 for one in page if one.made is None)
        differing += [one for one in page if one.columns]
    return count, differing, unmade


def _tell(
    count: int, differing: Sequence[Compared], unmade: int, out: TextIO, *, check: bool
) -> None:
    what = "与记录不符" if check else "已按记录改正"
    print(f"核对了 {count:,} 件咨询，{what} {len(differing):,} 件。", file=out)
    if unmade:
        print(f"另有 {unmade:,} 件最早的记录已过保留期，无法重算，没有动。", file=out)
    for one in differing[:_SHOWN]:
        made = one.made
        assert made is not None
        columns = "缺这一件" if one.stored is None else "、".join(one.columns)
        print(f"  · {made.id}  {made.conversation.open_kfid}  {columns}", file=out)
    if len(differing) > _SHOWN:
        print(f"  ……还有 {len(differing) - _SHOWN:,} 件", file=sys.stderr)


@contextmanager
def _opened(config: Config) -> Iterator[Database]:
    database = open_database(config)
    try:
        yield database
    finally:
        database.close()
