import asyncio
from typing import Any

import msgspec
import pytest
from aiohttp import web

from bot.errors import (
    Misconfigured,
    NotAuthorised,
    Rejected,
    RetryLater,
    Throttled,
    Unreachable,
    WrongState,
)
from bot.wecom.apis import GET_TOKEN, KF_SEND, KF_STATE, KF_SYNC, Api
from bot.wecom.client import WeComClient
from bot.wecom.limits import platform_limits
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport, new_session
from tests.unit.wecom.fakes import Setup, set_up

READ, WRITE = KF_STATE, KF_SEND


async def hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def server_error(request: web.Request) -> web.Response:
    return web.Response(status=502, text="bad gateway")


def count(edge: Setup, api: Api) -> int:
    return len(edge.wecom.calls[api.path])


async def test_a_call_carries_the_token_and_real_utf8(edge: Setup) -> None:
    answer = await edge.client.call(WRITE, body={"text": "多久发货？😀"})
    assert answer["errcode"] == 0
    assert edge.wecom.calls[WRITE.path] == [({"access_token": "token-1"}, {"text": "多久发货？😀"})]
    assert "多久发货？😀".encode() in edge.wecom.raw_bodies[0]


@pytest.mark.parametrize("answer", [{"ip_list": []}, {"errcode": "0"}, {"errcode": None}])
async def test_an_answer_without_an_errcode_is_a_success(edge: Setup, answer: Any) -> None:
    edge.wecom.answers[READ.path] = [answer]
    assert await edge.client.call(READ) == answer


@pytest.mark.parametrize("errcode", [40014, 42001, 40001, "42001"])
async def test_a_refused_token_is_replaced_once(edge: Setup, errcode: int) -> None:
    edge.wecom.answers[WRITE.path] = [{"errcode": errcode}, {"errcode": 0}]
    await edge.client.call(WRITE)
    tokens = [query["access_token"] for query, _ in edge.wecom.calls[WRITE.path]]
    assert tokens == ["token-1", "token-2"]


async def test_a_token_refused_twice_ends_the_call(edge: Setup) -> None:
    edge.wecom.answers[READ.path] = [{"errcode": 40014}]
    with pytest.raises(RetryLater) as caught:
        await edge.client.call(READ)
    assert caught.value.errcode == 40014
    assert (count(edge, READ), edge.wecom.tokens_fetched) == (2, 2)


async def test_calls_refused_together_share_one_new_token(edge: Setup) -> None:
    async def answer(request: web.Request) -> web.Response:
        valid = request.query["access_token"] == "token-2"
        return web.json_response({"errcode": 0 if valid else 42001})

    edge.wecom.answers[READ.path] = [answer]
    await asyncio.gather(*(edge.client.call(READ) for _ in range(40)))
    assert edge.wecom.tokens_fetched == 2


@pytest.mark.parametrize("errcode", [-1, 6000])
async def test_a_busy_system_is_asked_three_times_for_what_may_be_repeated(
    edge: Setup, errcode: int
) -> None:
    edge.wecom.answers[READ.path] = [{"errcode": errcode}]
    with pytest.raises(RetryLater):
        await edge.client.call(READ)
    assert count(edge, READ) == 3
    assert len(edge.slept) == 2
    assert edge.slept[0] < edge.slept[1] * 3


@pytest.mark.parametrize("trouble", [{"errcode": -1}, hang_up, server_error, b"<html>"])
async def test_a_message_is_never_sent_again_by_the_client(edge: Setup, trouble: Any) -> None:
    edge.wecom.answers[WRITE.path] = [trouble]
    with pytest.raises(RetryLater):
        await edge.client.call(WRITE)
    assert count(edge, WRITE) == 1
    assert edge.slept == []


@pytest.mark.parametrize("trouble", [hang_up, server_error, b"<html>", b"[1]", b"", b"\xff"])
async def test_what_may_be_repeated_survives_a_missing_answer(edge: Setup, trouble: Any) -> None:
    edge.wecom.answers[READ.path] = [trouble, trouble, {"errcode": 0, "service_state": 1}]
    assert (await edge.client.call(READ))["service_state"] == 1


async def test_silence_ends_in_unreachable_after_the_apis_own_time(edge: Setup) -> None:
    released = asyncio.Event()

    async def be_silent(request: web.Request) -> web.Response:
        await released.wait()
        return web.json_response({})

    slow = Api("POST", "/cgi-bin/slow", idempotent=False, timeout_s=0.05)
    edge.wecom.answers[slow.path] = [be_silent]
    with pytest.raises(Unreachable):
        await edge.client.call(slow)
    released.set()


async def test_nobody_listening_is_unreachable() -> None:
    async with set_up() as gone:
        base = gone.base
    async with new_session() as session:
        transport = Transport(session, base)
        client = WeComClient(transport, AccessTokens(transport, "ww1", "s"))
        with pytest.raises(Unreachable):
            await client.call(WRITE)


