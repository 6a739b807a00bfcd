"""Which APIs make mass-send tasks and tell what came of them (wecom-api §4.12)?

Tasks for single customers, named by id; groups and tags are not played.
"""

from collections.abc import Mapping, Sequence

from simulator.api_contact import PREFIX, only
from simulator.api_welcome import check_parts
from simulator.arguments import Arguments, integer, required, strings, text
from simulator.errors import (
    BAD_MASS_MSGID,
    BAD_PARAMETER,
    MEMBER_WITHOUT_CONTACT,
    NO_MASS_MSGID,
    NO_SUCH_MEMBER,
    NOBODY_TO_SEND_TO,
    SEND_CANCELLED,
    STILL_DISPATCHING,
    WRONG_TYPE,
    Refused,
)
from simulator.gate import Endpoint
from simulator.mass_sends import MOST_REMINDERS, REMINDERS_S, MassTask
from simulator.records import Content
from simulator.world import World

TEXT_BYTES, MOST_CUSTOMERS = 4000, 10_000
MONTH_S = 31 * 86_400
_BY_COMPANY, _BY_MEMBERS, _ALL = range(3)
_NEITHER, _SENT = 0, 2


def endpoints(_world: World) -> Mapping[str, Endpoint]:
    """All paths of this family."""
    return {
        f"{PREFIX}add_msg_template": Endpoint(("POST",), add_msg_template),
        f"{PREFIX}get_groupmsg_list_v2": Endpoint(("POST",), listed),
        f"{PREFIX}get_groupmsg_task": Endpoint(("POST",), asked),
        f"{PREFIX}get_groupmsg_send_result": Endpoint(("POST",), results),
        f"{PREFIX}remind_groupmsg_send": Endpoint(("POST",), remind),
        f"{PREFIX}cancel_groupmsg_send": Endpoint(("POST",), cancel),
    }


def add_msg_template(world: World, arguments: Arguments) -> Content:
    """`add_msg_template`: without a sender it goes to whoever knew the customer last."""
    only(
        world,
        arguments,
        *("chat_type", "external_userid", "sender", "allow_select", "text", "attachments"),
    )
    if text(arguments, "chat_type") not in ("", "single"):
        raise Refused(BAD_PARAMETER, "only chat_type single is played")
    if not isinstance(arguments.get("allow_select", False), bool):
        raise Refused(WRONG_TYPE, "allow_select must be true or false")
    wanted = strings(arguments, "external_userid")
    if not 1 <= len(wanted) <= MOST_CUSTOMERS:
        raise Refused(BAD_PARAMETER, "external_userid must have 1 to 10,000 entries")
    check_parts(world, arguments, text_bytes=TEXT_BYTES)
    whom, failed = _assigned(world, text(arguments, "sender"), wanted)
    if not whom:
        if world.mass_sends.silent_when_nobody:
            return {"fail_list": failed}
        raise Refused(NOBODY_TO_SEND_TO, "no customer to send to")
    body: Content = {name: arguments[name] for name in ("text", "attachments") if name in arguments}
    return {"fail_list": failed, "msgid": world.mass_sends.create(body, whom)}


def listed(world: World, arguments: Arguments) -> Content:
    """`get_groupmsg_list_v2`: what was made within at most a month."""
    only(
        world,
        arguments,
        *("chat_type", "start_time", "end_time", "creator", "filter_type", "limit", "cursor"),
    )
    if required(arguments, "chat_type") not in ("single", "group"):
        raise Refused(BAD_PARAMETER, "chat_type")
    begin = integer(arguments, "start_time", 0, least=1, most=2**40)
    end = integer(arguments, "end_time", 0, least=1, most=2**40)
    if not 0 <= end - begin <= MONTH_S:
        raise Refused(BAD_PARAMETER, "a span of at most a month")
    wanted = integer(arguments, "filter_type", _ALL, least=0, most=2)
    until = world.now() - world.mass_sends.lists_after_s
    found = [
        {
            "msgid": one.msgid,
            "create_time": str(int(one.created_at)),
            "create_type": 0,
            "attachments": [],
            **one.body,
        }
        for one in world.mass_sends.tasks.values()
        if begin <= int(one.created_at) <= end and one.created_at <= until
    ]
    shown = [] if wanted == _BY_MEMBERS or arguments["chat_type"] == "group" else found
    return _page(arguments, "group_msg_list", shown, default=50, most=100)


