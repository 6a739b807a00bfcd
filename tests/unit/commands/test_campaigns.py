"""Campaigns are described, opened, judged and counted on a terminal."""

import json

import pytest
import yaml

from tests.builders import KEY
from tests.referrals import SPRING
from tests.unit.commands.conftest import Shop


@pytest.fixture
def shop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("CONCIERGE_SECURITY__ENCRYPTION_KEY", KEY)
    return shop


def described(shop: Shop, **more: object) -> str:
    return str(shop.write("spring.yaml", yaml.safe_dump(SPRING | more, allow_unicode=True)))


def test_a_campaign_goes_from_a_draft_to_its_figures(shop: Shop) -> None:
    assert shop.run("campaign", "list") == 0
    assert shop.said == "还没有活动。\n"
    assert shop.run("campaign", "create", "--file", described(shop)) == 0
    assert "还是草稿" in shop.said
    assert shop.run("campaign", "codes", "five", shop.write("codes.txt", "A-1\nA-2\nA-1\n")) == 0
    assert shop.said == "five：新增 2 个，原来就有 0 个。\n"
    assert shop.run("campaign", "open", "spring") == 0
    assert shop.run("campaign", "show", "spring") == 0
    assert "1 位：5 元券（还剩 2）" in shop.said
    assert shop.run("campaign", "pause", "spring") == 0
    assert shop.run("campaign", "list") == 0
    assert "已暂停" in shop.said
    assert shop.run("campaign", "stats", "spring", "--json") == 0
    told = json.loads(shop.said)
    assert told["to_date"]["k_gross"] is None  # nobody has invited: no nought
    assert told["standings"]["valid"] == 0
    assert told["stock"] == {"five": 2, "twenty": None}
    assert (told["virtual_share"], told["virtual_share_wanted"]) == (None, 0.3)
    assert told["cohorts"] == told["arms"] == told["advice"] == []
    assert shop.run("campaign", "stats", "spring") == 0
    assert "K 毛 —" in shop.said
    assert shop.run("campaign", "review", "spring") == 0


def test_what_the_linter_blocks_is_not_opened_until_legal_says_so(shop: Shop) -> None:
    bad = {"rules": "转发到朋友圈即可领取优惠券"}
    assert shop.run("campaign", "create", "--file", described(shop, **bad)) == 0
    assert shop.run("campaign", "lint", "spring") == 1
    assert shop.run("campaign", "open", "spring") == 1
    assert "永久封禁" in shop.said
    allowed = bad | {"legal_override": "法务 王五：仅内测"}
    assert shop.run("campaign", "create", "--file", described(shop, **allowed)) == 0
    assert shop.run("campaign", "open", "spring") == 0
    assert shop.run("audit", "search") == 0
    assert "campaign.overridden" in shop.said
    assert "法务 王五：仅内测" in shop.said


def test_mistakes_are_named(shop: Shop) -> None:
    falling = {"tiers": [{"invites": 3, "reward": "five"}, {"invites": 1, "reward": "twenty"}]}
    assert shop.run("campaign", "create", "--file", described(shop, **falling)) != 0
    assert shop.run("campaign", "show", "nowhere") != 0
    assert shop.run("campaign", "accept", "i123", "--why", "x") != 0


def test_a_shipped_campaign_is_written_down_with_a_time_and_members(shop: Shop) -> None:
    assert shop.run("campaign", "presets") == 0
    assert "vip  邀请 1 位得 20 积分，3 位升级为 VIP（B40）" in shop.said
    own = ("--id", "vip2026", "--start", "2026-12-01 00:00", "--end", "2026-12-31 23:59")
    lacking = shop.run("campaign", "create", "--preset", "vip", *own)
    assert lacking != 0
    assert "receivers" in shop.complained
    done = shop.run("campaign", "create", "--preset", "vip", *own, "--receiver", "zhangsan")
    assert done == 0
    assert shop.run("campaign", "lint", "vip2026") == 0
    assert shop.run("campaign", "open", "vip2026") == 0


def test_an_edit_is_logged_with_what_it_changed(shop: Shop) -> None:
    assert shop.run("campaign", "create", "--file", described(shop)) == 0
    assert shop.run("campaign", "changes", "spring") == 0
    assert shop.said == "还没有改过。\n"
    assert shop.run("campaign", "create", "--file", described(shop, daily_cap=7)) == 0
    assert shop.run("campaign", "changes", "spring") == 0
    assert "daily_cap：50 → 7" in shop.said
    assert "K（前后各 7 天）：— → —" in shop.said


def test_advice_that_is_not_there_is_told(shop: Shop) -> None:
    assert shop.run("campaign", "apply", "v1") != 0
    assert "没有待定的建议 v1" in shop.complained
    assert shop.run("campaign", "dismiss", "v1") != 0