@pytest.mark.parametrize(
    ("errcode", "kind"), [(60020, NotAuthorised), (95018, WrongState), (987654, Rejected)]
)
async def test_a_refusal_is_named_for_what_can_be_done_and_not_repeated(
    edge: Setup, errcode: int, kind: Any
) -> None:
    edge.wecom.answers[READ.path] = [{"errcode": errcode, "errmsg": "from ip: 10.0.0.1"}]
    with pytest.raises(kind) as caught:
        await edge.client.call(READ)
    assert (type(caught.value), caught.value.errcode) == (kind, errcode)
    assert caught.value.endpoint == READ.path
    assert count(edge, READ) == 1


async def test_a_wrong_secret_stops_calls_before_they_are_made(edge: Setup) -> None:
    edge.wecom.answers[GET_TOKEN.path] = [{"errcode": 40001}]
    for _ in range(3):
        with pytest.raises(Misconfigured):
            await edge.client.call(READ)
    assert (count(edge, READ), edge.wecom.tokens_fetched) == (0, 1)


@pytest.mark.parametrize("errcode", [45009, 45011, 45033])
async def test_a_frequency_block_parks_that_api_alone(edge: Setup, errcode: int) -> None:
    edge.wecom.answers[KF_SYNC.path] = [{"errcode": errcode}]
    begun = edge.clock.now
    for _ in range(3):
        with pytest.raises(Throttled) as caught:
            await edge.client.call(KF_SYNC)
        assert caught.value.retry_at == begun + 60
    assert count(edge, KF_SYNC) == 1
    await edge.client.call(READ)


async def test_a_block_that_outlasts_the_pause_parks_for_an_hour(edge: Setup) -> None:
    edge.wecom.answers[READ.path] = [{"errcode": errcode} for errcode in (45009, 45009, 0, 45009)]
    pauses = []
    for _ in range(2):
        with pytest.raises(Throttled) as caught:
            await edge.client.call(READ)
        pauses.append(caught.value.retry_at - edge.clock.now)
        edge.clock.now = caught.value.retry_at
    await edge.client.call(READ)
    with pytest.raises(Throttled) as caught:
        await edge.client.call(READ)
    pauses.append(caught.value.retry_at - edge.clock.now)
    assert pauses == [60, 3600, 60]


async def test_calls_blocked_together_count_as_one_block(edge: Setup) -> None:
    edge.wecom.answers[READ.path] = [{"errcode": 45009}]
    failures = await asyncio.gather(
        *(edge.client.call(READ) for _ in range(20)), return_exceptions=True
    )
    assert {getattr(failure, "retry_at", None) for failure in failures} == {edge.clock.now + 60}


async def test_http_429_is_a_frequency_block_too(edge: Setup) -> None:
    async def too_many(request: web.Request) -> web.Response:
        return web.Response(status=429)

    edge.wecom.answers[READ.path] = [too_many]
    with pytest.raises(Throttled):
        await edge.client.call(READ)


async def test_a_proxys_refusal_is_not_taken_for_success(edge: Setup) -> None:
    async def forbid(request: web.Request) -> web.Response:
        return web.json_response({"message": "blocked"}, status=403)

    edge.wecom.answers[WRITE.path] = [forbid]
    with pytest.raises(Unreachable):
        await edge.client.call(WRITE)


async def test_a_redirected_message_is_not_followed(edge: Setup) -> None:
    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    edge.wecom.answers[WRITE.path] = [redirect]
    with pytest.raises(Unreachable):
        await edge.client.call(WRITE)
    assert edge.wecom.calls["/elsewhere"] == []


async def test_our_own_limit_stops_before_the_platforms(edge: Setup) -> None:
    limit, limits = 3, platform_limits().api
    tight = msgspec.structs.replace(limits, per_minute=limit, our_share=1.0)
    client = WeComClient(edge.transport, edge.tokens, limits=tight, clock=edge.clock)
    for _ in range(limit):
        await client.call(READ)
    with pytest.raises(Throttled) as caught:
        await client.call(READ)
    assert 60 <= caught.value.retry_at - edge.clock.now <= 61
    edge.clock.now = caught.value.retry_at
    await client.call(READ)
    assert count(edge, READ) == limit + 1


async def test_a_page_with_broken_characters_is_read_all_the_same(edge: Setup) -> None:
    edge.wecom.answers[KF_SYNC.path] = [
        b'\xef\xbb\xbf{"errcode":0,"a":"tab\there","b":"\\ud83d half","c":"\xff","d":NaN,"e":1e400}'
    ]
    answer = await edge.client.call(KF_SYNC)
    text = {"a": "tab\there", "b": "? half", "c": "\ufffd"}
    assert answer == {"errcode": 0, **text, "d": None, "e": None}


async def test_deeply_nested_json_is_no_answer(edge: Setup) -> None:
    edge.wecom.answers[WRITE.path] = [b'{"a":' + b"[" * 100_000]
    with pytest.raises(Unreachable):
        await edge.client.call(WRITE)


async def test_failures_never_show_the_token(edge: Setup) -> None:
    edge.wecom.answers[WRITE.path] = [hang_up]
    with pytest.raises(Unreachable) as caught:
        await edge.client.call(WRITE)
    assert "token-1" not in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
