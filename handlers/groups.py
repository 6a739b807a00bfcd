"""See to it that whoever joins a customer group is greeted within minutes (R-9.6, D76)."""

from bot.config import Config
from bot.model import EffectDone, GroupChanged
from bot.model.tasks import Nudge, StaffTask, task_id
from bot.routing import Router, Stage, Turn
from bot.routing.assigning import ask_staff
from bot.store import Store

router = Router("groups", stage=Stage.SESSION)

READ = "groups.read"
GREET = "group_welcome"
ON_TIME_S, REMIND_S = 300.0, 180.0
KEPT_S = 3600.0
"""After an hour a greeting is none any more."""

_CUSTOMERS = ("wm", "wo")


@router.on(GroupChanged)
async def changed(turn: Turn, event: GroupChanged, config: Config) -> None:
    """Customers have joined: whose group it is decides who greets them."""
    joined = sum(one.startswith(_CUSTOMERS) for one in event.members)
    at = event.at or turn.now
    if event.detail != "add_member" or not joined or config.welcome.group.by != "staff":
        return
    if turn.now - at < KEPT_S:
        turn.read_group(event.chat_id, at=at, joined=joined, tag=READ)


@router.on(EffectDone, tag=READ)
async def greet(turn: Turn, event: EffectDone, store: Store) -> None:
    """Ask the owner; one who has not greeted those before yet greets these with them."""
    chat_id, at = str(event.result["chat_id"]), float(event.result["at"])
    owner = str(event.result.get("owner") or "")
    name = str(event.result.get("name") or turn.phrases.say("groups.nameless"))
    if not owner:
        text = turn.phrases.say("groups.ownerless", name=name)
        turn.notify(turn.roster.leaders("", turn.now), text)
        return
    waiting = await store.tasks.listed(member=owner)
    if any(one.task.kind == GREET and one.task.chat_id == chat_id for one in waiting):
        return
    task = StaffTask(
        id=task_id(GREET, chat_id, str(at)),
        kind=GREET,
        member=owner,
        text=turn.phrases.say("groups.task", name=name, n=event.result["joined"]),
        reason="group:joined",
        due_at=at,
        on_time_s=ON_TIME_S,
        expires_at=at + KEPT_S,
        chat_id=chat_id,
        is_deadline=True,
        nudges=(Nudge(REMIND_S), Nudge(ON_TIME_S, "leader")),
    )
    await ask_staff(turn, store, task)
