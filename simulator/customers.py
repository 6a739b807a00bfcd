"""What can a customer do on the phone? Open a chat, write, tap, send things, recall."""

import base64
from collections.abc import Iterable
from typing import Any

import msgspec

from simulator.errors import Impossible
from simulator.records import (
    ENDED,
    NEW,
    WINDOW_S,
    Content,
    Conversation,
    Media,
    Message,
)
from simulator.world import World

_MEGABYTE = 1 << 20
_LARGEST = {
    "image": 2 * _MEGABYTE,
    "voice": 2 * _MEGABYTE,
    "video": 10 * _MEGABYTE,
    "file": 20 * _MEGABYTE,
}
"""Larger media reach the app as a text notice (wecom-api §3.7)."""


class BulkLine(msgspec.Struct):
    """One message of many."""

    external_userid: str
    text: str


def enter(
    world: World,
    open_kfid: str,
    external_userid: str,
    *,
    scene: str = "",
    scene_param: str = "",
) -> str | None:
    """Open the chat; returns the welcome code if this opening has one (§3.9)."""
    conversation = world.place(open_kfid, external_userid)
    now = world.now()
    fields: Content = {"scene": scene, "scene_param": scene_param}
    conversation.entered, conversation.entered_at = dict(fields), now
    code = None
    if now - max(conversation.welcomed_at, conversation.customer_at) >= WINDOW_S:
        code = world.new_code(conversation, "welcome")
        fields["welcome_code"] = code
    world.add_event(conversation, "enter_session", **fields)
    return code


def say(
    world: World, open_kfid: str, external_userid: str, text: str, *, menu_id: str | None = None
) -> str:
    """Write a text, or tap a menu item; returns the msgid."""
    content: Content = {"content": text}
    if menu_id is not None:
        content["menu_id"] = menu_id
    return send(world, open_kfid, external_userid, "text", content)


def send(
    world: World,
    open_kfid: str,
    external_userid: str,
    msgtype: str,
    content: Content,
    *,
    file: bytes | None = None,
) -> str:
    """Send anything, known to the documentation or not; returns the msgid."""
    conversation = world.place(open_kfid, external_userid)
    if file is not None:
        msgtype, content = _attach(world, msgtype, content, file)
    message = _write(world, conversation, msgtype, content)
    world.on_hint(open_kfid)
    return message.msgid


def bulk(
    world: World, open_kfid: str, lines: Iterable[BulkLine], *, callback: bool = True
) -> list[str]:
    """Many messages of many customers behind one callback, or behind none."""
    written = []
    for line in lines:
        if line.external_userid not in world.customers:
            world.add_customer(external_userid=line.external_userid)
        conversation = world.place(open_kfid, line.external_userid)
        written.append(_write(world, conversation, "text", {"content": line.text}).msgid)
    if callback:
        world.on_hint(open_kfid)
    return written


def recall(world: World, open_kfid: str, external_userid: str, msgid: str) -> None:
    """Take back a message of one's own."""
    conversation = world.place(open_kfid, external_userid)
    message = conversation.by_msgid.get(msgid)
    if message is None or message.sender != "customer" or message.recalled:
        raise Impossible(f"no message of this customer to recall: {msgid}")
    message.recalled = True
    world.publish_message(conversation, message)
    world.add_event(conversation, "user_recall_msg", recall_msgid=msgid)


def decode_file(encoded: str) -> bytes:
    """A file as the control API carries it.

    Raises:
        Impossible: it is not base64.
    """
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise Impossible("file_base64 is not base64") from error


def _attach(world: World, msgtype: str, content: Content, file: bytes) -> tuple[str, Content]:
    if len(file) > _LARGEST.get(msgtype, 20 * _MEGABYTE):
        return "text", {"content": "[文件过大，请在手机端查看]"}
    media_id = world.new_id("media_")
    filename = str(content.get("filename") or f"{msgtype}.bin")
    world.media[media_id] = Media(msgtype, filename, file, world.now())
    return msgtype, {**content, "media_id": media_id}


def _write(world: World, conversation: Conversation, msgtype: str, content: Content) -> Message:
    now = world.now()
    _reset_allowance(conversation, now)
    reopens = conversation.state == ENDED
    if reopens:
        conversation.begun = True
        conversation.codes_given = set()
        conversation.state = NEW
    message = world.add_message(conversation, sender="customer", msgtype=msgtype, content=content)
    conversation.unread += 1
    position = world.to_journal(conversation.open_kfid, _entry(conversation, message), hint=False)
    if reopens:
        world.change_state(conversation, NEW, told_by=position)
    return message


def _reset_allowance(conversation: Conversation, now: float) -> None:
    """A customer message renews window and allowance (§3.10)."""
    conversation.customer_at = conversation.active_at = now
    if conversation.spent or conversation.said:
        conversation.run = 0
        conversation.said.clear()
    conversation.spent = 0
    conversation.run += 1


def _entry(conversation: Conversation, message: Message) -> dict[str, Any]:
    return {
        "msgid": message.msgid,
        "open_kfid": conversation.open_kfid,
        "external_userid": conversation.external_userid,
        "send_time": int(message.at),
        "origin": 3,
        "msgtype": message.msgtype,
        message.msgtype: _on_the_wire(message.content),
    }


def _on_the_wire(content: Content) -> Content:
    """A file is known by its media_id alone; media/get tells its name (§3.8, §1.9)."""
    if "media_id" not in content:
        return content
    return {name: value for name, value in content.items() if name != "filename"}
