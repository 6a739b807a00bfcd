"""How do other systems follow what happens to customers? Each address has a queue of its own.

What happened is read from `changes`; that a change waits in the outbox and how far an address has
been followed are one commit, so nothing is left out and nothing queued twice.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from bot.config import Webhook
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import Conflict, ToolFailed
from bot.model import Conversation, Lane, PostWebhook
from bot.ports import Clock
from bot.store import Changed, Draft, Parcel, Store, Unit
from bot.tools.webhooks import WebhookPoster

AT_ONCE = 200
GIVE_UP_S = 24 * 3600.0
KEPT_S = 8 * 86_400.0
"""How long a row that was given up may still be tried again by hand."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 3600.0
_GONE = 410


def webhook_queue(name: str) -> str:
    """The queue of one address."""
    return f"webhook/{name}"


def follower_of(name: str) -> str:
    """Under which name an address stands in `followers`."""
    return f"webhook:{name}"


def webhook_draft(name: str, change: Changed, now: float, again: str = "") -> Draft:
    """A change on its way to an address.

    Args:
        again: names a replay; without one a change is queued once.
    """
    return Draft(
        subject=Conversation("", change.external_userid).subject,
        queue=webhook_queue(name),
        conversation=None,
        lane=Lane.WEBHOOK,
        effect=PostWebhook(webhook=name, change_id=change.id),
        expires_at=now + KEPT_S,
        msgid=f"wh_{name}_{change.id}{again and '_' + again}",
    )


@dataclass(frozen=True, slots=True)
class WebhookFeed:
    """Puts what happened into the queue of whoever wants to know.

    Args:
        webhooks: by name, as configured.
        woken: told which queue has something to send.
    """

    store: Store
    webhooks: Mapping[str, Webhook]
    clock: Clock
    woken: Callable[[str, Lane], None]

    async def look(self) -> int:
        """Look once; returns how many were queued."""
        queued = 0
        for name, webhook in self.webhooks.items():
            queued += await self._feed(name, webhook)
        return queued

    async def _feed(self, name: str, webhook: Webhook) -> int:
        changes, now, unit = self.store.changes, self.clock.now(), Unit()
        was = await changes.place_of(follower_of(name))
        if was is None:  # it is new: what happened before is for `concierge webhooks replay`
            changes.move(unit, follower_of(name), None, await changes.last_id(), now)
            found: list[Changed] = []
        else:
            found = await changes.after(was, webhook.events, AT_ONCE)
            if not found:
                return 0
            drafts = [webhook_draft(name, one, now) for one in found]
            await self.store.outbox.post(unit, drafts, now)
            changes.move(unit, follower_of(name), was, found[-1].id, now)
        try:
            await self.store.database.commit(unit)
        except Conflict:  # another look was quicker
            return 0
        if found:
            self.woken(webhook_queue(name), Lane.WEBHOOK)
        return len(found)


@dataclass(frozen=True, slots=True)
class WebhookCourier:
    """Tells one address of one change; the id in the header lets it know a repeat."""

    store: Store
    webhooks: Mapping[str, Webhook]
    poster: WebhookPoster
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Post it; what is not taken is tried for a day, longer and longer apart."""
        effect = parcel.effect
        assert isinstance(effect, PostWebhook)
        webhook = self.webhooks.get(effect.webhook)
        if webhook is None:
            return Ended("cancelled", error="no such webhook any more")
        change = await self.store.changes.get(effect.change_id)
        if change is None:
            return Ended("cancelled", error="forgotten meanwhile")
        now = self.clock.now()
        body = msgspec.json.encode(await self._told(webhook, change))
        await self.store.outbox.claim(parcel, now)
        try:
            status = await self.poster.post(
                webhook, event=change.kind, key=f"chg_{change.id}", body=body, now=now
            )
        except ToolFailed as failed:
            return self._later(parcel, str(failed), None)
        if 200 <= status < 300:
            return Ended("sent")
        if status == _GONE:
            return Ended("dead", error="HTTP 410", errcode=status)
        return self._later(parcel, f"HTTP {status}", status)

    def _later(self, parcel: Parcel, error: str, status: int | None) -> Outcome:
        now = self.clock.now()
        if now - parcel.created_at >= GIVE_UP_S:
            return Ended("dead", error=error, errcode=status)
        pause = min(_FIRST_PAUSE_S * 2 ** min(parcel.attempts, 12), _LONGEST_PAUSE_S)
        return Later(now + pause * random.uniform(0.75, 1.25), error, status)  # noqa: S311

    async def _told(self, webhook: Webhook, change: Changed) -> dict[str, object]:
        """Ids and names of tags; attributes only where the address is configured to get them."""
        customer = change.external_userid
        told: dict[str, object] = {
            "id": f"chg_{change.id}",
            "event": change.kind,
            "at": change.at,
            "external_userid": customer,
            "person": await self.store.people.person_of(customer),
            "data": change.data,
        }
        if webhook.attributes:
            known = await self.store.profiles.of(customer)
            told["attributes"] = {
                one.name: one.value for one in known if one.name in webhook.attributes
            }
        return told
