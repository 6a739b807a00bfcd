"""Let a model find out what a customer asks, with the company's tools (`llm.agent`).

It is asked where the knowledge base is not sure. Its words were checked against what the tools told
(`bot.llm.agent`); where they may not be said, the message goes its usual way.
"""

from typing import Any

from bot.model import Because
from bot.routing import IsText, Router, Stage, Turn
from bot.store import Store
from knowledge import Audience, Decision, Library

router = Router("agent", stage=Stage.ANSWER)

RECENT_MESSAGES, RECENT_S = 3, 600.0
"""What the model is told of what the customer wrote before: so many, and so long ago at most."""


@router.message(IsText())
async def find_out(turn: Turn, library: Library, store: Store) -> None:
    """Say what was found out, hand over if that is what it takes, or leave it to the others."""
    if not turn.setting.has_agent or turn.message.menu_id:
        return
    if turn.finding is not None and turn.finding.wanted_by == turn.handler:
        _say(turn, turn.finding.found or {})
        return
    if turn.setting.load.heavy:
        return
    audience = Audience(today=turn.today, open_kfid=turn.conversation.open_kfid)
    verdict = await library.of(audience.open_kfid).ask(turn.text, audience)
    if verdict.decision is not Decision.ANSWER and turn.account.autonomy.mode != "off":
        since = turn.message.sent_at - RECENT_S
        recent = await store.transcript.texts_before(turn.message, since, RECENT_MESSAGES)
        turn.delegate(turn.text, recent=recent)


def _say(turn: Turn, found: dict[str, Any]) -> None:
    used = list(found.get("used", ()))
    because = Because(source="agent", ref=",".join(used), detail={"prompt": found.get("prompt")})
    if found.get("hand_over"):
        turn.emit("escalate", reason="agent")
        turn.settle("handed_off", because)
    elif proposal := found.get("proposal"):
        turn.emit("propose", **proposal, by=turn.handler)
        turn.settle("answered", because)
    elif answer := found.get("answer"):
        turn.reply(
            answer,
            because=because,
            category=_strictest(turn, found.get("categories") or [""]),
            written_by_model=True,
        )


def _strictest(turn: Turn, categories: list[str]) -> str:
    """Of an answer's categories one in which the bot does not speak by itself, if there is one."""
    modes = turn.account.autonomy
    return next((one for one in categories if modes.for_category(one) != "auto"), categories[0])
