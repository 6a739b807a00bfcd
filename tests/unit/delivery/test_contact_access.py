"""Whoever WeCom accepts is used; who is refused asks again after an hour, without noise."""

from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.delivery.contact_access import ASK_AGAIN_S, ContactAccess
from bot.errors import Misconfigured, NotAuthorised, Unreachable
from bot.store import Store
from tests.talk import PlayedClock

REFUSAL = NotAuthorised("/cgi-bin/externalcontact/get_follow_user_list", 48002, "no")


class FakeApi:
    """Lets callers in, or raises what it is given."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.contacts, self.failure, self.asked = self, failure, 0

    async def members(self) -> list[str]:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return ["zhangsan"]


def access(
    store: Store, clock: PlayedClock, apis: Mapping[str, Any], enabled: bool | None = None
) -> ContactAccess:
    return ContactAccess(store, apis, clock, enabled=enabled)


async def test_the_app_is_used_where_it_may(store: Store, clock: PlayedClock) -> None:
    app, contact = FakeApi(), FakeApi()
    made: Any = access(store, clock, {"app": app, "contact": contact})
    assert await made.api() is app
    assert await made.api() is app
    assert (app.asked, contact.asked) == (1, 0)
    state = await store.contact_sync.state()
    assert (state.permitted, state.identity, state.since) == (True, "app", clock.now())


async def test_the_old_secret_is_used_where_the_app_may_not(
    store: Store, clock: PlayedClock
) -> None:
    apis = {"app": FakeApi(REFUSAL), "contact": FakeApi()}
    made: Any = access(store, clock, apis)
    with capture_logs() as logs:
        assert await made.api() is apis["contact"]
    assert [(one["event"], one.get("identity")) for one in logs] == [
        ("contacts.permitted", "contact")
    ]


async def test_who_may_not_asks_once_an_hour_and_says_so_once(
    store: Store, clock: PlayedClock
) -> None:
    app, wrong = FakeApi(REFUSAL), FakeApi(Misconfigured("bad secret"))
    made = access(store, clock, {"app": app, "contact": wrong})
    with capture_logs() as logs:
        for _ in range(3):
            assert await made.api() is None
            assert await made.api() is None
            clock.reach(clock.now() + ASK_AGAIN_S)
    assert app.asked == 3
    assert [(one["event"], one["log_level"]) for one in logs] == [
        ("contacts.not_permitted", "info")
    ]
    app.failure = None
    assert await made.api() is not None


async def test_where_it_is_wanted_each_refusal_is_an_error(
    store: Store, clock: PlayedClock
) -> None:
    made = access(store, clock, {"app": FakeApi(REFUSAL)}, enabled=True)
    with capture_logs() as logs:
        assert await made.api() is None
    assert [one["log_level"] for one in logs] == ["error"]


async def test_what_is_switched_off_is_not_asked(store: Store, clock: PlayedClock) -> None:
    app = FakeApi()
    assert await access(store, clock, {"app": app}, enabled=False).api() is None
    assert app.asked == 0


async def test_no_answer_is_no_refusal(store: Store, clock: PlayedClock) -> None:
    app = FakeApi(Unreachable("get_follow_user_list", None, "TimeoutError"))
    made = access(store, clock, {"app": app})
    with pytest.raises(Unreachable):
        await made.api()
    assert (await store.contact_sync.state()).permitted is None
    app.failure = None
    assert await made.api() is not None


async def test_a_permission_that_is_withdrawn_is_noticed(store: Store, clock: PlayedClock) -> None:
    app = FakeApi()
    made = access(store, clock, {"app": app})
    await made.api()
    await made.refused(REFUSAL)
    assert await made.api() is None
    assert (await store.contact_sync.state()).permitted is False
    clock.reach(clock.now() + ASK_AGAIN_S)
    assert await made.api() is not None
