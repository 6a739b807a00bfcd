"""Ask how it was, once a case has ended, and listen to the answer (R-11.10).

A rating or its reason counts whoever has the conversation, so an observer records it; the handlers
only answer.
"""

from bot.config import Config, Satisfaction
from bot.model import Because, Emitted, MenuItem, Reply, ServiceState, TimerDue
from bot.model.cases import BOT, EXPERT
from bot.routing import IsText, Router, Stage, Tapped, Turn
from bot.routing.facts import CUSTOMER
from bot.store import Store
from handlers.satisfaction import rules, store
from handlers.satisfaction.rules import Closed, Reading, Tap
from handlers.satisfaction.store import Rating
from knowledge import Decision, Library

router = Router("satisfaction", stage=Stage.CAMPAIGN, tables=store.TABLES)

CHECK = "satisfaction.check"
CHECK_S = 900.0
"""When an invitation is looked after: by then WeCom has it, or is down for long."""

RATED = "rated"
"""Outcome of a message that is a rating, or the reason for one."""

_SMALL_TALK = (
    "greeting.hello",
    "greeting.robot",
    "greeting.thanks",
    "greeting.okay",
    "greeting.bye",
)


@router.on(Emitted, tag="case_closed")
async def closed(turn: Turn, event: Emitted, facts: Store, config: Config) -> None:
    """People have served and the session has ended: ask by the end code, while it lives."""
    case = Closed.read(event.data)
    if await store.is_tried(facts, turn, case.case_id):
        return
    settings = config.satisfaction
    around = await _around(turn, facts, case.case_id, settings)
    if why_not := rules.why_no_code(case, settings, around):
        store.not_asked(turn, case.case_id, why_not)
        return
    turn.reply_by_code(
        case.end_code,
        Reply(
            text=turn.phrases.say("satisfaction.after_people"),
            menu=_menu(turn, case.case_id),
            because=store.INVITED,
        ),
        expires_at=case.code_at + turn.setting.codes.end_s,
        in_state=ServiceState.ENDED,
    )
    _asked(turn, case.case_id, rules.CODE)


@router.on(Emitted, tag="case_solved")
async def solved(turn: Turn, event: Emitted, facts: Store, config: Config) -> None:
    """The customer says that the bot has solved it: ask within the allowance."""
    case_id, settings = str(event.data["case_id"]), config.satisfaction
    if await store.is_tried(facts, turn, case_id):
        return
    around = await _around(turn, facts, case_id, settings)
    if why_not := rules.why_no_message(settings, around):
        store.not_asked(turn, case_id, why_not)
        return
    turn.reply(
        turn.phrases.say("satisfaction.after_bot"),
        menu=_menu(turn, case_id),
        because=store.INVITED,
        category="service",
    )
    _asked(turn, case_id, rules.MESSAGE)


@router.on(TimerDue, tag=CHECK)
async def look_after(turn: Turn, timer: TimerDue) -> None:
    """What was held, cancelled or came too late was no invitation."""
    store.check_sent(turn, timer.key)


@router.observe()
async def heard(turn: Turn, facts: Store, library: Library, config: Config) -> None:
    """Record a rating, or the reason for one."""
    if turn.message.origin != CUSTOMER:
        return
    if _is_ours(turn):
        turn.cases.withdraw()  # also while people have the session and no handler is asked
        tap = rules.tap_of(turn.message.menu_id)
        if tap and (rating := await store.found(facts, turn, tap)):
            _rate(turn, rating, tap, config.satisfaction)
        return
    rating = await _wanted_reason(turn, facts, config.satisfaction)
    if rating and await _reading(turn, library, rating) is not Reading.OTHER:
        store.add_reason(facts, turn, rating, turn.text)


@router.message(Tapped("csat:"))
async def tapped(turn: Turn, facts: Store, config: Config) -> None:
    """Thank for a rating; where it is a poor one, ask once for the reason."""
    tap = rules.tap_of(turn.message.menu_id)
    rating = await store.found(facts, turn, tap) if tap else None
    if tap is None or rating is None:
        _say(turn, "satisfaction.too_late")
        return
    settings = config.satisfaction
    lines = [turn.phrases.say(f"satisfaction.thanks_{tap.score}")]
    may_ask = turn.account.autonomy.mode != "off" and rating.reason_until is None
    if may_ask and tap.score <= settings.ask_reason_at_most:
        lines.append(turn.phrases.say("satisfaction.ask_reason"))
        until = turn.now + settings.reason_window_minutes * 60
        store.wait_for_reason(turn, tap.case_id, until)
    because = Because(source="reply", ref=f"satisfaction.thanks_{tap.score}")
    turn.reply("\n".join(lines), because=because, category="service")
    turn.settle(RATED, because)


