from typing import Any

import msgspec
import pytest
from aiohttp import web

from bot.errors import CodeSpent, Rejected, Unreachable
from bot.model.conversation import Conversation, ServiceState
from bot.model.events import UnknownHappened
from bot.model.replies import MenuItem, Reply
from bot.wecom import apis
from bot.wecom.apis import Api
from bot.wecom.kf import Kf, Servicer, Servicers
from bot.wecom.media import TemporaryMedia, filename_of
from bot.wecom.wire import render
from tests.unit.wecom.fakes import Answer, Setup

WITH = Conversation("wk1", "wm1")


@pytest.fixture
def kf(edge: Setup) -> Kf:
    return Kf(edge.client)


def answers(edge: Setup, api: Api, *given: Answer) -> None:
    edge.wecom.answers[api.path] = list(given)


def bodies(edge: Setup, api: Api) -> list[Any]:
    return [body for _, body in edge.wecom.calls[api.path]]


async def test_accounts_are_read_page_by_page(edge: Setup, kf: Kf) -> None:
    full = [{"open_kfid": f"wk{n}", "name": "x", "new_field": 1} for n in range(100)]
    last = [{"open_kfid": "wk_last", "manage_privilege": False}]
    answers(edge, apis.KF_ACCOUNTS, {"account_list": full}, {"account_list": last})
    accounts = await kf.list_accounts()
    assert len(accounts) == 101
    assert accounts[-1].manage_privilege is False
    assert bodies(edge, apis.KF_ACCOUNTS) == [
        {"offset": 0, "limit": 100},
        {"offset": 100, "limit": 100},
    ]


async def test_servicers_tell_who_receives(edge: Setup, kf: Kf) -> None:
    listed = [
        {"userid": "zhangsan", "status": 0},
        {"userid": "lisi", "status": "1", "stop_type": 1},
        {"department_id": 2},
    ]
    answers(edge, apis.KF_SERVICERS, {"servicer_list": listed})
    found = await kf.list_servicers("wk1")
    members = (Servicer("zhangsan", True), Servicer("lisi", False, 1))
    assert found == Servicers(members=members, departments=(2,))
    assert found.receiving == ["zhangsan"]
    assert edge.wecom.calls[apis.KF_SERVICERS.path][0][0]["open_kfid"] == "wk1"


async def test_a_page_is_pulled_with_account_cursor_and_token(edge: Setup, kf: Kf) -> None:
    answers(edge, apis.KF_SYNC, {"next_cursor": "c2", "has_more": 1, "msg_list": []})
    page = await kf.sync("wk1", "c1", "TOKEN")
    assert (page.incoming, page.next_cursor, page.has_more) == ([], "c2", True)
    assert bodies(edge, apis.KF_SYNC) == [
        {"open_kfid": "wk1", "limit": 1000, "cursor": "c1", "token": "TOKEN"}
    ]


async def test_a_stale_token_is_dropped(edge: Setup, kf: Kf) -> None:
    answers(edge, apis.KF_SYNC, {"errcode": 95007}, {"next_cursor": "c2", "has_more": "1"})
    assert (await kf.sync("wk1", token="OLD")).has_more
    assert [set(body) for body in bodies(edge, apis.KF_SYNC)] == [
        {"open_kfid", "limit", "token"},
        {"open_kfid", "limit"},
    ]


async def test_a_refused_token_is_dropped_only_once(edge: Setup, kf: Kf) -> None:
    answers(edge, apis.KF_SYNC, {"errcode": 95007})
    with pytest.raises(CodeSpent):
        await kf.sync("wk1", token="OLD")
    assert len(bodies(edge, apis.KF_SYNC)) == 2


async def test_a_page_without_a_cursor_does_not_lose_ours(edge: Setup, kf: Kf) -> None:
    answers(edge, apis.KF_SYNC, {"msg_list": None})
    assert (await kf.sync("wk1", "c1")).next_cursor == "c1"


async def test_a_strange_item_costs_the_others_nothing(edge: Setup, kf: Kf) -> None:
    good = {"msgid": "m", "external_userid": "wm1", "origin": 3, "msgtype": "text"}
    answers(edge, apis.KF_SYNC, {"msg_list": [good, None, 7, good], "next_cursor": "c"})
    page = await kf.sync("wk1")
    strange = [isinstance(item.event, UnknownHappened) for item in page.incoming]
    assert strange == [False, True, True, False]


async def test_a_message_is_sent_under_our_msgid(edge: Setup, kf: Kf) -> None:
    assert await kf.send(WITH, "bot_1", render(Reply(text="您好"))) == "bot_1"
    assert bodies(edge, apis.KF_SEND) == [
        {
            "touser": "wm1",
            "open_kfid": "wk1",
            "msgid": "bot_1",
            "msgtype": "text",
            "text": {"content": "您好"},
        }
    ]


async def test_a_code_carries_one_message(edge: Setup, kf: Kf) -> None:
    answers(edge, apis.KF_SEND_ON_EVENT, {"msgid": "theirs"})
    welcome = Reply(text="欢迎", menu=(MenuItem("1", "多久发货"),))
    assert await kf.send_on_event("CODE", "w_1", render(welcome)) == "theirs"
    (body,) = bodies(edge, apis.KF_SEND_ON_EVENT)
    assert (body["code"], body["msgid"], body["msgtype"]) == ("CODE", "w_1", "msgmenu")
    assert not {"touser", "open_kfid"} & set(body)


