"""Offer to have something changed in the company's systems, and have it done once it is confirmed.

Whoever wants something done emits `propose`; nothing happens before the customer, who sees what
exactly will be done, taps the offer or says a clear word in a later message. What came of it is
told as it is: done, refused, not made, or that nobody knows, and then people look after it.
"""

import structlog

from bot.config import Config, Tool, checked
from bot.errors import Misconfigured, ToolFailed
from bot.model import (
    Because,
    EffectDone,
    EffectFailed,
    Emitted,
    ErrandOutcome,
    MenuItem,
    MessageRecalled,
    SessionChanged,
)
from bot.routing import IsText, Router, Stage, Tapped, Turn
from bot.routing.errand_texts import offer_key
from bot.routing.wording import ERRANDS_CATEGORY
from bot.store import Store
from handlers.errands import store
from handlers.errands.store import Arguments, Errand

log = structlog.get_logger(__name__)

router = Router("errands", stage=Stage.SESSION, tables=store.TABLES)

MAX_OFFER_BYTES = 900
"""An offer is read whole, in one message: a menu's head holds 1024 bytes (wecom-api §3.10)."""

_YES, _NO = "errand:yes:", "errand:no:"
_REFUSED = "errand"
"""Reason of an escalation: something was to be done, and the bot may not or cannot offer it."""


# ---------------------------------------------------------------------- offering


@router.on(Emitted, tag="propose")
async def proposed(turn: Turn, event: Emitted, facts: Store, config: Config) -> None:
    """Show what exactly would be done, and ask."""
    if _people_have(turn):
        return
    name = str(event.data.get("tool", ""))
    tool = config.tools.get(name)
    try:
        if tool is None or tool.writes is None:
            raise Misconfigured("no such tool writes")
        arguments = checked(tool, event.data.get("arguments") or {})
        await _offer(turn, facts, name, tool, arguments, by=str(event.data.get("by", "")))
    except (Misconfigured, ToolFailed) as error:
        log.error("errand.not_offered", tool=name if tool else "?", error=str(error))
        turn.emit("escalate", reason=_REFUSED)


async def _offer(
    turn: Turn,
    facts: Store,
    name: str,
    tool: Tool,
    arguments: Arguments,
    *,
    by: str = "",
    preface: str = "",
) -> None:
    assert tool.writes is not None
    text = _offer_text(turn, name, tool, arguments)
    if len(text.encode()) > MAX_OFFER_BYTES:
        raise Misconfigured("the offer is too long to be read in one message")
    if turn.account.autonomy.for_category(ERRANDS_CATEGORY) != "auto":
        raise Misconfigured(f"autonomy: {ERRANDS_CATEGORY} is not auto")
    lives_s = tool.writes.confirm_within_s
    errand = await store.offer(facts, turn, name, arguments, lives_s=lives_s, wanted_by=by)
    _say_offer(turn, errand, "\n".join(part for part in (preface, text) if part))


def _offer_text(turn: Turn, name: str, tool: Tool, arguments: Arguments) -> str:
    missing = turn.phrases.say("errands.not_given")
    shown = {key: arguments.get(key, missing) for key in tool.arguments}
    return turn.phrases.say(offer_key(name), **shown)


def _say_offer(turn: Turn, errand: Errand, text: str) -> None:
    minutes = max(1, round((errand.expires_at - turn.now) / 60))
    items = ((_YES, "errands.item_yes"), (_NO, "errands.item_no"))
    turn.reply(
        f"{text}\n{turn.phrases.say('errands.ask', minutes=minutes)}",
        menu=[MenuItem(f"{mark}{errand.id}", turn.phrases.say(key)) for mark, key in items],
        because=errand.offered,
        category=ERRANDS_CATEGORY,
    )


# ---------------------------------------------------------------------- the customer answers


@router.message(Tapped(_YES))
async def tapped_yes(turn: Turn, facts: Store, config: Config) -> None:
    """The customer taps that it be done."""
    errand_id = (turn.message.menu_id or "").removeprefix(_YES)
    errand = await store.get(facts, turn, errand_id)
    if errand is None or turn.runs_errand(errand_id):
        _say(turn, "errands.gone" if errand is None else "errands.under_way")
    elif errand.state == store.OFFERED:
        await _confirm(turn, facts, config, errand)
    else:
        known = {store.CONFIRMED: "errands.under_way", "done": "errands.done_before"}
        _say(turn, known.get(errand.state, "errands.gone"))


@router.message(Tapped(_NO))
async def tapped_no(turn: Turn, facts: Store) -> None:
    """The customer taps that it not be done."""
    errand = await store.get(facts, turn, (turn.message.menu_id or "").removeprefix(_NO))
    if errand is not None and errand.state in (store.OFFERED, store.CONFIRMED):
        _cancel(turn, errand)
    else:
        _say(turn, "errands.gone")


@router.message(IsText())
async def answered(turn: Turn, facts: Store, config: Config) -> None:
    """A clear word counts as an answer; a yes only straight after the offer was read."""
    if turn.message.menu_id:
        return
    heard, text = turn.phrases.heard, turn.text
    gives_up, confirms = heard("errands.cancel", text), heard("errands.confirm", text)
    agrees, is_unclear = heard("errands.agree", text), heard("errands.unclear", text)
    if not (gives_up or confirms or agrees or is_unclear):
        return
    errand = await store.last(facts, turn, store.OFFERED)
    if errand is None:
        under_way = await store.last(facts, turn, store.CONFIRMED) if gives_up else None
        if under_way is not None:
            _say(turn, "errands.under_way")
    elif gives_up:
        _cancel(turn, errand)
    elif (confirms or agrees) and not _asks(text) and await _is_next(turn, facts, errand):
        await _confirm(turn, facts, config, errand)
    elif confirms or is_unclear:
        await _remind(turn, facts, config, errand)


