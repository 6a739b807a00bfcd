"""Where the configuration names nobody, somebody learns of those who wait all the same."""

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from bot.app.ticket_gauges import TicketGauges
from bot.telemetry import Metrics
from tests.cases import told
from tests.conftest import OpenChat


async def test_the_servicers_of_wecom_are_told_of_a_ticket(open_chat: OpenChat) -> None:
    """Before: nobody; the ticket waited for somebody to look at the database."""
    chat = await open_chat(staff=[])
    chat.wecom.stopped = ["zhangsan"]
    await chat.says("我已经找了律师，要起诉你们")
    assert any(
        "【无人接待】" in text or "【转人工失败】" in text for text in told(chat, "zhangsan")
    )


async def test_what_nobody_can_be_told_is_not_lost_silently(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=[])
    await chat.says("转人工")
    dead = await chat.store.outbox.dead()
    assert [row["kind"] for row in dead] == ["NotifyStaff"]
    assert dead[0]["error"].startswith("nobody to tell")


async def test_tickets_are_counted_and_without_staff_an_alarm(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=[])
    await chat.says("转人工")
    chat.clock.reach(chat.clock.now() + 600)
    metrics = Metrics()
    with capture_logs() as logs:
        await TicketGauges(chat.store, metrics, chat.clock, has_staff=True).look()
        assert logs == []
        await TicketGauges(chat.store, metrics, chat.clock, has_staff=False).look()
    assert [(one["event"], one["log_level"]) for one in logs] == [
        ("tickets.without_staff", "error")
    ]
    assert _value(metrics.registry, "concierge_open_tickets") == 1
    assert _value(metrics.registry, "concierge_oldest_ticket_seconds") == 600


def _value(registry: CollectorRegistry, name: str) -> float | None:
    return registry.get_sample_value(name)
