"""What did a member do with a suggestion, and what did he answer by himself (R-11.7, R-12.3)?

What a page reports as sent is a report; in a kf conversation the message itself confirms it, which
WeCom tells before or after (origin 5).
"""

from bot.llm.masking import Masker
from bot.model import Conversation, StaffAction
from bot.routing import Turn
from bot.routing.suggesting import asks
from bot.store import Store
from bot.store.suggested import EDITED, REJECTED, SENT, Outcome
from handlers.suggesting.router import router

SENT_ACTION, REJECT_ACTION = "suggesting.sent", "suggesting.reject"
SERVICER = 5
"""Origin of what a servicer wrote (wecom-api §3.8)."""

CONFIRMED_WITHIN_S = 600.0
SAME_WAIT_S = 1800.0
"""What was asked longer ago is not what is answered now."""

SHORTEST, LONGEST = 6, 600
"""Characters of an answer from which others may learn something."""

_LOOKED_AT = 8


@router.action(SENT_ACTION)
async def sent(turn: Turn, action: StaffAction, facts: Store) -> None:
    """He says that he has sent a suggestion, as it was or changed."""
    where = _where(turn, action)
    found = await facts.suggestions.get(where, _id_in(action))
    text = str(action.data.get("text", ""))[:4000]
    if found is None or not text.strip():
        turn.answer(action, turn.phrases.say("suggesting.unknown"))
        return
    if (await facts.suggested.of_suggestion(where, found.id)) is not None:
        return  # told once more, by another tap
    because = found.reply.because
    outcome = Outcome(
        conversation=where,
        userid=action.userid,
        at=turn.now,
        suggestion=found.id,
        msgid=found.msgid,
        source=because.source if because else "",
        ref=because.ref if because else "",
        outcome=SENT if _even(text) == _even(found.reply.text) else EDITED,
        suggested=found.reply.text,
        sent=text,
    )
    turn.decisions.records.append(await facts.suggested.outcome(outcome))


@router.action(REJECT_ACTION)
async def rejected(turn: Turn, action: StaffAction, facts: Store) -> None:
    """A suggestion does not fit; why is what improves the next ones."""
    where = _where(turn, action)
    found = await facts.suggestions.get(where, _id_in(action))
    if found is None:
        turn.answer(action, turn.phrases.say("suggesting.unknown"))
        return
    because = found.reply.because
    outcome = Outcome(
        conversation=where,
        userid=action.userid,
        at=turn.now,
        suggestion=found.id,
        msgid=found.msgid,
        source=because.source if because else "",
        ref=because.ref if because else "",
        outcome=REJECTED,
        reason=str(action.data.get("reason", ""))[:100],
        suggested=found.reply.text,
    )
    turn.decisions.records.append(await facts.suggested.outcome(outcome))


@router.observe()
async def written(turn: Turn, facts: Store) -> None:
    """A servicer wrote: it confirms what a page has reported, or is an answer to learn from."""
    message = turn.message
    if message.origin != SERVICER or not message.text.strip():
        return
    said = _even(message.text)
    since = turn.now - CONFIRMED_WITHIN_S
    for one in await facts.suggested.unconfirmed(turn.conversation, since):
        if _even(one.sent) == said:
            turn.decisions.records.append(
                facts.suggested.confirm(one.id, message.msgid, message.sent_at or turn.now)
            )
            return
    question = await _asked(turn, facts)
    if question and _teaches(question, message.text):
        userid = message.servicer_userid or ""
        turn.decisions.records.append(
            await facts.suggested.learned(
                *(turn.conversation, message.msgid, question, message.text.strip()),
                userid=userid,
                at=turn.now,
            )
        )


async def _asked(turn: Turn, facts: Store) -> str:
    """What the customer asked that no person has answered since."""
    lines = await facts.transcript.dialogue(turn.conversation, turn.now - SAME_WAIT_S, _LOOKED_AT)
    for line in reversed(lines):
        if line.who == "servicer":
            return ""
        if line.who == "customer" and asks(turn.phrases, line.text):
            return line.text
    return ""


def _teaches(question: str, answer: str) -> bool:
    """Whether others may be shown it: neither side holds anything of this customer."""
    if not SHORTEST <= len(answer.strip()) <= LONGEST or len(question) > LONGEST:
        return False
    return all(Masker().mask(text).text == text for text in (question, answer))


def _where(turn: Turn, action: StaffAction) -> Conversation:
    return Conversation(action.open_kfid, action.external_userid)


def _id_in(action: StaffAction) -> int:
    text = str(action.data.get("suggestion", ""))
    return int(text) if text.isdecimal() and len(text) < 18 else 0


def _even(text: str) -> str:
    return "".join(text.split())
