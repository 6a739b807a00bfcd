"""Which matters are left for a person to follow up, and how are they closed by hand?"""

import time
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import PROMPTS, open_store
from bot.commands.consent import operator
from bot.config import Config
from bot.errors import Misconfigured
from bot.routing.phrases import Phrases
from bot.store import Line, Store
from handlers.escalation import store as escalation
from handlers.escalation.store import Ticket

SHOWN = 200
_LEVELS = {2: "一线", 3: "专家"}
_SPEAKERS = {"customer": "客户", "bot": "机器人", "servicer": "同事"}


async def listed(config: Config, out: TextIO, *, as_json: bool = False) -> int:
    """Print what is open, oldest first."""
    store = open_store(config)
    try:
        tickets = await escalation.tickets(store, SHOWN)
        names = await _names(store)
    finally:
        store.close()
    if as_json:
        told = [_told(one, names) for one in tickets]
        print(msgspec.json.format(msgspec.json.encode(told)).decode(), file=out)
        return 0
    phrases, zone = Phrases.load(PROMPTS), ZoneInfo(config.timezone)
    for one in tickets:
        print(_line(one, names, phrases, zone), file=out)
    print(f"共 {len(tickets)} 件待跟进。" if tickets else "没有待跟进的事。", file=out)
    return 0


async def show(config: Config, number: int, out: TextIO) -> int:
    """Print one with what was said.

    Raises:
        Misconfigured: there is no open one of this number.
    """
    phrases, zone = Phrases.load(PROMPTS), ZoneInfo(config.timezone)
    store = open_store(config)
    try:
        ticket = await _open_one(store, number)
        names = await _names(store)
        case = await store.cases.get(ticket.case_id)
        since = case.opened_at if case else ticket.opened_at - 86_400
        said = await store.transcript.dialogue(ticket.conversation, since, 20)
    finally:
        store.close()
    print(_line(ticket, names, phrases, zone), file=out)
    print(f"  客户 {ticket.conversation.external_userid}，咨询 {ticket.case_id or '无'}", file=out)
    print(f"  留的电话：{ticket.contact or '没有留'}", file=out)
    for line in said:
        print(f"  {_said(line, zone)}", file=out)
    return 0


async def close(config: Config, number: int, out: TextIO) -> int:
    """Close one by hand.

    Raises:
        Misconfigured: there is no open one of this number.
    """
    store = open_store(config)
    try:
        ticket = await _open_one(store, number)
        await escalation.close_ticket(store, ticket, operator(), time.time())
    finally:
        store.close()
    print(f"已办结 {number}。", file=out)
    return 0


async def _open_one(store: Store, number: int) -> Ticket:
    ticket = await escalation.ticket(store, number)
    if ticket is None:
        raise Misconfigured(f"没有编号为 {number} 的待跟进；concierge tickets list 列出现在的")
    return ticket


async def _names(store: Store) -> dict[str, str]:
    return {one.open_kfid: one.name for one in await store.accounts.all() if one.name}


def _line(one: Ticket, names: dict[str, str], phrases: Phrases, zone: ZoneInfo) -> str:
    when = datetime.fromtimestamp(one.opened_at, zone).strftime("%Y-%m-%d %H:%M")
    key = f"escalation.reason_{one.reason}"
    reason = phrases.say(key) if phrases.has_reply(key) else one.reason
    account = names.get(one.conversation.open_kfid, one.conversation.open_kfid)
    whose = f"由 {one.given_to} 跟进" if one.given_to else "还没有人跟进"
    contact = "，留了电话" if one.contact else ""
    level = _LEVELS.get(one.level, "一线")
    return f"{one.id:>5}  {when}  {account}  {reason}（{level}）  {whose}{contact}"


def _said(line: Line, zone: ZoneInfo) -> str:
    at = datetime.fromtimestamp(line.at, zone).strftime("%m-%d %H:%M")
    text = " ".join(line.text.split()) or f"[{line.msgtype}]"
    return f"{at} {_SPEAKERS[line.who]}：{text}"


def _told(one: Ticket, names: dict[str, str]) -> dict[str, Any]:
    where = one.conversation
    return {
        "id": one.id,
        "case_id": one.case_id,
        "account": names.get(where.open_kfid, ""),
        "open_kfid": where.open_kfid,
        "external_userid": where.external_userid,
        "level": one.level,
        "reason": one.reason,
        "opened_at": one.opened_at,
        "given_to": one.given_to,
        "has_contact": bool(one.contact),
    }
