"""What waits for a member who decides about invitations (R-3.5.5)?"""

from dataclasses import dataclass

from bot.policy.roles import Who
from bot.policy.seeing import Seeing
from bot.routing.phrases import Phrases
from bot.store import Store
from bot.web.sidebar.beside import Waiter, Waiting
from handlers.referral import reviews, saying

PANEL = "referral"


@dataclass(frozen=True, slots=True)
class Reviewing:
    """Lists whose invitations wait, as far as a member may see whom they are of."""

    store: Store
    seeing: Seeing
    phrases: Phrases

    async def waiting(self, who: Who) -> Waiting | None:
        """What waits for him, those who asked for it first; ``None`` = he decides nothing."""
        if not who.reviews:
            return None
        shown, others = list[Waiter](), 0
        for one in await reviews.waiting(self.store):
            sight = await self.seeing.sight(who, one.external_userid)
            if sight is None or not sight.may_act:
                others += 1
            else:
                shown.append(self._waiter(one))
        return Waiting(self.phrases.say("referral.waits"), tuple(shown), others)

    def _waiter(self, one: reviews.Held) -> Waiter:
        say = self.phrases.say
        key = "referral.waits_appealed" if one.appealed_at else "referral.waits_held"
        value = say(key, n=len(one.invites), campaign=one.campaign)
        label = saying.masked(one.external_userid)
        return Waiter(one.external_userid, PANEL, label, value, one.since)
