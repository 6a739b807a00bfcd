"""Campaigns that are shipped can be opened as they are."""

from pathlib import Path

import pytest

from bot.app.campaign_lint import build_linter
from bot.app.campaign_presets import Preset, preset, presets
from bot.config import Campaign, Config
from bot.errors import Misconfigured

OWN = {"id": "own", "start": "2026-12-01 00:00", "end": "2026-12-31 23:59", "receivers": ["li"]}


def test_each_requirement_has_its_preset() -> None:
    assert {one.serves for one in presets()} == {"A11", "A22", "A42", "A44", "B19", "B40"}


@pytest.mark.parametrize(
    ("name", "tiers"),
    [
        ("coupons", [(1, "code"), (3, "code")]),
        ("course", [(2, "code")]),
        ("mixed", [(1, "points"), (3, "gift"), (5, "code")]),
        ("papers", [(3, "code")]),
        ("upgrade", [(3, "tag")]),
        ("vip", [(1, "points"), (3, "tag")]),
    ],
)
def test_tiers_are_those_of_the_requirement(name: str, tiers: list[tuple[int, str]]) -> None:
    campaign = Campaign.model_validate({**preset(name).described} | OWN)
    found = [(one.invites, campaign.rewards[one.reward].kind) for one in campaign.tiers]
    assert found == tiers


@pytest.mark.parametrize("one", presets(), ids=lambda one: one.name)
async def test_each_passes_the_linter(one: Preset) -> None:
    linter = await build_linter(Config.model_validate({"embeddings": {"provider": "none"}}), None)
    campaign = Campaign.model_validate({**one.described} | OWN)
    assert await linter.check(campaign) == []
    assert campaign.consent


@pytest.mark.deep
async def test_each_passes_by_meaning_too(tmp_path: Path) -> None:
    linter = await build_linter(Config(), tmp_path)
    for one in presets():
        assert await linter.check(Campaign.model_validate({**one.described} | OWN)) == []


def test_a_name_that_is_not_there_and_a_file_that_is_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="coupons"):
        preset("nothing")
    (tmp_path / "odd.yaml").write_text("about: x\n", "utf-8")
    with pytest.raises(Misconfigured, match="odd"):
        presets(tmp_path)
