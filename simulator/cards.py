"""What becomes of a template card: sent, pressed, changed (wecom-api §5.3 to §5.5)?"""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.app_inbox import check_agent, publish
from simulator.arguments import Arguments, integer, integers, mapping, required, strings, text
from simulator.card_contents import buttons_of, calls_back, check_card
from simulator.errors import (
    BAD_PARAMETER,
    NO_CALLBACK_URL,
    TOO_MANY_RECIPIENTS,
    WRONG_TYPE,
    Impossible,
    Refused,
)
from simulator.records import AppMessage, CardPress, Content, ResponseCode, SentCard
from simulator.world import World

SEND = "/cgi-bin/message/send"
_MOST_USERS = 1000


def check(world: World, request: Arguments) -> None:
    """Let a card pass that WeCom would take.

    Raises:
        Refused: it is malformed, its task_id is used, or presses on it could not come back.
    """
    if world.faults and (fault := world.faults.take("refuse_card", SEND)):
        raise Refused(fault.code or NO_CALLBACK_URL, "on demand")
    content = request["template_card"]
    _check_form(world, content, is_update=False)
    if not calls_back(content):
        return
    if not world.has_callback():
        raise Refused(NO_CALLBACK_URL, "app has no callback URL")
    task_id = text(content, "task_id")
    if (earlier := world.cards.get(task_id)) is not None:
        if earlier.request != request:  # the same once more is a retry whose answer was lost
            world.blame("task_id_reused", task_id)
        raise Refused(world.options.repeated_task_id_code, "task_id repeated")


def keep(
    world: World, msgid: str, request: Arguments, copies: dict[str, AppMessage]
) -> dict[str, str]:
    """Remember a card that was sent; the answer's code, if it can be changed."""
    content = request["template_card"]
    if not calls_back(content):
        return {}
    card = SentCard(
        task_id=content["task_id"], msgid=msgid, at=world.now(), request=request, copies=copies
    )
    world.cards[card.task_id] = card
    return {"response_code": _new_code(world, card)}


def update(world: World, arguments: Arguments) -> Content:
    """`message/update_template_card`: the code works once, for those who are named."""
    check_agent(world, arguments)
    wanted = {key: arguments[key] for key in ("button", "template_card") if key in arguments}
    if len(wanted) != 1:
        raise Refused(BAD_PARAMETER, "either button or template_card")
    code = _valid_code(world, required(arguments, "response_code"), arguments)
    if "button" in wanted:
        replaced_by, content = required(mapping(arguments, "button"), "replace_name"), None
    else:
        content = mapping(arguments, "template_card")
        _check_form(world, content, is_update=True)
        replaced_by = text(content, "replace_text")
    whose, unknown = _whose(code.card, arguments)
    code.used = arguments
    for userid, copy in whose.items():
        copy.content = content if content is not None else copy.content
        copy.replaced_by, copy.changed_at = replaced_by, world.now()
        publish(world, userid, copy)
    return {"invaliduser": unknown} if unknown else {}


def press(
    world: World,
    userid: str,
    task_id: str,
    key: str,
    selected: Mapping[str, list[str]] | None = None,
) -> str:
    """A member presses a button of a card; returns the code that this press brings.

    Raises:
        Impossible: the member has no such card, or it shows no such button now.
    """
    card = world.cards.get(task_id)
    copy = card.copies.get(userid) if card else None
    if card is None or copy is None or copy.recalled:
        raise Impossible(f"{userid} has no card {task_id}")
    event = buttons_of(copy.content).get(key)
    if event is None or copy.replaced_by:
        raise Impossible(f"the card shows no button {key} now")
    code = _new_code(world, card)
    world.on_press(
        CardPress(
            event=event,
            userid=userid,
            key=key,
            task_id=task_id,
            card_type=copy.content["card_type"],
            response_code=code,
            selected=dict(selected or {}),
        )
    )
    return code


def card_view(card: SentCard) -> dict[str, Any]:
    """What the control API shows of a card: what was sent, and each copy as it looks now."""
    return {
        "task_id": card.task_id,
        "msgid": card.msgid,
        "at": card.at,
        "sent": card.request["template_card"],
        "copies": {userid: msgspec.to_builtins(copy) for userid, copy in card.copies.items()},
    }


def _check_form(world: World, content: Arguments, *, is_update: bool) -> None:
    try:
        check_card(content, is_update=is_update)
    except Refused as refused:
        world.blame("bad_card", refused.hint)
        raise


def _new_code(world: World, card: SentCard) -> str:
    code = world.new_id("response_code_")
    world.response_codes[code] = ResponseCode(code=code, card=card, made_at=world.now())
    return code


def _valid_code(world: World, name: str, arguments: Arguments) -> ResponseCode:
    code = world.response_codes.get(name)
    if code is None:
        world.blame("forged_response_code", name)
        raise Refused(world.options.used_response_code, "invalid response_code")
    if code.used is not None:
        if code.used != arguments:  # the same once more is a retry whose answer was lost
            world.blame("response_code_reused", code.card.task_id)
        raise Refused(world.options.used_response_code, "response_code used")
    if world.now() - code.made_at >= world.options.response_code_s:
        raise Refused(world.options.used_response_code, "response_code expired")
    return code


def _whose(card: SentCard, arguments: Arguments) -> tuple[dict[str, AppMessage], list[str]]:
    """The copies that change, and the userids that have none."""
    wanted = strings(arguments, "userids")
    groups = integers(arguments, "partyids") + integers(arguments, "tagids")
    if integer(arguments, "atall", 0, least=0, most=1):
        return dict(card.copies), []
    if not wanted and not groups:
        raise Refused(WRONG_TYPE, "userids, partyids, tagids and atall all empty")
    if len(wanted) > _MOST_USERS:
        raise Refused(TOO_MANY_RECIPIENTS, "more than 1000 users")
    by_name = {userid.lower(): userid for userid in card.copies}
    found = [by_name[one.lower()] for one in wanted if one.lower() in by_name]
    return (
        {userid: card.copies[userid] for userid in found},
        [one.lower() for one in wanted if one.lower() not in by_name],
    )
