"""Signing in and out: who gets a session, and every way of getting somebody else's."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.store.web_sessions import GRACE_S, IDLE_S, LASTS_S, ROTATED_EVERY_S
from bot.web.door import TOKEN_HEADER
from bot.web.signing_in import BACK, OUT, WITHIN_S
from tests.conftest import OpenChat
from tests.sidebar import PUBLIC, STAFF, Office, PlayedSignIn, opened_office

COOKIE = "__Host-concierge"


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    async with opened_office(await open_chat(staff=STAFF)) as office:
        yield office


async def test_a_member_signs_in_and_is_sent_where_he_wanted_to_go(office: Office) -> None:
    browser = office.browser()
    assert await browser.signs_in("zhangsan", "/sidebar?open_kfid=wk_shop") == (
        "/sidebar?open_kfid=wk_shop"
    )
    assert "张敏" in await (await browser.get("/sidebar")).text()


async def test_the_cookie_is_kept_from_scripts_and_from_plain_http(office: Office) -> None:
    browser = office.browser()
    state = await browser.leaves_for_wecom()
    office.wecom.codes["c"] = "zhangsan"
    answer = await browser.get(BACK, code="c", state=state)
    (cookie,) = [one for one in answer.headers.getall("Set-Cookie") if one.startswith(COOKIE + "=")]
    for part in ("HttpOnly", "Secure", "SameSite=None", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


async def test_a_code_serves_once(office: Office) -> None:
    browser, other = office.browser(), office.browser()
    state = await browser.leaves_for_wecom()
    office.wecom.codes["c"] = "zhangsan"
    going = dict(browser.cookies)
    assert (await browser.get(BACK, code="c", state=state)).status == 302
    for one in (browser, other):  # the same address again, even with the cookie of then
        one.cookies = dict(going)
        assert (await one.get(BACK, code="c", state=state)).status == 403
    assert COOKIE not in other.cookies
    assert office.wecom.calls.count("/cgi-bin/auth/getuserinfo") == 1


async def test_a_state_serves_once_whichever_process_it_comes_back_to(open_chat: OpenChat) -> None:
    """Two processes on one store: what one has used the other knows, also at the same moment."""
    chat, wecom = await open_chat(staff=STAFF), PlayedSignIn()
    async with opened_office(chat, wecom) as one, opened_office(chat, wecom) as other:
        browser = one.browser()
        state, going = await browser.leaves_for_wecom(), dict(browser.cookies)
        wecom.codes |= {f"c{n}": "zhangsan" for n in range(4)}
        tabs = [office.browser() for office in (one, other, one, other)]
        for tab in tabs:
            tab.cookies = dict(going)
        answers = await asyncio.gather(
            *(tab.get(BACK, code=f"c{n}", state=state) for n, tab in enumerate(tabs))
        )
        assert sorted(answer.status for answer in answers) == [302, 403, 403, 403]
        assert len(wecom.codes) == 3, "WeCom was shown one of the codes"


async def test_a_state_serves_not_for_long(office: Office) -> None:
    """Whatever a browser does with its cookie: the time is part of what the state is a hash of."""
    browser, clock = office.browser(), office.chat.clock
    state, going = await browser.leaves_for_wecom(), dict(browser.cookies)
    office.wecom.codes["c"] = "zhangsan"
    clock.reach(clock.now() + WITHIN_S + 1)
    assert (await browser.get(BACK, code="c", state=state)).status == 403
    ((name, value),) = going.items()
    secret, _, target = value.split(".")
    browser.cookies = {name: f"{secret}.{int(clock.now())}.{target}"}
    assert (await browser.get(BACK, code="c", state=state)).status == 403
    assert "c" in office.wecom.codes


async def test_states_that_are_too_old_to_serve_are_not_kept(office: Office) -> None:
    store, clock = office.chat.store, office.chat.clock
    for _ in range(3):
        await office.signed_in("zhangsan")
    clock.reach(clock.now() + 2 * WITHIN_S)
    await office.signed_in("zhangsan")
    assert len(await store.database.fetch("SELECT * FROM oauth_states")) == 1


async def test_a_code_that_somebody_else_asked_for_opens_nothing(office: Office) -> None:
    """A link with the attacker's own code and state must not sign a victim in as him."""
    attacker, victim = office.browser(), office.browser()
    state = await attacker.leaves_for_wecom()
    await victim.leaves_for_wecom()
    office.wecom.codes["c"] = "attacker"
    assert (await victim.get(BACK, code="c", state=state)).status == 403
    assert (await office.browser().get(BACK, code="c", state=state)).status == 403
    assert "c" in office.wecom.codes, "it was not even shown to WeCom"


async def test_what_is_malformed_is_refused(office: Office) -> None:
    browser = office.browser()
    await browser.leaves_for_wecom()
    queries: list[dict[str, str]] = [
        {},
        {"code": "c"},
        {"state": "s"},
        {"code": "c", "state": ""},
        {"code": "c" * 600, "state": "s"},
        {"code": "c", "state": "é"},
    ]
    for query in queries:
        assert (await browser.get(BACK, **query)).status == 403


