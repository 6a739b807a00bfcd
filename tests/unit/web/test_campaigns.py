"""Other systems read a campaign's figures with the token, and nobody without."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application

from bot.web.campaigns import CampaignEndpoint

KEY = {"Authorization": "Bearer secret"}


async def every() -> list[dict[str, Any]]:
    return [{"campaign": "spring"}]


async def figures(campaign: str) -> dict[str, Any] | None:
    return {"campaign": campaign, "to_date": {"k_gross": None}} if campaign == "spring" else None


async def asked(path: str, headers: dict[str, str], token: str = "secret") -> tuple[int, Any]:
    app = Application()
    app.add_routes(CampaignEndpoint(every, figures, token).routes())
    async with TestClient(TestServer(app)) as client:
        answer = await client.get(path, headers=headers)
        return answer.status, await answer.json()


async def test_the_figures_are_told() -> None:
    assert await asked("/api/v1/campaigns", KEY) == (200, {"campaigns": [{"campaign": "spring"}]})
    status, told = await asked("/api/v1/campaigns/spring", KEY)
    assert (status, told["to_date"]) == (200, {"k_gross": None})


@pytest.mark.parametrize("path", ["/api/v1/campaigns", "/api/v1/campaigns/spring"])
async def test_without_the_token_nothing_is(path: str) -> None:
    assert (await asked(path, {}))[0] == 401
    assert (await asked(path, KEY, token=""))[0] == 404


async def test_a_campaign_that_is_not_there_is_not_found() -> None:
    assert (await asked("/api/v1/campaigns/none", KEY))[0] == 404
