"""Follow who joins and leaves the groups of campaigns (C22): a join by an inviter's code is an add.

The callback names who joined, never by which code: WeCom is asked, and tells only of those who are
still there. Who left is told with who did it.
"""

from bot.config import Config
from bot.model import Conversation, EffectDone, Emitted, GroupChanged
from bot.routing import Turn
from bot.store import Store
from handlers.referral import groups, store
from handlers.referral.crediting import Crediting, record
from handlers.referral.on_contacts import welcome
from handlers.referral.router import router
from handlers.referral.rules import GROUP, Tie

READ = "referral.group"
"""Tag of the effect that asks by which codes customers joined."""

TIED = "referral_group_tied"
"""Emitted to a customer: he joined or left a group of a campaign."""

_CUSTOMERS = ("wm", "wo")
_BY = {"0": "customer", "1": "staff"}
_AGAIN_S = 86_400.0
"""Joins of the last day are asked for with each: one whose callback was lost is found so."""


@router.on(GroupChanged)
async def changed(turn: Turn, event: GroupChanged, facts: Store) -> None:
    """Customers joined or left a group; of those of no campaign nothing is kept."""
    customers = [one for one in event.members if one.startswith(_CUSTOMERS)]
    at = event.at or turn.now
    if not customers or not await _is_followed(facts, event.chat_id, at):
        return
    if event.detail == "add_member":
        since = at - _AGAIN_S
        turn.read_group(event.chat_id, at=at, joined=len(customers), since=since, tag=READ)
    elif event.detail == "del_member":
        for one in customers:
            who, by = Conversation("", one), _BY.get(event.scene, "unknown")
            turn.emit(TIED, to=who, chat=event.chat_id, at=at, began=False, by=by)


@router.on(EffectDone, tag=READ)
async def read(turn: Turn, done: EffectDone, facts: Store) -> None:
    """By which codes they joined: each newcomer's own mailbox decides what that means."""
    chat = str(done.result["chat_id"])
    for customer, state, at in done.result.get("members", ()):
        tie = Tie(float(at), turn.now, GROUP + chat, True, str(state))
        if not await groups.is_known(facts, str(customer), tie):
            who = Conversation("", str(customer))
            turn.emit(TIED, to=who, chat=chat, at=tie.at, began=True, state=tie.state)


@router.on(Emitted, tag=TIED)
async def tied(turn: Turn, event: Emitted, facts: Store, config: Config) -> None:
    """Write it down, and bring the person's invitations in line with it."""
    data = event.data
    tie = Tie(
        at=float(data["at"]),
        noted_at=turn.now,
        userid=GROUP + str(data["chat"]),
        began=bool(data["began"]),
        state=str(data.get("state", "")),
        by=str(data.get("by", "")),
    )
    record(turn, [groups.tied(turn.external_userid, tie)])
    await welcome(turn, facts, await Crediting(turn, facts, config.referral).settle(tie))


async def _is_followed(facts: Store, chat: str, at: float) -> bool:
    """Whether a campaign leads into it whose observation is not over."""
    return any(
        chat in one.campaign.chats and at <= one.terms.end + one.terms.observe_s
        for one in await store.campaigns(facts)
        if one.campaign.by_group
    )
