"""Who takes over from a member who leaves or gets another job? `concierge staff handover|leaving`.

One commit begins it, so that a command that was cut off has done all or nothing; the running
service asks WeCom for the customers and follows them.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TextIO

from bot.app import PROMPTS
from bot.app.channels import named
from bot.app.contacts import contact_apis
from bot.commands.channels import channels_of, opened
from bot.commands.consent import operator
from bot.commands.customers import note
from bot.config import Config
from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.delivery.lanes import SystemClock
from bot.errors import Misconfigured, NotFriends, WeComError
from bot.model import Case, Emitted, Lane, NotifyStaff
from bot.routing.phrases import Phrases
from bot.store import Arrival, Draft, Passing, Store, Succession, Unit
from bot.store.successions import UNDERWAY, succession
from bot.telemetry import Metrics
from bot.wecom.client import WeComClient
from bot.wecom.limits import platform_limits
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport, new_session

_DAY_S = 86_400.0
_MOST_TASKS = 100_000
_ASKED = frozenset({Passing.ASKING, Passing.WAITING})
_DECIDED = frozenset({Passing.PLANNED, Passing.REFUSED})
"""What stays as it is when the same two are named again; another successor is asked for anew."""

SUCCEEDED = "succeeded"
"""Name of the emission that tells a case that somebody takes a member's place."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    Args:
        member, successor: userids.
        has_left: the company; otherwise the member has another job in it.
        message: what WeCom tells each customer, empty = its own words.
    """

    member: str
    successor: str
    has_left: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would move.

    Args:
        customers: the member's, as WeCom has them.
        underway: how many of them are on the way already, `refused` have refused this successor.
        too_often: how many WeCom would not transfer again now, as far as we know.
        codes: channels on which the member is.
        posters: codes of single customers that lead to him; of `unread` WeCom must be asked.
        tasks: how many open ones, `later` of them with the customer whom they are about.
    """

    customers: tuple[str, ...]
    underway: int
    refused: int
    too_often: int
    codes: tuple[str, ...]
    posters: int
    unread: int
    cases: tuple[Case, ...]
    tasks: int
    later: int


async def hand_over(config: Config, request: Request, out: TextIO, *, dry_run: bool = False) -> int:
    """Say what moves, and begin.

    Args:
        dry_run: say it only.

    Raises:
        Misconfigured: the successor cannot take over, or WeCom cannot be asked.
    """
    if len(request.message) > platform_limits().contact.transfer_message_chars:
        raise Misconfigured("--message 最多 200 个字")
    async with opened(config) as store, _wecom(config, store) as api:
        try:
            await _check(store, api, request)
            customers = await customers_of(api, request)
        except WeComError as error:
            raise Misconfigured(f"没问成企业微信，什么也没有改：{error}") from error
        plan = await planned(store, request, customers, time.time())
        _print(plan, request, out)
        if dry_run:
            print("这是预览，什么也没有改；去掉 --dry-run 就开始。", file=out)
            return 0
        await begin(config, store, request, plan, time.time())
    print(
        "开始了：码几秒内改过来；客户由正在运行的 concierge serve 逐批转，客户 24 小时内可以拒绝。",
        file=out,
    )
    print(f"进展：concierge staff handovers {request.member}", file=out)
    if any(one.key == request.member.lower() for one in config.staff):
        print(f"config.yaml 的 staff 里还有 {request.member}，请一并改掉。", file=out)
    return 0


async def back(config: Config, member: str, out: TextIO) -> int:
    """The member is back: codes lead to him again, who was not asked for yet stays with him.

    Raises:
        Misconfigured: nobody has taken his place.
    """
    now = time.time()
    async with opened(config) as store:
        lasting = [one for one in await store.successions.open() if one.member == member.lower()]
        if not lasting:
            raise Misconfigured(f"没有人在接替 {member}")
        planned = [await store.successions.counts(one.id) for one in lasting]
        unit = Unit()
        store.successions.end(unit, member, now)
        await store.database.commit(unit)
        await note(store, "staff.back", f"member:{member.lower()}", now)
    kept = sum(counts[Passing.PLANNED] for counts in planned)
    asked = sum(counts[Passing.ASKING] + counts[Passing.WAITING] for counts in planned)
    print(f"{member} 回来了：码又由他接待；还没转的 {kept} 位客户不转了。", file=out)
    if asked:
        print(f"已经向企业微信提出的 {asked} 位收不回来：客户不拒绝就会转走。", file=out)
    return 0


