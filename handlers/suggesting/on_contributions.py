"""Somebody wrote an entry on the page: who approves it hears of it, and so does he in the end."""

from bot.config import Config
from bot.model import Emitted
from bot.policy.roles import People
from bot.routing import Turn
from bot.routing.suggesting import CONTRIBUTED, CONTRIBUTION_DECIDED
from handlers.suggesting.router import router


@router.on(Emitted, tag=CONTRIBUTED)
async def written(turn: Turn, event: Emitted, config: Config) -> None:
    """Operators are told; where there are none, leaders. `data`: ``by``, ``question``."""
    people = People(config.staff)
    turn.notify(
        people.reviewers,
        turn.phrases.say(
            "suggesting.contribution_waits",
            name=people.name_of(str(event.data["by"])),
            question=str(event.data["question"]),
        ),
    )


@router.on(Emitted, tag=CONTRIBUTION_DECIDED)
async def decided(turn: Turn, event: Emitted) -> None:
    """`data`: ``to``, ``question``, ``taken``, ``why``."""
    key = "told_taken" if event.data["taken"] else "told_refused"
    values = {"question": str(event.data["question"]), "why": str(event.data["why"])}
    turn.notify([str(event.data["to"])], turn.phrases.say(f"suggesting.{key}", **values))