async def test_whoever_is_no_member_gets_no_session(office: Office) -> None:
    for userid in ("a customer", "wwOther/zhangsan"):
        browser = office.browser()
        state = await browser.leaves_for_wecom()
        office.wecom.codes["c"] = userid
        answer = await browser.get(BACK, code="c", state=state)
        assert (answer.status, browser.cookies) == (403, {})
        assert "没有登录成功" in await answer.text()


async def test_nobody_is_sent_to_another_host(office: Office) -> None:
    for path in (
        "/sidebar?next=https://evil.example",
        "/sidebar?open_kfid=//evil.example",
        "/sidebar?open_kfid=a%0d%0aSet-Cookie:x",
        "/sidebar?x=" + "a" * 200,
    ):
        assert await office.browser().signs_in("zhangsan", path) == "/sidebar"


async def test_a_cookie_opens_nothing_once_its_member_has_signed_out(office: Office) -> None:
    browser, thief = await office.signed_in("zhangsan"), office.browser()
    thief.cookies, thief.token = dict(browser.cookies), browser.token
    assert (await thief.get("/sidebar")).status == 200
    assert (await browser.post(OUT, {})).status == 204
    assert (browser.cookies, (await thief.get("/sidebar")).status) == ({}, 302)
    assert (await thief.get("/sidebar/panel", **office.about)).status == 401
    assert (await thief.post("/sidebar/act", office.about)).status == 401


async def test_a_session_ends_by_age_and_by_idleness(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    clock = office.chat.clock
    begun = clock.now()
    clock.reach(begun + IDLE_S + 1)
    assert (await browser.get("/sidebar")).status == 302
    busy = await office.signed_in("zhangsan")
    begun = clock.now()
    while clock.now() < begun + LASTS_S:
        assert (await busy.get("/sidebar")).status == 200
        clock.reach(clock.now() + 1800)
    clock.reach(clock.now() + 1)
    assert (await busy.get("/sidebar")).status == 302


async def test_a_token_that_was_replaced_ends_the_session_for_whoever_copied_it(
    office: Office,
) -> None:
    browser, thief = await office.signed_in("zhangsan"), office.browser()
    thief.cookies = dict(browser.cookies)
    office.chat.clock.reach(office.chat.clock.now() + ROTATED_EVERY_S)
    assert (await browser.get("/sidebar")).status == 200
    assert browser.cookies != thief.cookies
    assert (await thief.get("/sidebar/panel", **office.about)).status == 404, "on its way"
    office.chat.clock.reach(office.chat.clock.now() + GRACE_S + 1)
    assert (await thief.get("/sidebar")).status == 302
    assert (await browser.get("/sidebar")).status == 302, "both sign in anew"


async def test_a_write_needs_the_token_of_the_page_and_comes_from_our_own(office: Office) -> None:
    browser, other = await office.signed_in("zhangsan"), await office.signed_in("lisi")
    form = office.about
    for headers in (
        {TOKEN_HEADER: ""},
        {TOKEN_HEADER: "0" * 64},
        {TOKEN_HEADER: other.token},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert (await browser.post("/sidebar/act", form, headers)).status == 403
        assert (await browser.post(OUT, {}, headers)).status == 403
    crossed = {"Sec-Fetch-Site": "cross-site"}
    answer = await browser.request("GET", "/sidebar/panel", params=form, headers=crossed)
    assert answer.status == 403


async def test_a_page_runs_nothing_inline_and_is_framed_by_wecom_alone(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    answer = await browser.get("/sidebar")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert (policy["default-src"], policy["script-src"]) == ("'none'", "'self'")
    assert policy["style-src"] == "'self'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "https://*.work.weixin.qq.com" in policy["frame-ancestors"]
    assert " * " not in f" {policy['frame-ancestors']} "
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    text = await answer.text()
    assert "style=" not in text
    assert "<script>" not in text
    assert " on" + "click=" not in text


async def test_no_path_trick_reads_another_file(office: Office) -> None:
    for name in (
        *("../templates/page.html", "%2e%2e/endpoint.py", "..%2f..%2fdoor.py"),
        *("VENDORED.md", ""),
    ):
        answer = await office.browser().get(f"/sidebar/static/v/{name}")
        assert answer.status in {403, 404}


async def test_signatures_are_for_our_page_alone_and_tickets_are_kept(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    page = f"{PUBLIC}/sidebar?open_kfid=wk_shop"
    for kind in ("corp", "agent", "corp", "agent"):
        answer = await browser.get("/sidebar/signature", kind=kind, url=page)
        assert set(await answer.json()) == {"timestamp", "nonceStr", "signature"}
    assert office.wecom.calls.count("/cgi-bin/get_jsapi_ticket") == 1
    assert office.wecom.calls.count("/cgi-bin/ticket/get") == 1
    for wrong in ("https://evil.example/sidebar", f"{PUBLIC}/sidebar#x", f"{PUBLIC}.evil/sidebar"):
        assert (await browser.get("/sidebar/signature", kind="agent", url=wrong)).status == 400
    assert (await browser.get("/sidebar/signature", kind="x", url=page)).status == 400
    assert (await office.browser().get("/sidebar/signature", kind="corp", url=page)).status == 401
