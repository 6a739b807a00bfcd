"""How other systems follow what happens to customers."""

import io
import json
from typing import Any

import pytest

from bot.commands.webhooks import list_webhooks, replay
from bot.config import Config, Webhook
from bot.delivery.send import Sender
from bot.delivery.webhooks import WebhookCourier, WebhookFeed, webhook_queue
from bot.errors import Misconfigured, ToolFailed
from bot.model import PostWebhook
from bot.model.people import Attribute
from bot.model.tags import TagChange
from bot.store import Store, Unit
from bot.telemetry import Metrics
from bot.tools.webhooks import WebhookPoster, signature
from tests.builders import FRIDAY_MORNING, a_config, home_of
from tests.talk import PlayedClock

NOW, HOUR_S = FRIDAY_MORNING, 3600.0
SECRET = "not-a-secret-at-all"
CRM = {"url": "https://crm.example.com/in", "secret": SECRET, "events": ["customer.tagged"]}
LAKE = {"url": "https://lake.example.com/in", "secret": SECRET, "attributes": ["city"]}


class FakePoster(WebhookPoster):
    """Takes what is posted; answers `statuses` in order, then 200. A status of 0 is no answer."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []
        self.posted: list[tuple[str, dict[str, Any]]] = []

    async def post(self, webhook: Webhook, *, event: str, key: str, body: bytes, now: float) -> int:
        """Take one."""
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            raise ToolFailed("timeout", "no answer")
        self.posted.append((key, json.loads(body)))
        return status


class Following:
    """A store whose changes are followed."""

    def __init__(self, store: Store, config: Config, clock: PlayedClock) -> None:
        self.store, self.config, self.clock = store, config, clock
        self.poster = FakePoster()
        self.feed = WebhookFeed(store, config.webhooks, clock, lambda _queue, _lane: None)
        courier = WebhookCourier(store, config.webhooks, self.poster, clock)
        self.sender = Sender(
            store=store,
            couriers={PostWebhook: courier},
            woken=lambda _subject, _lane: None,
            clock=clock,
            metrics=Metrics(),
        )

    async def tag(self, name: str, who: str = "wm_lan") -> None:
        unit = Unit()
        self.store.tags.assign(unit, who, [TagChange(name=name, add=True, at=self.clock.now())])
        await self.store.database.commit(unit)

    async def send(self, name: str = "crm") -> float | None:
        return await self.sender.send_queue(webhook_queue(name))

    async def states(self, name: str = "crm") -> dict[str, int]:
        return await self.store.outbox.counts_of(webhook_queue(name))


@pytest.fixture
async def following(store: Store, clock: PlayedClock) -> Following:
    folder = home_of(store)
    store.tags.consented = "1 = 1"
    made = Following(store, a_config(folder, webhooks={"crm": CRM, "lake": LAKE}), clock)
    await store.vault.ready(["customer:wm_lan"])
    await made.tag("关注：以前")
    await made.feed.look()
    return made


async def test_what_happens_from_now_on_is_told_once(following: Following) -> None:
    await following.tag("关注：运费")
    assert await following.feed.look() == 2
    assert await following.feed.look() == 0
    await following.send()
    ((key, told),) = following.poster.posted
    person = await following.store.people.person_of("wm_lan")
    assert told == {
        "id": key,
        "event": "customer.tagged",
        "at": NOW,
        "external_userid": "wm_lan",
        "person": person,
        "data": {"tag": "关注：运费", "source": "rule", "rule": ""},
    }


async def test_attributes_go_only_where_they_are_configured(following: Following) -> None:
    unit = Unit()
    for name, value in (("city", "杭州"), ("name", "王兰")):
        one = Attribute(external_userid="wm_lan", name=name, value=value, source="", by="", at=NOW)
        await following.store.profiles.set(unit, one)
    await following.store.database.commit(unit)
    await following.tag("关注：运费")
    await following.feed.look()
    await following.send("lake")
    ((_, told),) = following.poster.posted
    assert told["attributes"] == {"city": "杭州"}


async def test_what_is_not_taken_is_tried_again_in_order_for_a_day(following: Following) -> None:
    following.poster.statuses = [500, 0]
    await following.tag("关注：一")
    await following.tag("关注：二")
    await following.feed.look()
    for _ in range(2):
        again_at = await following.send()
        assert again_at is not None
        following.clock.reach(again_at)
    await following.send()
    tags = [told["data"]["tag"] for _, told in following.poster.posted]
    assert tags == ["关注：一", "关注：一", "关注：二"]
    keys = [key for key, _ in following.poster.posted]
    assert keys[0] == keys[1] != keys[2], "the receiver knows a repeat by its id"
    assert await following.states() == {"sent": 2}


async def test_after_a_day_it_is_given_up_and_can_be_tried_again_by_hand(
    following: Following,
) -> None:
    following.poster.statuses = [503] * 100
    await following.tag("关注：运费")
    await following.feed.look()
    while (again_at := await following.send()) is not None:
        assert again_at - following.clock.now() <= 1.25 * HOUR_S
        following.clock.reach(again_at)
    assert await following.states() == {"dead": 1}
    assert NOW + 24 * HOUR_S <= following.clock.now() <= NOW + 26 * HOUR_S
    (row,) = await following.store.outbox.dead()
    assert await following.store.outbox.revive([row["id"]], following.clock.now()) == 1
    following.poster.statuses = []
    await following.send()
    assert await following.states() == {"sent": 1}


async def test_an_address_that_is_gone_is_not_tried_again(following: Following) -> None:
    following.poster.statuses = [410]
    await following.tag("关注：运费")
    await following.feed.look()
    await following.send()
    assert await following.states() == {"dead": 1}


async def test_what_was_forgotten_meanwhile_is_not_told(following: Following) -> None:
    await following.tag("关注：运费")
    await following.feed.look()
    await following.store.database.execute("DELETE FROM changes")
    await following.send()
    assert (following.poster.posted, await following.states()) == ([], {"cancelled": 1})


async def test_a_replay_tells_everything_since_then_under_the_same_ids(
    following: Following,
) -> None:
    await following.tag("关注：运费")
    await following.feed.look()
    await following.send()
    out = io.StringIO()
    await replay(following.config, "crm", "2026-11-20T09:00", out, now=NOW)
    assert out.getvalue().startswith("2 件")
    await following.send()
    keys = [key for key, _ in following.poster.posted]
    assert len(keys) == 3
    assert keys[0] == keys[2]
    out = io.StringIO()
    await list_webhooks(following.config, out)
    assert (
        "crm  https://crm.example.com/in  待发 0，已发 3，放弃 0；还有 0 件没看" in out.getvalue()
    )
    with pytest.raises(Misconfigured, match="webhooks"):
        await replay(following.config, "erp", "2026-11-20", out)
    with pytest.raises(Misconfigured, match="since"):
        await replay(following.config, "crm", "昨天", out)


def test_the_signature_is_what_a_receiver_computes() -> None:
    """printf '1700000000.{}' | openssl dgst -sha256 -hmac not-a-secret-at-all"""
    assert signature(SECRET, 1_700_000_000, b"{}") == (
        "v1=026a82dc8ebdf2dd7f7497df272dd6182358fd450f417d32c13d55252edb3a91"
    )