async def _is_next(turn: Turn, facts: Store, errand: Errand) -> bool:
    """Whether this message was written after the offer arrived, and is the first one since."""
    sent_at = await store.read_at(facts, turn, errand)
    if sent_at is None or turn.message.sent_at <= sent_at or turn.decisions.handled:
        return False
    return not await store.spoken_since(facts, turn.conversation, sent_at)


async def _confirm(turn: Turn, facts: Store, config: Config, errand: Errand) -> None:
    tool = config.tools.get(errand.tool)
    people = await store.wanted_people_since(facts, turn, errand)
    if tool is None or tool.writes is None or people:
        store.close_open(turn, "withdrawn")
        _say(turn, "errands.gone")
    elif turn.now > errand.expires_at:
        await _offer_again(turn, facts, errand, tool)
    else:
        store.confirmed(turn, errand)
        turn.run_errand(
            errand.id, errand.tool, dict(errand.arguments), try_for_s=tool.writes.try_for_s
        )
        turn.settle("answered", errand.offered)


async def _offer_again(turn: Turn, facts: Store, errand: Errand, tool: Tool) -> None:
    """It was confirmed too late: it is asked once more, and nothing is done."""
    store.ended(turn, errand.id, "expired")
    preface = turn.phrases.say("errands.expired")
    try:
        arguments = checked(tool, errand.arguments)
        await _offer(turn, facts, errand.tool, tool, arguments, preface=preface)
    except (Misconfigured, ToolFailed):
        _say(turn, "errands.gone")


async def _remind(turn: Turn, facts: Store, config: Config, errand: Errand) -> None:
    """What was said is no clear answer: show once more what it would be the answer to."""
    tool = config.tools.get(errand.tool)
    if tool is None or tool.writes is None:
        return
    if turn.now > errand.expires_at:
        await _offer_again(turn, facts, errand, tool)
        return
    text = _offer_text(turn, errand.tool, tool, errand.arguments)
    _say_offer(turn, errand, f"{turn.phrases.say('errands.unclear_answer')}\n{text}")


def _cancel(turn: Turn, errand: Errand) -> None:
    """It is not done; once it may be under way, say so."""
    if errand.state == store.CONFIRMED:
        _say(turn, "errands.under_way")
        return
    turn.withdraw_errand(errand.id)  # confirmed in the same burst
    store.ended(turn, errand.id, "cancelled")
    _say(turn, "errands.cancelled")


# ---------------------------------------------------------------------- what ends an offer


@router.on(SessionChanged)
async def people_came(turn: Turn) -> None:
    """Who talks with people settles it with them."""
    store.close_open(turn, "withdrawn")


@router.on(Emitted, tag="escalate")
async def people_wanted(turn: Turn) -> None:
    """Who wants a person has changed their mind about the offer."""
    if turn.has_conversation:
        store.close_open(turn, "withdrawn")


@router.on(MessageRecalled)
async def recalled(turn: Turn, event: MessageRecalled) -> None:
    """The confirmation was taken back before it was acted on."""
    store.recalled(turn, event.recall_msgid)


# ---------------------------------------------------------------------- what came of it


@router.on(EffectDone, tag=router.name)
async def ran(turn: Turn, event: EffectDone, facts: Store) -> None:
    """Tell what came of it."""
    await _tell(turn, facts, event.result["errand_id"], event.result["outcome"])


@router.on(EffectFailed, tag=router.name)
async def failed(turn: Turn, event: EffectFailed, facts: Store) -> None:
    """It was not made in time, or people had come before it was."""
    withheld = event.error.startswith("held")
    outcome = "withheld" if withheld else event.data["outcome"]
    await _tell(turn, facts, event.data["errand_id"], outcome)


async def _tell(turn: Turn, facts: Store, errand_id: str, outcome: str) -> None:
    store.ended(turn, errand_id, outcome)
    errand = await store.get(facts, turn, errand_id)
    key = f"errands.{outcome}"
    if errand is not None and turn.phrases.has_reply(f"{key}_{errand.tool}"):
        key = f"{key}_{errand.tool}"
    values = dict(errand.arguments) if errand is not None else {}
    if _people_have(turn) or outcome == "withheld":
        _tell_people(turn, outcome)
        return
    menu = []
    if outcome in (ErrandOutcome.REFUSED, ErrandOutcome.NOT_MADE):
        menu = [MenuItem("human", turn.phrases.say("escalation.menu_item"))]
    because = Because(source="errands", ref=f"{errand_id}:{outcome}")
    turn.reply(turn.phrases.say(key, **values), menu=menu, because=because, category="service")
    if outcome == ErrandOutcome.UNKNOWN:
        turn.emit("escalate", reason="errand_unknown")


def _tell_people(turn: Turn, outcome: str) -> None:
    """Whoever has the conversation must know what the bot has, or has not, done meanwhile."""
    servicer = turn.facts.ownership.servicer
    what = turn.phrases.say(f"errands.staff_{outcome}", account=turn.account_name)
    turn.notify([servicer] if servicer else [], what)
    if outcome == ErrandOutcome.UNKNOWN or (not servicer and outcome != ErrandOutcome.DONE):
        turn.emit("escalate", reason="errand_unknown")


def _people_have(turn: Turn) -> bool:
    state = turn.facts.ownership.state
    return state is not None and state.human_owns


def _say(turn: Turn, key: str) -> None:
    because = Because(source="reply", ref=key)
    turn.reply(turn.phrases.say(key), because=because, category="service")


def _asks(text: str) -> bool:
    return any(sign in text for sign in "?？")
