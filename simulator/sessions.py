"""Who has a session, and may the product move it (wecom-api §3.5)?"""

from simulator.arguments import Arguments, integer, required, text
from simulator.errors import (
    BAD_CUSTOMER,
    BAD_PARAMETER,
    NOT_A_SERVICER,
    SERVICER_STOPPED,
    SESSION_ENDED,
    TRANSITION_FORBIDDEN,
    Refused,
)
from simulator.records import (
    BOT,
    ENDED,
    HUMAN,
    NEW,
    QUEUED,
    Account,
    Content,
    Conversation,
)
from simulator.world import World

_ALLOWED = {
    NEW: (BOT, QUEUED, HUMAN, ENDED),
    BOT: (QUEUED, HUMAN, ENDED),
    QUEUED: (HUMAN, ENDED),
    HUMAN: (HUMAN, ENDED),
    ENDED: (),
}
_CODE_KINDS = {QUEUED: "queue", HUMAN: "reply", ENDED: "end"}


def state_get(world: World, arguments: Arguments) -> Content:
    """`kf/service_state/get`: after this the product knows."""
    conversation = _conversation(world, arguments)
    if conversation is None:
        return {"service_state": ENDED}
    conversation.told_by, world.telling = -1, conversation
    answer: Content = {"service_state": conversation.state}
    if conversation.state == HUMAN:
        answer["servicer_userid"] = conversation.servicer
    return answer


def state_trans(world: World, arguments: Arguments) -> Content:
    """`kf/service_state/trans`: no event tells of it, the caller knows (§3.5)."""
    target = integer(arguments, "service_state", NEW, least=BOT, most=ENDED)
    conversation = _conversation(world, arguments)
    _check_move(world, conversation, target)
    assert conversation is not None
    servicer = None
    if target == HUMAN:
        servicer = _receiving_servicer(world, conversation, arguments)
        if conversation.state == HUMAN and conversation.servicer == servicer:
            world.blame("illegal_transition", f"3 to 3 with the same servicer {servicer}")
            raise Refused(TRANSITION_FORBIDDEN, "already with this servicer")
    world.change_state(conversation, target, told_by=-1, servicer=servicer)
    world.telling = conversation
    return _code_of(world, conversation)


def find_servicer(account: Account, userid: str) -> str | None:
    """The servicer's userid as stored; case does not matter (§0)."""
    if userid in account.servicers:
        return userid
    return next((known for known in account.servicers if known.lower() == userid.lower()), None)


def _conversation(world: World, arguments: Arguments) -> Conversation | None:
    account = world.account(text(arguments, "open_kfid"))
    external_userid = required(arguments, "external_userid")
    if external_userid not in world.customers:
        raise Refused(BAD_CUSTOMER, "invalid external_userid")
    found = world.conversations.get((account.open_kfid, external_userid))
    return world.settle(found) if found else None


def _check_move(world: World, conversation: Conversation | None, target: int) -> None:
    if conversation is None:
        world.blame("illegal_transition", f"no session to move to {target}")
        raise Refused(TRANSITION_FORBIDDEN, "no session")
    if target in _ALLOWED[conversation.state]:
        return
    if world.product_knew(conversation):
        world.blame(
            "illegal_transition",
            f"{conversation.external_userid}: {conversation.state} to {target}",
        )
    if conversation.state == ENDED and conversation.begun:
        raise Refused(SESSION_ENDED, "session already ended")
    raise Refused(TRANSITION_FORBIDDEN, "this state transition is not allowed")


def _receiving_servicer(world: World, conversation: Conversation, arguments: Arguments) -> str:
    account = world.accounts[conversation.open_kfid]
    wanted = text(arguments, "servicer_userid")
    if not wanted:
        raise Refused(BAD_PARAMETER, "servicer_userid missing")
    userid = find_servicer(account, wanted)
    if userid is None:
        raise Refused(NOT_A_SERVICER, "user is not a servicer")
    if not account.servicers[userid].receiving:
        raise Refused(SERVICER_STOPPED, "servicer stopped or suspended")
    return userid


def _code_of(world: World, conversation: Conversation) -> Content:
    """A code at the first entry into 2 or 3, and at every end."""
    kind = _CODE_KINDS.get(conversation.state)
    if kind is None or kind in conversation.codes_given:
        return {}
    if kind != "end":
        conversation.codes_given.add(kind)
    return {"msg_code": world.new_code(conversation, kind)}
