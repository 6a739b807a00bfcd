"""Addresses on this machine: one hangs, one listens, and neither knows of the other."""

import asyncio
import hashlib
import hmac

from aiohttp import web

from bot.delivery.lanes import Lanes, SystemClock
from bot.delivery.send import Sender
from bot.delivery.webhooks import WebhookCourier, WebhookFeed
from bot.model import Lane, PostWebhook
from bot.store import Store, Unit
from bot.telemetry import Metrics
from bot.tools.webhooks import WebhookPoster
from tests.builders import a_config, home_of
from tests.order_server import running_orders

SECRET = "not-a-secret-at-all"


async def test_an_address_that_hangs_delays_no_other(store: Store) -> None:
    released = asyncio.Event()
    heard = asyncio.Event()

    async def hangs(_: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    async def listens(_: web.Request) -> web.StreamResponse:
        if len(good.asked) == 3:
            heard.set()
        return web.Response(status=204)

    async with running_orders() as bad, running_orders() as good:
        bad.behaviour, good.behaviour = hangs, listens
        webhooks = a_config(
            home_of(store),
            webhooks={
                "bad": {"url": f"{bad.url}/in", "secret": SECRET, "timeout_s": 30},
                "good": {"url": f"{good.url}/in", "secret": SECRET},
            },
        ).webhooks
        clock, poster, unit = SystemClock(), WebhookPoster(), Unit()
        sender = Sender(
            store=store,
            couriers={PostWebhook: WebhookCourier(store, webhooks, poster, clock)},
            woken=lambda _subject, _lane: None,
            clock=clock,
            metrics=Metrics(),
        )
        lanes = Lanes("send", sender.send_queue, {Lane.WEBHOOK: len(webhooks)}, clock)
        feed = WebhookFeed(store, webhooks, clock, lanes.wake)
        await feed.look()
        for number in range(3):
            about = {"member": "zhangsan", "number": number}
            store.changes.note(unit, "customer.added", "wm_lan", clock.now(), **about)
        await store.database.commit(unit)
        await feed.look()
        async with asyncio.timeout(20):
            await heard.wait()
            while not bad.asked:  # noqa: ASYNC110 (a server in this process counts)
                await asyncio.sleep(0.01)
        assert len(bad.asked) == 1, "it has not even answered its first"
        released.set()
        await lanes.stop(5)
        await poster.aclose()
    first = good.asked[0]
    signed = f"{first['headers']['X-Concierge-Timestamp']}.{first['body']}".encode()
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert first["headers"]["X-Concierge-Signature"] == f"v1={expected}"
    assert [one["headers"]["X-Concierge-Id"] for one in good.asked] == ["chg_1", "chg_2", "chg_3"]
