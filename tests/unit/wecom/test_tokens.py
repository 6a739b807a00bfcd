import asyncio
from typing import Any

import pytest
from aiohttp import web

from bot.errors import Misconfigured, NotAuthorised, RetryLater, Throttled, Unreachable
from bot.wecom.apis import GET_TOKEN
from tests.unit.wecom.fakes import Setup

TOKEN = GET_TOKEN.path


async def test_many_who_ask_at_once_cause_one_request(edge: Setup) -> None:
    assert set(await asyncio.gather(*(edge.tokens.get() for _ in range(50)))) == {"token-1"}
    assert edge.wecom.calls[TOKEN] == [({"corpid": "ww1", "corpsecret": "the-secret"}, None)]


async def test_a_token_is_replaced_five_minutes_before_it_expires(edge: Setup) -> None:
    await edge.tokens.get()
    edge.clock.now += 7200 - 301
    assert await edge.tokens.get() == "token-1"
    edge.clock.now += 2
    assert await edge.tokens.get() == "token-2"


async def test_an_old_token_serves_until_it_expires_when_no_new_one_can_be_had(edge: Setup) -> None:
    await edge.tokens.get()
    edge.wecom.answers[TOKEN] = [{"errcode": -1}]
    edge.clock.now += 7000
    assert await edge.tokens.get() == "token-1"
    edge.clock.now += 300
    with pytest.raises(RetryLater):
        await edge.tokens.get()


async def test_only_the_token_that_was_refused_is_forgotten(edge: Setup) -> None:
    first = await edge.tokens.get()
    edge.tokens.invalidate(if_equals=first)
    second = await edge.tokens.get()
    edge.tokens.invalidate(if_equals=first)
    assert await edge.tokens.get() == second == "token-2"


@pytest.mark.parametrize("errcode", [40001, 40013, 40091])
async def test_a_wrong_secret_is_asked_about_ever_more_seldom(edge: Setup, errcode: int) -> None:
    edge.wecom.answers[TOKEN] = [{"errcode": errcode, "errmsg": "no"}]
    for _ in range(100):
        with pytest.raises(Misconfigured, match=rf"secret.*{errcode}"):
            await edge.tokens.get()
    assert edge.wecom.tokens_fetched == 1
    for passed, fetched in [(59, 1), (2, 2), (61, 2), (60, 3)]:
        edge.clock.now += passed
        with pytest.raises(Misconfigured):
            await edge.tokens.get()
        assert edge.wecom.tokens_fetched == fetched


async def test_a_busy_system_is_asked_less_than_ten_times_a_minute(edge: Setup) -> None:
    edge.wecom.answers[TOKEN] = [{"errcode": -1}]
    for _ in range(600):
        with pytest.raises(RetryLater):
            await edge.tokens.get()
        edge.clock.now += 0.1
    assert edge.wecom.tokens_fetched == 6


async def test_a_repaired_secret_works_after_the_cool_down(edge: Setup) -> None:
    good = {"access_token": "good", "expires_in": "7200"}
    edge.wecom.answers[TOKEN] = [{"errcode": 40001}, good]
    with pytest.raises(Misconfigured):
        await edge.tokens.get()
    edge.clock.now += 61
    assert await edge.tokens.get() == "good"


async def test_a_missing_allow_list_entry_is_an_operators_matter(edge: Setup) -> None:
    edge.wecom.answers[TOKEN] = [{"errcode": 60020}]
    with pytest.raises(NotAuthorised):
        await edge.tokens.get()


async def test_a_frequency_block_on_gettoken_is_waited_out(edge: Setup) -> None:
    edge.wecom.answers[TOKEN] = [{"errcode": 45009}]
    for _ in range(3):
        with pytest.raises(Throttled) as caught:
            await edge.tokens.get()
        assert caught.value.retry_at == edge.clock.now + 60
    assert edge.wecom.tokens_fetched == 1


@pytest.mark.parametrize("answer", [b"<html>", b"[]", {"access_token": ""}, {"access_token": 7}])
async def test_an_answer_without_a_token_is_no_token(edge: Setup, answer: Any) -> None:
    edge.wecom.answers[TOKEN] = [answer]
    with pytest.raises(RetryLater):
        await edge.tokens.get()


async def test_tokens_that_never_last_do_not_flood_gettoken(edge: Setup) -> None:
    for _ in range(30):
        edge.tokens.invalidate(if_equals=await edge.tokens.get())
    with pytest.raises(Throttled):
        await edge.tokens.get()
    assert edge.wecom.tokens_fetched == 30


async def test_one_who_gives_up_waiting_does_not_spoil_it_for_the_others(edge: Setup) -> None:
    first, second = (asyncio.ensure_future(edge.tokens.get()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).startswith("token-")


async def test_no_answer_is_unreachable_and_tells_no_secret(
    edge: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    edge.wecom.answers[TOKEN] = [hang_up]
    with pytest.raises(Unreachable) as caught:
        await edge.tokens.get()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "the-secret" not in repr(caught.value) + caplog.text