# ---------------------------------------------------------------------- what WeCom says


@asynccontextmanager
async def _wecom(config: Config, store: Store) -> AsyncIterator[ContactApi]:
    clock, metrics = SystemClock(), Metrics()
    async with new_session() as session:
        transport = Transport(session, config.wecom.api_base)
        secret = config.wecom.secret.get_secret_value()
        client = WeComClient(transport, AccessTokens(transport, config.wecom.corp_id, secret))
        apis = contact_apis(config, client, transport, clock, metrics)
        access = ContactAccess(store, apis, clock, enabled=config.contacts.enabled)
        try:
            api = await access.api()
        except WeComError as error:
            raise Misconfigured(f"没问成企业微信，什么也没有改：{error}") from error
        if api is None:
            raise Misconfigured(
                "企业微信不许可客户联系的接口，转不了客户：见 docs/how-to/connect-wecom.md"
            )
        yield api


async def _check(store: Store, api: ContactApi, request: Request) -> None:
    """Whether these two can be who they are said to be.

    Raises:
        Misconfigured: they cannot.
    """
    member, successor = request.member.lower(), request.successor.lower()
    present = {one.lower() for one in await api.contacts.members()}
    if member == successor:
        raise Misconfigured("接替的人不能是他自己")
    if successor not in present:
        raise Misconfigured(
            f"{request.successor} 不在企业微信「客户联系」的使用范围里（或者应用看不见他），"
            f"不能接替。现在能接的有 {len(present)} 位"
        )
    stand_ins = await store.successions.stand_ins()
    if successor in stand_ins:
        raise Misconfigured(
            f"{request.successor} 自己的客户正交给 {stand_ins[successor]}，不能接替别人；"
            f"他回来了就先 concierge staff back {request.successor}"
        )
    if request.has_left and member in present:
        raise Misconfigured(
            f"{request.member} 还在职（企业微信只让离职成员这样转，40097）；"
            "调岗用 concierge staff handover"
        )
    if not request.has_left and member not in present:
        raise Misconfigured(
            f"{request.member} 已不在「客户联系」的使用范围里；离职了用 concierge staff leaving"
        )


async def customers_of(api: ContactApi, request: Request) -> list[str]:
    """The member's customers, as WeCom has them.

    Raises:
        WeComError: it does not say.
    """
    if request.has_left:
        return await api.transfers.unassigned(request.member)
    try:
        return await api.contacts.customers_of(request.member)
    except NotFriends:
        return []


# ---------------------------------------------------------------------- what would move


async def planned(store: Store, request: Request, customers: Sequence[str], now: float) -> Plan:
    """What would move.

    Args:
        customers: the member's, as WeCom has them.
        now: Unix seconds.
    """
    member, limits = request.member.lower(), platform_limits().contact
    known = {}
    for one in await store.successions.open():
        if one.member == member:
            for row in await store.successions.customers(one.id):
                again = one.successor == request.successor.lower()
                if row.state in _ASKED or (again and row.state in _DECIDED):
                    known[row.external_userid] = row.state
    often = await store.successions.transferred(now - limits.transfer_window_days * _DAY_S)
    new = [one for one in customers if one not in known]
    tasks = await store.tasks.listed(member=member, limit=_MOST_TASKS)
    ways = await store.personal_ways.living()
    states = [known[one] for one in customers if one in known]
    return Plan(
        customers=tuple(customers),
        underway=sum(state in UNDERWAY for state in states),
        refused=sum(state is Passing.REFUSED for state in states),
        too_often=0
        if request.has_left
        else sum(often[one] >= limits.transfers_on_job for one in new),
        codes=tuple(one.id for one in await channels_of(store, member)),
        posters=sum(member in map(str.lower, way.users or ()) for way in ways),
        unread=sum(way.users is None for way in ways),
        cases=tuple(await store.cases.held_by(member)),
        tasks=len(tasks),
        later=0
        if request.has_left
        else sum(one.task.external_userid in set(customers) for one in tasks),
    )


