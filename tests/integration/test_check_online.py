"""`concierge check --online` asks WeCom and explains what it says."""

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.commands.check_online import check_online
from bot.config import load_config

StartServer = Callable[[web.Application], Awaitable[TestServer]]


class FakeWeCom:
    """Answers the calls of the check; set `answers[path]` to change one."""

    def __init__(self) -> None:
        account = {"open_kfid": "wk1", "name": "售前", "avatar": "", "manage_privilege": True}
        self.answers: dict[str, dict[str, Any]] = {
            "/cgi-bin/gettoken": {"access_token": "t", "expires_in": 7200},
            "/cgi-bin/kf/account/list": {"account_list": [account]},
            "/cgi-bin/kf/servicer/list": {"servicer_list": [{"userid": "zhangsan", "status": 0}]},
            "/cgi-bin/message/send": {"invaliduser": "", "msgid": "m"},
            "/cgi-bin/externalcontact/get_follow_user_list": {"follow_user": ["zhangsan"]},
        }
        self.healthy = True
        self.app = web.Application()
        self.app.router.add_get("/healthz", self._health)
        self.app.router.add_route("*", "/cgi-bin/{api:.*}", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        return web.json_response({"errcode": 0, "errmsg": "ok", **self.answers[request.path]})

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(status=200 if self.healthy else 503)


async def ask(
    wecom: FakeWeCom,
    start: StartServer,
    folder: Path,
    kf_accounts: str = "",
    contacts: str = "",
) -> tuple[int, str]:
    server = await start(wecom.app)
    base = str(server.make_url("")).rstrip("/")
    (folder / "config.yaml").write_text(
        f"wecom: {{corp_id: ww1, agent_id: 1, secret: s, api_base: '{base}'}}\n"
        f"server: {{public_url: '{base}'}}\n"
        "staff: [{userid: zhangsan, name: 张三, level: junior}]\n"
    )
    environ = {
        "CONCIERGE_WECOM__KF_ACCOUNTS": kf_accounts,
        "CONCIERGE_CONTACTS__ENABLED": contacts,
    }
    out = io.StringIO()
    bad = await check_online(load_config(folder / "config.yaml", environ), out)
    return bad, out.getvalue()


async def test_a_working_account_passes_every_question(
    aiohttp_server: StartServer, tmp_path: Path
) -> None:
    bad, said = await ask(FakeWeCom(), aiohttp_server, tmp_path)
    assert bad == 0
    assert said.count("✓") == 5
    assert "售前（1 人正在接待）" in said
    assert "许可（用应用的 Secret），1 位成员可以有客户" in said


async def test_customer_contact_is_bad_only_where_it_is_wanted(
    aiohttp_server: StartServer, tmp_path: Path
) -> None:
    wecom = FakeWeCom()
    path = "/cgi-bin/externalcontact/get_follow_user_list"
    wecom.answers[path] = {"errcode": 48002, "errmsg": "api forbidden"}
    bad, said = await ask(wecom, aiohttp_server, tmp_path)
    assert bad == 0
    assert "企业微信不许可，不使用" in said
    bad, said = await ask(wecom, aiohttp_server, tmp_path, contacts="true")
    assert bad == 1
    assert "✗ 客户联系：应用没有权限" in said
    bad, said = await ask(wecom, aiohttp_server, tmp_path, contacts="false")
    assert (bad, "不使用" in said) == (0, True)


async def test_a_wrong_secret_is_named_and_the_callback_is_still_asked(
    aiohttp_server: StartServer, tmp_path: Path
) -> None:
    wecom = FakeWeCom()
    wecom.answers["/cgi-bin/gettoken"] = {"errcode": 40001, "errmsg": "invalid credential"}
    bad, said = await ask(wecom, aiohttp_server, tmp_path)
    assert bad == 1
    assert "✗ 取得 access_token" in said
    assert "✓ 回调地址" in said


async def test_an_address_outside_the_allow_list_is_named(
    aiohttp_server: StartServer, tmp_path: Path
) -> None:
    wecom = FakeWeCom()
    errmsg = "not allow to access from your ip, from ip: 203.0.113.7"
    wecom.answers["/cgi-bin/kf/account/list"] = {"errcode": 60020, "errmsg": errmsg}
    bad, said = await ask(wecom, aiohttp_server, tmp_path)
    assert bad == 1
    assert "203.0.113.7 不在「企业可信 IP」里" in said


async def test_an_account_that_the_app_may_not_manage_is_named(
    aiohttp_server: StartServer, tmp_path: Path
) -> None:
    wecom = FakeWeCom()
    wecom.answers["/cgi-bin/kf/account/list"]["account_list"][0]["manage_privilege"] = False
    _, said = await ask(wecom, aiohttp_server, tmp_path)
    assert "没有管理权限：wk1" in said


async def test_a_configured_account_that_is_not_visible_is_named(
    aiohttp_server: StartServer, tmp_path: Path
) -> None:
    _, said = await ask(FakeWeCom(), aiohttp_server, tmp_path, kf_accounts="wk1,wk9")
    assert "看不到 wk9" in said


async def test_an_app_without_any_account_is_told_where_to_authorise_it(
    aiohttp_server: StartServer, tmp_path: Path
) -> None:
    wecom = FakeWeCom()
    wecom.answers["/cgi-bin/kf/account/list"] = {"account_list": []}
    _, said = await ask(wecom, aiohttp_server, tmp_path)
    assert "看不到任何客服账号" in said


async def test_staff_who_cannot_be_reached_are_named(
    aiohttp_server: StartServer, tmp_path: Path
) -> None:
    wecom = FakeWeCom()
    wecom.answers["/cgi-bin/message/send"]["invaliduser"] = "zhangsan"
    _, said = await ask(wecom, aiohttp_server, tmp_path)
    assert "通知不到 zhangsan" in said


async def test_a_callback_that_does_not_answer_is_named(
    aiohttp_server: StartServer, tmp_path: Path
) -> None:
    wecom = FakeWeCom()
    wecom.healthy = False
    bad, said = await ask(wecom, aiohttp_server, tmp_path)
    assert bad == 1
    assert "HTTP 503" in said
