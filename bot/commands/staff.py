"""Who is on duty, at which account and until when, and when is somebody there again?"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import PROMPTS, build_roster
from bot.commands.check_staff import LEVEL_NAMES, accounts_of, staff_notes
from bot.config import Config, StaffMember
from bot.errors import Misconfigured
from bot.model.cases import EXPERT, JUNIOR
from bot.policy.calendar import DayKind, WorkCalendar
from bot.policy.roster import Roster, opening
from bot.routing.phrases import Phrases
from bot.routing.wording import opening_text

_LEVELS = {JUNIOR: "一线", EXPERT: "专家"}
_DAYS = {
    DayKind.ORDINARY: "",
    DayKind.HOLIDAY: "，放假",
    DayKind.MAKE_UP: "，调休上班",
}


def staff(config: Config, at: str, now: float, out: TextIO, *, as_json: bool = False) -> int:
    """Print the roster of one moment.

    Args:
        config: the configuration.
        at: a local time such as ``2026-10-01 10:00``, empty = now.
        now: Unix seconds.
        out: where the answer goes.
        as_json: times are Unix seconds then.

    Raises:
        Misconfigured: `at` is no time.
    """
    zone = ZoneInfo(config.timezone)
    moment = _moment(at, zone) if at else now
    shown = _Shown(config, build_roster(config), moment, zone)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(shown.facts())).decode(), file=out)
        return 0
    for line in shown.lines():
        print(line, file=out)
    return 0


def _moment(text: str, zone: ZoneInfo) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone).timestamp()
    except ValueError as error:
        raise Misconfigured(f"{text!r} 不是时间，应如 2026-10-01 10:00") from error


class _Shown:
    """The roster of one moment, for people and for programs."""

    def __init__(self, config: Config, roster: Roster, at: float, zone: ZoneInfo) -> None:
        self._config, self._roster, self._at, self._zone = config, roster, at, zone
        self._phrases = Phrases.load(PROMPTS)
        self._kind = WorkCalendar(config.calendar).kind(datetime.fromtimestamp(at, zone).date())

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "at": self._at,
            "day": self._kind.value,
            "on_duty": [
                {
                    "userid": one.userid,
                    "name": one.name,
                    "level": one.level,
                    "accounts": one.accounts,
                    "until": self._roster.off_duty_at(one.userid, self._at),
                }
                for one in self._on_duty()
            ],
            "off_duty": [one.userid for one in self._off_duty()],
            "accounts": [
                {
                    "open_kfid": account,
                    "junior": self._next(account, JUNIOR),
                    "expert": self._next(account, EXPERT),
                }
                for account in accounts_of(self._config)
            ],
            "notes": list(staff_notes(self._config, self._at)),
        }

    def lines(self) -> Iterator[str]:
        """As people read it."""
        local = datetime.fromtimestamp(self._at, self._zone)
        day = self._phrases.say("engine.day_names")[local.weekday()]
        yield f"{local:%Y-%m-%d %H:%M} 周{day}{_DAYS[self._kind]}（{self._config.timezone}）"
        if not self._config.staff:
            yield "没有配置 staff。"
            return
        on_duty, off_duty = list(self._on_duty()), list(self._off_duty())
        yield f"在岗 {len(on_duty)} 人：" if on_duty else "现在没有人在岗。"
        for one in on_duty:
            accounts = "、".join(one.accounts) or "全部账号"
            yield f"  {self._person(one)}  {accounts}  {self._until(one)}"
        if off_duty:
            yield f"不在岗 {len(off_duty)} 人："
            yield from (f"  {self._person(one)}" for one in off_duty)
        yield "下一次有人接："
        for account in accounts_of(self._config):
            known = [f"{_LEVELS[level]}的会话 {self._opening(account, level)}" for level in _LEVELS]
            yield f"  {account or '全部账号'}  {'，'.join(known)}"
        for note in staff_notes(self._config, self._at):
            yield f"提示：{note}"
        yield "这是排班；会话只分给企业微信显示正在接待的人。"

    def _on_duty(self) -> Iterator[StaffMember]:
        return (one for one in self._config.staff if self._roster.on_duty(one.userid, self._at))

    def _off_duty(self) -> Iterator[StaffMember]:
        return (one for one in self._config.staff if not self._roster.on_duty(one.userid, self._at))

    def _person(self, member: StaffMember) -> str:
        name = f"{member.name}（{member.userid}）{LEVEL_NAMES[member.level]}"
        return name if member.capacity else f"{name}，不分会话"

    def _until(self, member: StaffMember) -> str:
        if not member.shifts:
            return "不排班"
        until = self._roster.off_duty_at(member.userid, self._at)
        return "两周内一直在岗" if until is None else f"到 {self._say(until)}"

    def _next(self, account: str, level: int) -> float | None:
        return self._roster.next_opening(account, level, self._at)

    def _opening(self, account: str, level: int) -> str:
        at = self._next(account, level)
        if at is None:
            return "两周内没有"
        return "现在" if at == self._at else self._say(at)

    def _say(self, at: float) -> str:
        return opening_text(self._phrases, opening(at, self._at, self._zone))
