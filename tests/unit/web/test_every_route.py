"""Who may ask which address at all? Every address of the product is in exactly one table here.

What members may see of customers is tested in `sidebar/test_who_sees_whom.py`.
"""

import re

from bot.web.door import TOKEN_HEADER
from bot.web.sidebar.endpoint import PATH
from tests.conftest import OpenChat
from tests.sidebar import STAFF, Office, opened_office
from tests.unit.web.sidebar.test_who_sees_whom import READS, WRITES

OF_CUSTOMERS = (
    *(f"GET {PATH}/{name}" for name in READS),
    *(f"POST {PATH}/{name}" for name in WRITES),
)
OF_MEMBERS = (
    "GET /sidebar/signature",
    "GET /sidebar/group",  # who sees which group: sidebar/test_groups.py
    "GET /sidebar/waiting",  # who sees whose: test_referral_reviews.py
    "GET /sidebar/replies",
    "POST /sidebar/replies/add",
    "POST /sidebar/replies/remove",
    "POST /sidebar/replies/used",
    "POST /sidebar/sign-out",
    "POST /till/look",
    "POST /till/redeem",
)
"""Whoever has signed in; who may change which reply is tested beside them."""

WITH_A_KEY = (
    "GET /api/v1/reports/721",
    "GET /api/v1/customers",
    "GET /api/v1/channels",
    "GET /api/v1/channels/stats",
    "GET /api/v1/channels/{id}",
    "PUT /api/v1/channels/{id}",
    "POST /api/v1/channels/{id}/pause",
    "POST /api/v1/channels/{id}/resume",
    "PUT /api/v1/channels/{id}/costs/{day}",
    "GET /api/v1/channels/{id}/qr.{kind}",
    "GET /api/v1/campaigns",
    "GET /api/v1/campaigns/{campaign}",
    "POST /api/v1/orders",
    "POST /api/v1/coupons/look",
    "POST /api/v1/coupons/redeem",
)
"""Other systems, which show a token or sign what they send."""

SIGNED_BY_WECOM = ("GET /wecom/callback", "POST /wecom/callback")

OF_EVERYBODY = (
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /l/landing.css",
    "GET /l/{channel}",
    "POST /l/{channel}",
    "GET /l/{channel}/code",
    "GET /l/{channel}/code.png",
    "GET /t/{token}",  # leads on from a link that was sent; tested in `test_links.py`
    "GET /sidebar",  # sends whoever has not signed in to WeCom
    "GET /sidebar/signed-in",
    "GET /till",  # the same
    "GET /till/static/{version}/{name}",
    "GET /sidebar/static/{version}/{name}",
)
"""Without anything of anybody on them."""

TABLES = (OF_CUSTOMERS, OF_MEMBERS, WITH_A_KEY, SIGNED_BY_WECOM, OF_EVERYBODY)


async def status(office: Office, route: str, **more: object) -> int:
    """What whoever has not signed in is answered."""
    method, path = route.split(" ")
    answer = await office.browser().request(method, re.sub(r"{\w+}", "png", path), **more)
    answer.close()
    return answer.status


async def test_every_address_of_the_product_is_in_one_table(open_chat: OpenChat) -> None:
    async with opened_office(await open_chat(staff=STAFF)) as office:
        known = [route for table in TABLES for route in table]
        assert office.addresses == set(known)
        assert len(known) == len(set(known))


async def test_whoever_has_not_signed_in_is_refused(open_chat: OpenChat) -> None:
    async with opened_office(await open_chat(staff=STAFF)) as office:
        for route in (*OF_CUSTOMERS, *OF_MEMBERS):
            assert await status(office, route, params=office.about) == 401, route
        for route in WITH_A_KEY:
            assert await status(office, route) == 401, route
            wrong = {"Authorization": "Bearer " + "x" * 32}
            assert await status(office, route, headers=wrong) == 401, route
        for route in SIGNED_BY_WECOM:
            assert await status(office, route) in {400, 403}, route


async def test_nothing_is_written_without_the_token_of_the_page(open_chat: OpenChat) -> None:
    async with opened_office(await open_chat(staff=STAFF)) as office:
        browser = await office.signed_in("boss")
        for route in (*OF_CUSTOMERS, *OF_MEMBERS):
            method, path = route.split(" ")
            if method == "POST":
                for token in ("", "0" * 64):
                    answer = await browser.post(path, office.about, {TOKEN_HEADER: token})
                    assert answer.status == 403, route