def _print(plan: Plan, request: Request, out: TextIO) -> None:
    how = "离职" if request.has_left else "调岗"
    print(f"{request.member} {how}，由 {request.successor} 接替：", file=out)
    about = [
        f"{count} 位{text}"
        for count, text in (
            (plan.underway, "已经在转"),
            (plan.refused, "拒绝过，不再问"),
            (plan.too_often, " 90 天内转过两次，企业微信多半不收"),
        )
        if count
    ]
    among = f"，其中 {'、'.join(about)}" if about else ""
    print(f"  客户 {len(plan.customers)} 位{among}", file=out)
    if request.has_left:
        print("  （企业微信要过一阵才列全离职成员的客户，三天里每小时再看一次）", file=out)
    codes = f"：{'、'.join(plan.codes)}" if plan.codes else ""
    print(f"  渠道码 {len(plan.codes)} 个{codes}", file=out)
    unread = f"，另有 {plan.unread} 个要问过企业微信才知道" if plan.unread else ""
    print(f"  客户自己的裂变码 {plan.posters} 个{unread}（海报不用重发）", file=out)
    print(f"  进行中的会话 {len(plan.cases)} 个", file=out)
    later = f"，其中 {plan.later} 件等客户转过去再给" if plan.later else ""
    print(f"  待办 {plan.tasks} 件{later}", file=out)


# ---------------------------------------------------------------------- beginning


async def begin(config: Config, store: Store, request: Request, plan: Plan, now: float) -> None:
    """Begin, in one commit; who begins again adds what was not there before."""
    unit = Unit()
    pair = (request.member, request.successor)
    begun = succession(pair, has_left=request.has_left, by=operator(), at=now)
    begun = replace(begun, message=request.message)
    store.successions.begin(unit, begun)
    store.successions.plan(unit, begun, plan.customers, now)
    if request.has_left:
        store.ways.went_away(unit, [begun.member], [], now)
    store.tasks.hand_on(unit, begun.pair)
    await store.mailbox.deliver(unit, [_told(one, begun) for one in plan.cases], now)
    draft = _welcomed(config, begun, plan)
    await store.outbox.post(unit, [draft], now)
    await store.database.commit(unit)
    action = "staff.leaving" if request.has_left else "staff.handover"
    result = f"successor={begun.successor} customers={len(plan.customers)}"
    await note(store, action, f"member:{begun.member}", now, result=result)


def _told(case: Case, begun: Succession) -> Arrival:
    where = case.conversation
    event = Emitted(
        name=SUCCEEDED,
        data={"userid": begun.member},
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
    )
    key = f"{SUCCEEDED}:{begun.id}:{case.id}"
    return Arrival(where.subject, event, Lane.HANDOFF, key=key, sent_at=begun.at)


def _welcomed(config: Config, begun: Succession, plan: Plan) -> Draft:
    """What the successor is told."""
    text = Phrases.load(PROMPTS).say(
        "channels.taking_over",
        member=named(config, begun.member),
        codes=len(plan.codes),
        tasks=plan.tasks - plan.later,
        cases=len(plan.cases),
        customers=len(plan.customers) - plan.refused,
    )
    return Draft(
        subject="corp",
        queue=f"staff/{begun.successor}",
        conversation=None,
        lane=Lane.BACKGROUND,
        effect=NotifyStaff(userids=(begun.successor,), text=text),
        expires_at=begun.at + _DAY_S,
        msgid=f"succ_{begun.id}",
    )
