"""Which APIs pass a member's customers on to another (wecom-api §4.14)?"""

from collections.abc import Mapping
from typing import Any

from simulator.api_contact import PREFIX, only
from simulator.arguments import Arguments, integer, required, strings, text
from simulator.errors import (
    BAD_CUSTOMER,
    BAD_PARAMETER,
    MEMBER_WITHOUT_CONTACT,
    NO_SUCH_MEMBER,
    NOT_LEFT,
    NOT_VERIFIED,
    SAME_MEMBER,
    TOO_LONG,
    TRANSFER_FULL,
    TRANSFER_UNDERWAY,
    TRANSFERRED_TOO_OFTEN,
    Refused,
)
from simulator.gate import Endpoint
from simulator.records import Content
from simulator.transfers import Transfer
from simulator.world import World

_MOST, _PAGE = 100, 1000
_MESSAGE_CHARS = 200


def endpoints(_world: World) -> Mapping[str, Endpoint]:
    """All paths of this family."""
    return {
        f"{PREFIX}transfer_customer": Endpoint(("POST",), transfer_customer),
        f"{PREFIX}transfer_result": Endpoint(("POST",), transfer_result),
        f"{PREFIX}resigned/transfer_customer": Endpoint(("POST",), resigned_transfer_customer),
        f"{PREFIX}resigned/transfer_result": Endpoint(("POST",), resigned_transfer_result),
        f"{PREFIX}get_unassigned_list": Endpoint(("POST",), get_unassigned_list),
    }


def transfer_customer(world: World, arguments: Arguments) -> Content:
    """`transfer_customer`: of somebody who is there; each customer has an errcode of his own."""
    names = ("handover_userid", "takeover_userid", "external_userid", "transfer_success_msg")
    only(world, arguments, *names)
    if len(text(arguments, "transfer_success_msg")) > _MESSAGE_CHARS:
        raise Refused(TOO_LONG, "transfer_success_msg longer than 200 characters")
    handover = _member(world, required(arguments, "handover_userid"))
    return _asked(world, arguments, handover, has_left=False)


def resigned_transfer_customer(world: World, arguments: Arguments) -> Content:
    """`resigned/transfer_customer`: of somebody who has left; without a message."""
    only(world, arguments, "handover_userid", "takeover_userid", "external_userid")
    handover = _known(world, required(arguments, "handover_userid"))
    if handover not in world.transfers.left:
        raise Refused(NOT_LEFT, "the member has not left")
    return _asked(world, arguments, handover, has_left=True)


def transfer_result(world: World, arguments: Arguments) -> Content:
    """`transfer_result`."""
    return _results(world, arguments, has_left=False)


def resigned_transfer_result(world: World, arguments: Arguments) -> Content:
    """`resigned/transfer_result`."""
    return _results(world, arguments, has_left=True)


def get_unassigned_list(world: World, arguments: Arguments) -> Content:
    """`get_unassigned_list`: customers of everybody who has left."""
    only(world, arguments, "page_id", "page_size", "cursor")
    size = integer(arguments, "page_size", _PAGE, least=1, most=_PAGE)
    begin = _begin(arguments)
    rows = world.transfers.unassigned()
    page = rows[begin : begin + size]
    more = begin + size < len(rows)
    info = [
        {
            "handover_userid": one.userid,
            "external_userid": one.external_userid,
            "dimission_time": int(world.transfers.left[one.userid]),
        }
        for one in page
    ]
    next_cursor = str(begin + size) if more else ""
    return {"info": info, "is_last": not more, "next_cursor": next_cursor}


def _asked(world: World, arguments: Arguments, handover: str, *, has_left: bool) -> Content:
    takeover = _member(world, required(arguments, "takeover_userid"))
    if takeover in world.transfers.unverified:
        raise Refused(NOT_VERIFIED, "the successor is not verified")
    if takeover == handover:
        raise Refused(SAME_MEMBER, "the same member")
    customers = strings(arguments, "external_userid")
    if not 1 <= len(customers) <= _MOST:
        raise Refused(BAD_PARAMETER, "external_userid must have 1 to 100 entries")
    answer: list[dict[str, Any]] = []
    for customer in customers:
        errcode = _errcode(world, (handover, takeover, customer), has_left=has_left)
        answer.append({"external_userid": customer, "errcode": errcode})
        if errcode == 0:
            made = Transfer(
                handover=handover,
                takeover=takeover,
                external_userid=customer,
                has_left=has_left,
                asked_at=world.now(),
            )
            world.transfers.all.append(made)
    return {"customer": answer}


def _errcode(world: World, named: tuple[str, str, str], *, has_left: bool) -> int:
    handover, takeover, customer = named
    if (handover, customer) not in world.friends.friendships:
        return BAD_CUSTOMER
    if world.transfers.waiting(customer):
        return TRANSFER_UNDERWAY
    if world.transfers.is_full(takeover):
        return TRANSFER_FULL
    if not has_left and world.transfers.too_often(customer):
        return TRANSFERRED_TOO_OFTEN
    return 0


def _results(world: World, arguments: Arguments, *, has_left: bool) -> Content:
    only(world, arguments, "handover_userid", "takeover_userid", "cursor")
    handover = _known(world, required(arguments, "handover_userid"))
    takeover = _known(world, required(arguments, "takeover_userid"))
    begin = _begin(arguments)
    newest = {
        one.external_userid: one
        for one in world.transfers.all
        if (one.handover, one.takeover, one.has_left) == (handover, takeover, has_left)
    }
    rows = list(newest.values())
    more = begin + _PAGE < len(rows)
    customers = [
        {
            "external_userid": one.external_userid,
            "status": one.status,
            "takeover_time": int(one.takeover_time),
        }
        for one in rows[begin : begin + _PAGE]
    ]
    return {"customer": customers, "next_cursor": str(begin + _PAGE) if more else ""}


def _begin(arguments: Arguments) -> int:
    cursor = text(arguments, "cursor")
    if cursor and not cursor.isdigit():
        raise Refused(BAD_PARAMETER, "invalid cursor")
    return int(cursor or 0)


def _known(world: World, userid: str) -> str:
    known = world.friends.member(userid)
    if known is None:
        raise Refused(NO_SUCH_MEMBER, "userid not found")
    return known


def _member(world: World, userid: str) -> str:
    known = _known(world, userid)
    if known in world.friends.barred:
        raise Refused(MEMBER_WITHOUT_CONTACT, "no external contact permission")
    return known