@router.message(IsText())
async def reason(turn: Turn, facts: Store, library: Library, config: Config) -> None:
    """Thank for a reason; what may be a question too is left to those who answer questions."""
    rating = await _wanted_reason(turn, facts, config.satisfaction)
    if rating and await _reading(turn, library, rating) is Reading.REASON:
        turn.cases.withdraw()
        _say(turn, "satisfaction.reason_thanks")


def _asked(turn: Turn, case_id: str, how: str) -> None:
    store.asked(turn, case_id, how)
    turn.schedule(CHECK, CHECK_S, key=case_id)


def _say(turn: Turn, key: str) -> None:
    because = Because(source="reply", ref=key)
    turn.reply(turn.phrases.say(key), because=because, category="service")
    turn.settle(RATED, because)


def _menu(turn: Turn, case_id: str) -> tuple[MenuItem, ...]:
    return tuple(
        MenuItem(rules.item_id(case_id, score), turn.phrases.say(f"satisfaction.item_{score}"))
        for score in rules.SCORES
    )


def _is_ours(turn: Turn) -> bool:
    return (turn.message.menu_id or "").startswith("csat:")


async def _around(turn: Turn, facts: Store, case_id: str, settings: Satisfaction) -> rules.Around:
    case, going_on = await facts.cases.get(case_id), turn.cases.open
    where, state = turn.conversation, turn.facts.ownership.state
    since = turn.now - settings.min_hours_between * 3600
    silence = await facts.switches.silence_of(where)
    is_another = going_on is not None and (going_on.id != case_id or going_on.status != BOT)
    return rules.Around(
        now=turn.now,
        wrote_at=turn.facts.customer_wrote_at,
        code_s=turn.setting.codes.end_s,
        is_silenced=silence is not None or turn.account.autonomy.mode == "off",
        is_busy=is_another or (state is not None and state.human_owns),
        in_vain=case is not None and case.wanted_at is not None and not case.served_level,
        was_asked=await store.was_asked(facts, where.external_userid, since),
        spent=await facts.conversations.spent(where, turn.facts.window_msgid),
    )


def _rate(turn: Turn, rating: Rating, tap: Tap, settings: Satisfaction) -> None:
    store.rated(turn, tap)
    is_last = rating.rated_at is None or rating.rated_at <= turn.message.sent_at
    if not is_last or tap.score > settings.follow_up_at_most or rating.followed_up_at is not None:
        return
    if any(one.data.get("case_id") == tap.case_id for one in turn.decisions.emitted):
        return  # tapped twice in one burst
    store.followed_up(turn, tap.case_id)
    turn.emit(
        "escalate",
        reason="dissatisfied",
        level=EXPERT,
        ticket=True,
        case_id=tap.case_id,
        score=tap.score,
    )


async def _wanted_reason(turn: Turn, facts: Store, settings: Satisfaction) -> Rating | None:
    """The rating for whose reason was asked, unless people have the conversation: then what the
    customer writes is for them.
    """
    state = turn.facts.ownership.state
    if state is not None and state.human_owns:
        return None
    return await store.waiting(facts, turn, settings.ask_reason_at_most)


async def _reading(turn: Turn, library: Library, rating: Rating) -> Reading:
    text, heard_in = turn.text, turn.phrases.heard
    is_text = bool(text) and turn.message.menu_id is None
    is_known = asks = False
    if is_text:
        verdict = await library.of(turn.conversation.open_kfid).ask(text, turn.audience)
        is_known = verdict.how == "exact" or heard_in("escalation.request", text)
        is_known = is_known or any(heard_in(key, text) for key in _SMALL_TALK)
        asks = verdict.decision is Decision.ANSWER or any(sign in text for sign in "?？")
        asks = asks or heard_in("satisfaction.asks", text)
    return rules.reading(
        is_text=is_text,
        is_known=is_known,
        asks=asks,
        comes_first=turn.outcome_before == RATED,
        has_reason=bool(rating.reason),
    )
