"""What can a servicer do in the WeCom client? Take, say, transfer, end, stop, write to the app.

Only what the documentation describes for the client (wecom-api §3.5); the rest is impossible.
"""

from typing import Any

from simulator.errors import Impossible
from simulator.records import ENDED, HUMAN, QUEUED, Conversation, Servicer
from simulator.world import World


def take(world: World, userid: str, open_kfid: str, external_userid: str) -> None:
    """Take a session from the waiting pool (change_type 1)."""
    conversation = _at_desk(world, userid, open_kfid, external_userid)
    if conversation.state != QUEUED:
        raise Impossible(
            f"only a waiting session can be taken, this one is in {conversation.state}",
            "not_waiting",
        )
    world.change_state(conversation, HUMAN, told_by=None, servicer=userid)
    given = _first_reply_code(world, conversation)
    conversation.told_by = world.add_event(
        conversation, "session_status_change", change_type=1, new_servicer_userid=userid, **given
    )


def say(world: World, userid: str, open_kfid: str, external_userid: str, text: str) -> str:
    """Write to the customer; in a finished session this reopens it (change_type 4)."""
    return send(world, userid, (open_kfid, external_userid), "text", {"content": text})


def send(
    world: World, userid: str, where: tuple[str, str], msgtype: str, content: dict[str, Any]
) -> str:
    """Send a message of any type, as `say` does a text.

    Args:
        where: open_kfid and external_userid.
    """
    open_kfid, external_userid = where
    conversation = _at_desk(world, userid, open_kfid, external_userid)
    if conversation.state == ENDED and conversation.begun:
        _reopen(world, conversation, userid)
    if conversation.state != HUMAN or conversation.servicer != userid:
        raise Impossible(f"{userid} does not have this session", "not_yours")
    line = world.add_message(
        conversation,
        sender="servicer",
        msgtype=msgtype,
        content=content,
        servicer_userid=userid,
    )
    world.to_journal(
        open_kfid,
        {
            "msgid": line.msgid,
            "open_kfid": open_kfid,
            "external_userid": external_userid,
            "send_time": int(line.at),
            "origin": 5,
            "servicer_userid": userid,
            "msgtype": msgtype,
            msgtype: line.content,
        },
    )
    return line.msgid


def transfer(world: World, userid: str, to: str, open_kfid: str, external_userid: str) -> None:
    """Give the session to a colleague (change_type 2)."""
    conversation = _has_session(world, userid, open_kfid, external_userid)
    if to == userid or not _servicer(world, open_kfid, to).receiving:
        raise Impossible(f"{to} cannot take this session", "not_receiving")
    world.change_state(conversation, HUMAN, told_by=None, servicer=to)
    conversation.told_by = world.add_event(
        conversation,
        "session_status_change",
        change_type=2,
        old_servicer_userid=userid,
        new_servicer_userid=to,
    )


def end(world: World, userid: str, open_kfid: str, external_userid: str) -> None:
    """End the session (change_type 3)."""
    conversation = _has_session(world, userid, open_kfid, external_userid)
    world.change_state(conversation, ENDED, told_by=None)
    code = world.new_code(conversation, "end")
    conversation.told_by = world.add_event(
        conversation,
        "session_status_change",
        change_type=3,
        old_servicer_userid=userid,
        msg_code=code,
    )


def set_receiving(world: World, userid: str, open_kfid: str, receiving: bool) -> None:
    """Start or stop receiving; the event says 1 or 2 where the list says 0 or 1 (§3.9)."""
    servicer = _servicer(world, open_kfid, userid)
    servicer.receiving = receiving
    world.feed.publish("servicer", lambda: servicer_view(world, open_kfid, servicer))
    event: dict[str, Any] = {
        "event_type": "servicer_status_change",
        "servicer_userid": userid,
        "status": 1 if receiving else 2,
        "open_kfid": open_kfid,
    }
    if not receiving:
        event["stop_type"] = 0
    world.to_journal(
        open_kfid,
        {
            "msgid": world.new_id("sim_"),
            "send_time": int(world.now()),
            "origin": 4,
            "msgtype": "event",
            "event": event,
        },
    )


def tell_app(world: World, userid: str, text: str) -> None:
    """Write to the app itself; it reaches the product as an encrypted message (§2.6)."""
    if userid not in world.members:
        raise Impossible(f"no member {userid}")
    world.on_app_message(userid, text)


def servicer_view(world: World, open_kfid: str, servicer: Servicer) -> dict[str, Any]:
    """What the control API shows of a servicer."""
    return {
        "open_kfid": open_kfid,
        "userid": servicer.userid,
        "name": world.members.get(servicer.userid, servicer.userid),
        "receiving": servicer.receiving,
    }


def _servicer(world: World, open_kfid: str, userid: str) -> Servicer:
    account = world.accounts.get(open_kfid)
    servicer = account.servicers.get(userid) if account else None
    if servicer is None:
        raise Impossible(f"{userid} is not a servicer of {open_kfid}", "no_servicer")
    return servicer


def _at_desk(world: World, userid: str, open_kfid: str, external_userid: str) -> Conversation:
    _servicer(world, open_kfid, userid)
    return world.place(open_kfid, external_userid)


def _has_session(world: World, userid: str, open_kfid: str, external_userid: str) -> Conversation:
    conversation = _at_desk(world, userid, open_kfid, external_userid)
    if conversation.state != HUMAN or conversation.servicer != userid:
        raise Impossible(f"{userid} does not have this session", "not_yours")
    return conversation


def _reopen(world: World, conversation: Conversation, userid: str) -> None:
    former = conversation.former_servicer or userid
    conversation.active_at = world.now()
    conversation.codes_given = set()
    world.change_state(conversation, HUMAN, told_by=None, servicer=userid)
    conversation.told_by = world.add_event(
        conversation,
        "session_status_change",
        change_type=4,
        old_servicer_userid=former,
        new_servicer_userid=userid,
    )


def _first_reply_code(world: World, conversation: Conversation) -> dict[str, Any]:
    if "reply" in conversation.codes_given:
        return {}
    conversation.codes_given.add("reply")
    return {"msg_code": world.new_code(conversation, "reply")}