async def test_state_is_read_and_changed(edge: Setup, kf: Kf) -> None:
    answers(edge, apis.KF_STATE, {"service_state": "3", "servicer_userid": "lisi"})
    answers(edge, apis.KF_TRANS, {"msg_code": "CODE"}, {"msg_code": ""})
    assert await kf.get_state(WITH) == (ServiceState.HUMAN, "lisi")
    assert await kf.trans(WITH, ServiceState.QUEUED) == "CODE"
    assert await kf.trans(WITH, ServiceState.HUMAN, "lisi") is None
    where = {"open_kfid": "wk1", "external_userid": "wm1"}
    assert bodies(edge, apis.KF_TRANS) == [
        where | {"service_state": 2},
        where | {"service_state": 3, "servicer_userid": "lisi"},
    ]


@pytest.mark.parametrize("answer", [{}, {"service_state": 9}, {"service_state": "open"}])
async def test_an_unknown_state_is_not_guessed(edge: Setup, kf: Kf, answer: Any) -> None:
    answers(edge, apis.KF_STATE, answer)
    with pytest.raises(Unreachable):
        await kf.get_state(WITH)


async def test_profiles_are_asked_for_a_hundred_at_a_time(edge: Setup, kf: Kf) -> None:
    answers(edge, apis.KF_CUSTOMERS, {"customer_list": [{"external_userid": "wm0", "gender": 1}]})
    assert len(await kf.batch_get_customers([f"wm{n}" for n in range(250)])) == 3
    asked = [len(body["external_userid_list"]) for body in bodies(edge, apis.KF_CUSTOMERS)]
    assert asked == [100, 100, 50]


def serving(content: bytes, **headers: str) -> Answer:
    async def serve(request: web.Request) -> web.Response:
        unit, _, span = request.headers.get("Range", "").partition("=")
        if unit != "bytes" or len(content) <= 10:
            return web.Response(body=content, headers=headers)
        begin, end = map(int, span.split("-"))
        part = content[begin : min(end + 1, begin + 10)]
        whole = f"bytes {begin}-{begin + len(part) - 1}/{len(content)}"
        return web.Response(status=206, body=part, headers=headers | {"Content-Range": whole})

    return serve


async def test_media_come_with_their_name_and_type(edge: Setup) -> None:
    named = {"Content-Disposition": 'attachment; filename="发票.txt"', "Content-Type": "text/plain"}
    answers(edge, apis.MEDIA_GET, serving(b"hello", **named))
    media = await TemporaryMedia(edge.client).download("M1")
    assert (media.content, media.filename) == (b"hello", "发票.txt")
    assert media.content_type.startswith("text/plain")
    assert edge.wecom.calls[apis.MEDIA_GET.path][0][0]["media_id"] == "M1"


async def test_a_large_file_is_fetched_in_ranges(edge: Setup) -> None:
    content = bytes(range(35))
    answers(edge, apis.MEDIA_GET, serving(content, **{"Content-Type": "video/mp4"}))
    media = await TemporaryMedia(edge.client).download("M1")
    assert media.content == content
    assert len(edge.wecom.calls[apis.MEDIA_GET.path]) == 4


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", "text/plain"])
async def test_an_error_in_place_of_a_file_is_an_error(edge: Setup, kind: Any) -> None:
    body = msgspec.json.encode({"errcode": 40007, "errmsg": "invalid media_id"})

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": kind})

    answers(edge, apis.MEDIA_GET, refuse)
    with pytest.raises(Rejected) as caught:
        await TemporaryMedia(edge.client).download("gone")
    assert caught.value.errcode == 40007


async def test_a_file_larger_than_allowed_is_refused(edge: Setup) -> None:
    answers(edge, apis.MEDIA_GET, serving(b"x" * 35, **{"Content-Type": "video/mp4"}))
    with pytest.raises(Rejected, match="larger"):
        await TemporaryMedia(edge.client).download("M1", max_bytes=20)


async def test_a_refused_token_is_replaced_for_downloads_too(edge: Setup) -> None:
    png = serving(b"png", **{"Content-Type": "image/png"})
    answers(edge, apis.MEDIA_GET, {"errcode": 42001}, png)
    assert (await TemporaryMedia(edge.client).download("M1")).content == b"png"
    assert edge.wecom.tokens_fetched == 2


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("", ""),
        ('attachment; filename="a.jpg"', "a.jpg"),
        ("attachment; filename=a.jpg", "a.jpg"),
        ("attachment; filename*=UTF-8''%E5%8F%91.pdf; filename=x", "发.pdf"),
        ('attachment; filename="../../etc/passwd"', "_.._etc_passwd"),
        ('attachment; filename="C:\\a\x07.txt"', "C__a_.txt"),
    ],
)
def test_the_name_of_a_file_is_harmless(disposition: str, name: str) -> None:
    assert filename_of(disposition) == name
