"""May the product say this now? `kf/send_msg` and `kf/send_msg_on_event` (wecom-api §3.10-3.11)."""

import re

import msgspec

from simulator.arguments import Arguments, mapping, required, text
from simulator.contents import check_content
from simulator.errors import (
    ALLOWANCE_SPENT,
    BAD_CUSTOMER,
    BAD_MSGTOKEN,
    BAD_MSGTYPE,
    BAD_PARAMETER,
    STATE_FORBIDS_SENDING,
    WINDOW_CLOSED,
    Refused,
)
from simulator.records import (
    ALLOWANCE,
    BOT,
    ENDED,
    HUMAN,
    NEW,
    QUEUED,
    WINDOW_S,
    Account,
    Content,
    Conversation,
    EventCode,
    Message,
)
from simulator.world import World

_MSGID = re.compile(r"[0-9a-zA-Z_-]{1,32}")

CODE_LIFETIME_S = {"welcome": 20, "end": 20, "queue": WINDOW_S, "reply": WINDOW_S}
_CODE_TYPES = {
    "welcome": ("text", "msgmenu"),
    "end": ("text", "msgmenu"),
    "queue": ("text",),
    "reply": ("text",),
}

_PATHS = {"send_msg": "/cgi-bin/kf/send_msg", "event": "/cgi-bin/kf/send_msg_on_event"}

_canonical = msgspec.json.Encoder(order="sorted").encode


def send_msg(world: World, arguments: Arguments) -> Content:
    """Accept a message for a customer, or refuse it."""
    account = world.account(text(arguments, "open_kfid"))
    touser = required(arguments, "touser")
    msgtype = required(arguments, "msgtype")
    content = mapping(arguments, msgtype)
    said = hash(_canonical((msgtype, content)))
    msgid = _checked_msgid(world, account, text(arguments, "msgid"), hash((touser, said)))
    if touser not in world.customers:
        raise Refused(BAD_CUSTOMER, "invalid external_userid")
    check_content(world, msgtype, content)
    conversation = world.conversations.get((account.open_kfid, touser))
    if conversation is None:
        world.blame("talks_in_human_state", f"{touser} never opened this chat")
        raise Refused(STATE_FORBIDS_SENDING, "no session")
    _check_session(world, world.settle(conversation))
    _check_repetition(world, conversation, said)
    message = _accept(world, conversation, msgtype, content, msgid=msgid, via="send_msg")
    account.msgids[message.msgid] = hash((touser, said))
    if conversation.state == NEW:
        world.change_state(conversation, BOT, told_by=-1)
    return {"msgid": message.msgid}


def send_msg_on_event(world: World, arguments: Arguments) -> Content:
    """Accept the one message that a code allows, or refuse it."""
    code = world.codes.get(required(arguments, "code"))
    if code is None:
        world.blame("forged_code", text(arguments, "code"))
        raise Refused(BAD_MSGTOKEN, "invalid msgtoken")
    account = world.accounts[code.conversation.open_kfid]
    msgtype = required(arguments, "msgtype")
    content = mapping(arguments, msgtype)
    said = hash((code.code, _canonical((msgtype, content))))
    msgid = text(arguments, "msgid")
    if code.used is not None:
        _blame_reuse(world, code, msgid, said)
        raise Refused(BAD_MSGTOKEN, "code already used")
    msgid = _checked_msgid(world, account, msgid, said)
    if msgtype not in _CODE_TYPES[code.kind]:
        raise Refused(BAD_MSGTYPE, f"msgtype {msgtype!r} not allowed for a {code.kind} code")
    check_content(world, msgtype, content)
    _check_code(world, code)
    message = _accept(world, code.conversation, msgtype, content, msgid=msgid, via="event")
    account.msgids[message.msgid] = said
    code.used, code.used_msgid = said, msgid
    if code.kind == "welcome":
        code.conversation.welcomed_at = world.now()
    return {"msgid": message.msgid}


def _checked_msgid(world: World, account: Account, msgid: str, fingerprint: int) -> str:
    if not msgid:
        world.blame("no_msgid", "a retry of this message would reach the customer twice")
        return ""
    if not _MSGID.fullmatch(msgid):
        world.blame("bad_msgid", msgid[:80])
        raise Refused(BAD_PARAMETER, "msgid malformed")
    earlier = account.msgids.get(msgid)
    if earlier is None:
        return msgid
    if earlier != fingerprint:
        world.blame("msgid_reused_with_other_body", msgid)
    raise Refused(world.options.repeated_msgid_code, "msgid repeated")


def _check_session(world: World, conversation: Conversation) -> None:
    """State, window and allowance, in this order except that a closed window explains state 4."""
    whom = conversation.external_userid
    human = conversation.state in (QUEUED, HUMAN)
    if not human and conversation.begun and world.now() - conversation.customer_at >= WINDOW_S:
        world.blame("after_window", whom)
        raise Refused(WINDOW_CLOSED, "more than 48 h after the last customer message")
    if human or conversation.state == ENDED:
        if world.product_knew(conversation):
            world.blame("talks_in_human_state", f"{whom} in state {conversation.state}")
        raise Refused(STATE_FORBIDS_SENDING, "session state does not allow sending")
    if conversation.spent >= ALLOWANCE:
        world.blame("over_allowance", whom)
        raise Refused(ALLOWANCE_SPENT, "five messages until the customer writes again")


def _check_repetition(world: World, conversation: Conversation, said: int) -> None:
    """The same words more often than the customer's latest run of messages can ask for."""
    if conversation.said[said] >= max(conversation.run, 1):
        world.blame("same_text_twice", f"{conversation.external_userid}, {conversation.run} asked")
    conversation.said[said] += 1


def _blame_reuse(world: World, code: EventCode, msgid: str, said: int) -> None:
    """A retry of the very same message is no fault: its answer may have been lost (§1.6)."""
    if msgid and msgid == code.used_msgid and said == code.used:
        return
    kind = "welcome_twice" if code.kind == "welcome" else "code_reused"
    world.blame(kind, code.conversation.external_userid)


def _check_code(world: World, code: EventCode) -> None:
    conversation = world.settle(code.conversation)
    age = world.now() - code.made_at
    if age >= CODE_LIFETIME_S[code.kind]:
        kind = "welcome_late" if code.kind == "welcome" else "code_late"
        world.blame(kind, f"{conversation.external_userid}: {age:.1f} s")
        raise Refused(BAD_MSGTOKEN, "code expired")
    if code.kind != "welcome" and conversation.state != code.state:
        if world.product_knew(conversation):
            world.blame("wrong_state_code", f"{code.kind} code in state {conversation.state}")
        raise Refused(STATE_FORBIDS_SENDING, "session has left the state of this code")


def _accept(
    world: World,
    conversation: Conversation,
    msgtype: str,
    content: Content,
    *,
    msgid: str,
    via: str,
) -> Message:
    message = world.add_message(
        conversation, sender="bot", msgtype=msgtype, content=content, via=via, msgid=msgid
    )
    if via == "send_msg":
        conversation.spent += 1
    if world.faults and (fault := world.faults.take("send_fail", _PATHS[via])):
        message.failed = fault.code or 0
        world.publish_message(conversation, message)
        world.add_event(
            conversation, "msg_send_fail", fail_msgid=message.msgid, fail_type=message.failed
        )
    return message
