"""Does `concierge escalation` say in Chinese what the rules decide?"""

import json

from tests.unit.commands.conftest import Shop


def test_a_decision_is_explained(shop: Shop) -> None:
    assert shop.run("escalation", "explain", "我要打12315，转人工") == 0
    assert "转人工：监管部门与媒体（exposure_major）" in shop.said
    assert "专家（L3）" in shop.said
    assert "因为：“打12315”" in shop.said
    assert "时限：首次人工回复 1 小时" in shop.said
    assert "同时：要找人工（asked）" in shop.said


def test_what_nearly_counted_is_explained_too(shop: Shop) -> None:
    assert shop.run("escalation", "explain", "不用转人工了") == 0
    assert shop.said.startswith("不转人工\n")
    assert "差一点：要找人工" in shop.said
    assert "语气是“否定”，不算" in shop.said


def test_tags_and_misses_count(shop: Shop) -> None:
    shop.write("config.yaml", "escalation: {core_tags: [VIP]}\n")
    assert shop.run("escalation", "explain", "多大", "--misses", 2, "--tag", "VIP") == 0
    assert "连续没有找到答案（missed_twice）" in shop.said
    assert "专家（L3），核心客户排在最前" in shop.said


def test_a_decision_is_json_when_asked(shop: Shop) -> None:
    assert shop.run("escalation", "explain", "转人工", "--json") == 0
    assert json.loads(shop.said)["wanted"]["reason"] == "asked"
    assert shop.run("escalation", "explain", "多少钱", "--json") == 0
    assert json.loads(shop.said)["wanted"] is None


def test_classes_are_listed_graver_first(shop: Shop) -> None:
    shop.write(
        "config.yaml",
        "escalation: {classes: {anger: {enabled: false}, asked: {skill: 英语, priority: 99}}}\n",
    )
    assert shop.run("escalation", "classes") == 0
    lines = shop.said.splitlines()
    assert [line.partition("（")[0] for line in lines[:2]] == ["self_harm", "asked"]
    assert "技能 英语" in lines[1]
    assert "不看（enabled: false）" in next(line for line in lines if line.startswith("anger"))
    assert shop.run("escalation", "classes", "--json") == 0
    assert json.loads(shop.said)[0]["deadlines"] == {"first_response": 60}


def test_a_class_that_does_not_exist_is_refused(shop: Shop) -> None:
    shop.write("config.yaml", "escalation: {classes: {angry: {level: 3}}}\n")
    assert shop.run("escalation", "explain", "你好") == 1
    assert "没有 angry 这一类" in shop.complained
