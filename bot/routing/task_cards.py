"""What does the card of one or several tasks of a member look like?"""

from collections.abc import Sequence

from bot.model import Button, Card, Selection
from bot.model.cards import MOST_OPTIONS
from bot.model.tasks import DONE, SKIP, WHICH, TaskState
from bot.routing.phrases import Phrases
from bot.store import KnownTask


def task_card(phrases: Phrases, some: Sequence[KnownTask]) -> Card:
    """One card; of several tasks one is chosen before a button is pressed.

    Args:
        some: at least one; more than ten are not shown.
    """
    say, first, shown = phrases.say, some[0].task, some[:MOST_OPTIONS]
    if len(shown) == 1:
        key = "tasks.again" if some[0].state is TaskState.REMINDED else "tasks.one"
        title, text = say(key, kind=kind_named(phrases, first.kind)), first.text
        selection, suffix = None, f"/{first.id}"
    else:
        title, suffix = say("tasks.several", n=len(shown)), ""
        text = "\n".join(f"{n}. {known.task.text}" for n, known in enumerate(shown, 1))
        options = tuple(
            (known.task.id, f"{n}. {kind_named(phrases, known.task.kind)}")
            for n, known in enumerate(shown, 1)
        )
        selection = Selection(WHICH, say("tasks.which"), options)
    buttons = (
        Button(DONE + suffix, say("tasks.done")),
        Button(SKIP + suffix, say("tasks.skip"), 2),
    )
    return Card(title=title, text=text, buttons=buttons, selection=selection)


def kind_named(phrases: Phrases, kind: str) -> str:
    """What a kind of task is called."""
    key = f"tasks.kind_{kind}"
    return phrases.say(key) if phrases.has_reply(key) else kind
