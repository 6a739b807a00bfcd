"""Where the bot only proposes: bring in people, and give them the proposal."""

from bot.model import Emitted
from bot.routing import Router, Stage, Turn

router = Router("suggesting", stage=Stage.SESSION)


@router.on(Emitted, tag="suggested")
async def propose(turn: Turn, event: Emitted) -> None:
    """Send the proposal to the staff and ask for a person to take the conversation."""
    turn.notify(
        [member.userid for member in turn.staff],
        turn.phrases.say(
            "staff.suggestion",
            account=turn.account_name,
            question=event.data.get("question", ""),
            answer=event.data.get("answer", ""),
        ),
    )
    if event.data.get("asked"):  # nobody waits for what a timer wanted to say
        turn.emit("escalate", reason="suggest")
