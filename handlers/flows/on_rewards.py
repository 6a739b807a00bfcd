"""How does a customer hear of the code that ends a flow?"""

import structlog

from bot.model import Because, Conversation, EffectDone, Emitted
from bot.model.tasks import StaffTask, task_id
from bot.routing import Turn
from bot.routing.assigning import ask_staff
from bot.routing.writing import could_write, friend_of, may_write
from handlers.flows import store
from handlers.flows.flow import Flow
from handlers.flows.friends import KEPT_S, ON_TIME_S, TASK
from handlers.flows.router import router
from handlers.flows.running import REWARD, Guide
from handlers.flows.store import Run

log = structlog.get_logger(__name__)

REWARDED = "flow_rewarded"
"""Emitted into the conversation in which it is told; its data names `run` and `text`."""


@router.on(EffectDone, tag=REWARD)
async def rewarded(turn: Turn, event: EffectDone, guide: Guide) -> None:
    """The code is the customer's: he hears it where he wrote, else from a member."""
    campaign, code = str(event.result["campaign"]), event.result.get("code")
    for run in reversed(await store.runs_of(guide.facts, turn.external_userid)):
        flow = guide.flows.get(run.flow)
        if flow is None or flow.reward != campaign or run.state != store.DONE:
            continue
        text = flow.reward_text.replace("{code}", str(code)) if code else flow.no_reward_text
        await _tell(turn, guide, flow, run, text)
        return


@router.on(Emitted, tag=REWARDED)
async def rewarded_here(turn: Turn, event: Emitted, guide: Guide) -> None:
    """The same, now in the conversation."""
    run = await store.run(guide.facts, str(event.data["run"]))
    flow = guide.flows.get(run.flow) if run is not None else None
    if run is not None and flow is not None:
        await _tell(turn, guide, flow, run, str(event.data["text"]))


async def _tell(turn: Turn, guide: Guide, flow: Flow, run: Run, text: str) -> None:
    customer, where = run.external_userid, Conversation(run.open_kfid, run.external_userid)
    member = await friend_of(guide.facts, customer, run.userid)
    if turn.has_conversation and (not member or await may_write(turn, guide.facts)):
        turn.reply(text, category="service", because=Because(source="flow", ref=flow.id))
    elif (
        not turn.has_conversation
        and run.open_kfid
        and await could_write(guide.facts, where, turn.now)
    ):
        turn.emit(REWARDED, to=where, run=run.id, text=text)
    elif member:
        task = StaffTask(
            id=task_id("flow", run.id, "reward"),
            kind=TASK,
            member=member,
            text=turn.phrases.say("flows.reward_task", flow=flow.name, text=text),
            reason=f"flow:{flow.id}/reward",
            due_at=turn.now,
            on_time_s=ON_TIME_S,
            expires_at=turn.now + KEPT_S,
            external_userid=customer,
            ref=f"{run.id}/reward",
        )
        await ask_staff(turn, guide.facts, task)
    else:
        log.warning("flow.reward_untold", flow=flow.id)