def asked(world: World, arguments: Arguments) -> Content:
    """`get_groupmsg_task`: which members have sent it."""
    only(world, arguments, "msgid", "limit", "cursor")
    task = _answering(world, arguments)
    rows: list[Content] = []
    for userid in task.results:
        row: Content = {"userid": userid, "status": _NEITHER}
        if userid in task.confirmed:
            row |= {"status": _SENT, "send_time": int(task.confirmed[userid])}
        rows.append(row)
    return _page(arguments, "task_list", rows, default=500, most=1000)


def results(world: World, arguments: Arguments) -> Content:
    """`get_groupmsg_send_result`: what became of each customer of one member."""
    only(world, arguments, "msgid", "userid", "limit", "cursor")
    task = _answering(world, arguments)
    userid = world.friends.member(required(arguments, "userid")) or ""
    rows: list[Content] = []
    for customer, status in task.results.get(userid, {}).items():
        row: Content = {"external_userid": customer, "userid": userid, "status": status}
        if (userid, customer) in task.sent_at:
            row["send_time"] = int(task.sent_at[userid, customer])
        rows.append(row)
    return _page(arguments, "send_list", rows, default=500, most=1000)


def remind(world: World, arguments: Arguments) -> Content:
    """`remind_groupmsg_send`: at most three times in 24 h."""
    only(world, arguments, "msgid")
    task, now = _task(world, arguments), world.now()
    if task.cancelled:
        raise Refused(SEND_CANCELLED, "cancelled")
    if sum(now - at < REMINDERS_S for at in task.reminded) >= MOST_REMINDERS:
        world.blame("reminded_too_often", task.msgid)
        raise Refused(BAD_PARAMETER, "at most 3 reminders in 24 h")
    task.reminded.append(now)
    return {}


def cancel(world: World, arguments: Arguments) -> Content:
    """`cancel_groupmsg_send`: stops whoever has not sent."""
    only(world, arguments, "msgid")
    task = _task(world, arguments)
    if task.cancelled:
        raise Refused(SEND_CANCELLED, "cancelled")
    task.cancelled = True
    world.feed.publish("contacts", dict)
    return {}


def _assigned(
    world: World, sender: str, wanted: Sequence[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Who is to write to whom, and to whom nobody can."""
    whom: dict[str, list[str]] = {}
    failed = []
    userid = _member(world, sender) if sender else ""
    for customer in wanted:
        followers = [one for one in world.friends.followers(customer) if userid in ("", one.userid)]
        if followers:
            whom.setdefault(followers[-1].userid, []).append(customer)
        else:
            failed.append(customer)
    return whom, failed


def _member(world: World, userid: str) -> str:
    known = world.friends.member(userid)
    if known is None:
        raise Refused(NO_SUCH_MEMBER, "userid not found")
    if known in world.friends.barred:
        raise Refused(MEMBER_WITHOUT_CONTACT, "no external contact permission")
    return known


def _task(world: World, arguments: Arguments) -> MassTask:
    msgid = text(arguments, "msgid")
    if not msgid:
        raise Refused(NO_MASS_MSGID, "msgid missing")
    task = world.mass_sends.tasks.get(msgid)
    if task is None:
        raise Refused(BAD_MASS_MSGID, "msgid invalid")
    if world.now() - task.created_at < world.mass_sends.dispatch_s:
        raise Refused(STILL_DISPATCHING, "still being dispatched")
    return task


def _answering(world: World, arguments: Arguments) -> MassTask:
    task = _task(world, arguments)
    if task.cancelled and world.mass_sends.hides_cancelled:
        raise Refused(SEND_CANCELLED, "cancelled")
    return task


def _page(
    arguments: Arguments, name: str, rows: Sequence[Content], *, default: int, most: int
) -> Content:
    limit = integer(arguments, "limit", default, least=1, most=most)
    cursor = text(arguments, "cursor")
    if cursor and not cursor.isdigit():
        raise Refused(BAD_PARAMETER, "invalid cursor")
    begin = int(cursor or 0)
    more = begin + limit < len(rows)
    page = list(rows[begin : begin + limit])
    return {name: page, "next_cursor": str(begin + limit) if more else ""}
