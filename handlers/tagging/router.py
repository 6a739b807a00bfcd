"""Tag customers by what they themselves write and do.

Only what a customer wrote counts: no servicer's words and none of ours, nor the words of a menu
item, which are ours too. A person may hand in what the customer told him (`tagging.said`).
"""

from collections.abc import Mapping

from bot.model import CustomerAdded, Emitted, MessageRecalled, SessionEntered, StaffAction
from bot.model.consents import Purpose
from bot.routing import Router, Stage, Turn
from bot.routing.facts import CUSTOMER
from bot.store import Store
from handlers.tagging import store
from handlers.tagging.circumstances import Around
from handlers.tagging.giving import Giver, Heard, open_purposes
from handlers.tagging.in_force import TagRules
from handlers.tagging.taking_back import take_back

router = Router("tagging", stage=Stage.GUARD, tables=store.TABLES)

SAID = "tagging.said"
"""A member hands in, word for word, what a customer told him; `data["text"]`."""

ARCHIVED = "archive_text"
"""What a customer wrote that was kept in the archive; `data`: `text`, `msgid`, `at`."""

REREAD_DAYS, REREAD_MESSAGES = 180, 200
"""How much of what is kept is read again once the customer has consented."""


@router.observe()
async def heard(turn: Turn, facts: Store, rules: TagRules) -> None:
    """A message of the customer."""
    if turn.message.origin == CUSTOMER and rules.book.rules:
        await Giver(turn, facts, rules).by_message(turn.message, turn.facts.channel)


@router.on(Emitted)
async def happened(turn: Turn, event: Emitted, facts: Store, rules: TagRules) -> None:
    """What another behaviour told: an order, a finished flow, an opened link."""
    await _by_event(Giver(turn, facts, rules), turn, event.name, event.data)


@router.on(SessionEntered)
async def entered(turn: Turn, event: SessionEntered, facts: Store, rules: TagRules) -> None:
    """The customer opened the chat, by some channel."""
    fields = {"scene": event.scene, "scene_param": event.scene_param}
    await _by_event(Giver(turn, facts, rules), turn, "session_entered", fields)


@router.on(CustomerAdded)
async def added(turn: Turn, event: CustomerAdded, facts: Store, rules: TagRules) -> None:
    """The customer became a member's friend."""
    fields = {"userid": event.userid, "state": event.state}
    await _by_event(Giver(turn, facts, rules), turn, "customer_added", fields)


@router.on(MessageRecalled)
async def recalled(turn: Turn, event: MessageRecalled, facts: Store, rules: TagRules) -> None:
    """The customer took a message back: what rests on it alone goes with it."""
    if event.servicer_userid or not turn.external_userid:
        return
    since = turn.now - REREAD_DAYS * 86_400
    written = await facts.transcript.written_by(turn.external_userid, since, REREAD_MESSAGES)
    await take_back(turn, facts, rules, event.recall_msgid, written)


@router.action(SAID)
async def handed_in(turn: Turn, action: StaffAction, facts: Store, rules: TagRules) -> None:
    """What a customer told a member of staff."""
    source = Heard(action.client_id or f"{SAID}/{turn.now}", turn.now)
    around = Around(turn.local_time(turn.now))
    await Giver(turn, facts, rules).by_text(str(action.data.get("text", "")), source, around)


@router.on(Emitted, tag=ARCHIVED)
async def archived(turn: Turn, event: Emitted, facts: Store, rules: TagRules) -> None:
    """What the archive holds is read only with a consent of its own."""
    if not turn.external_userid:
        return
    if Purpose.ARCHIVE_ANALYSIS.value in await open_purposes(turn, facts):
        msgid, at = str(event.data["msgid"]), float(event.data["at"])
        around = Around(turn.local_time(at))
        text = str(event.data["text"])
        await Giver(turn, facts, rules).by_text(text, Heard(msgid, at, msgid), around)


@router.on(Emitted, tag="consent_given")
async def consented(turn: Turn, event: Emitted, facts: Store, rules: TagRules) -> None:
    """Read again what the customer wrote before and is kept, so that consent is worth something."""
    wanted = {Purpose.PROFILING_TAGS, *(group.purpose for group in facts.tags.settings.groups)}
    if event.data.get("purpose") not in wanted or not turn.external_userid:
        return
    since = turn.now - REREAD_DAYS * 86_400
    giver = Giver(turn, facts, rules)
    messages = await facts.transcript.written_by(turn.external_userid, since, REREAD_MESSAGES)
    for message in messages:
        await giver.by_message(message)


async def _by_event(giver: Giver, turn: Turn, name: str, fields: Mapping[str, object]) -> None:
    if turn.external_userid:
        await giver.by_event(name, fields)
