"""Does `faq terms` print what can be pasted?"""

import json

import yaml

from bot.app import words_in
from tests.unit.commands.conftest import Shop

CARDS = """\
- {id: gold, question: 金卡会员有什么权益, answer: 9.5 折。}
- {id: black, question: 黑卡会员有什么权益, answer: 9 折。}
- {id: plus, question: 'c# 会员有什么权益', answer: 没有。}
"""


def test_groups_are_yaml_to_paste(shop: Shop) -> None:
    shop.write("faq/cards.yaml", CARDS)
    assert shop.run("faq", "terms") == 0
    assert "1 对，如“金卡会员有什么权益”与“黑卡会员有什么权益”" in shop.said
    assert yaml.safe_load(shop.said) == {"terms": [["金卡", "黑卡"]]}
    words, problems = words_in(shop.write("words.yaml", shop.said))
    assert problems == []
    assert words.groups == {frozenset({"金卡", "黑卡"})}


def test_groups_are_json_when_asked(shop: Shop) -> None:
    shop.write("faq/cards.yaml", CARDS)
    assert shop.run("faq", "terms", "--json") == 0
    [one] = json.loads(shop.said)
    assert (one["words"], one["pairs"], one["confirmed"]) == (["金卡", "黑卡"], 1, 0)


def test_nothing_to_confirm_is_said_so(shop: Shop) -> None:
    assert shop.run("faq", "terms") == 0
    assert shop.said == "# 2 条知识里，没有看出要加的专用词。\n"
    assert shop.run("faq", "terms", "--account", "wkNobody") != 0
