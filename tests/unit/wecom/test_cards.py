"""What does a card look like to WeCom?"""

from bot.model import Button, Card
from bot.wecom.cards import template_card

BUTTONS = (Button("take", "我来接"), Button("skip", "忽略", 2))


def test_every_part_has_its_place() -> None:
    card = Card(
        title="客户请求人工",
        desc="李四 · 售后",
        source="客服助手",
        quote="要退货\n很急",
        text="等了 2 分钟",
        lines=(("等待", "2 分钟"),),
        buttons=BUTTONS,
        url="https://example.com/s/1",
    )
    assert template_card(card, task_id="t1") == {
        "card_type": "button_interaction",
        "source": {"desc": "客服助手"},
        "task_id": "t1",
        "main_title": {"title": "客户请求人工", "desc": "李四 · 售后"},
        "quote_area": {"quote_text": "要退货\n很急"},
        "sub_title_text": "等了 2 分钟",
        "horizontal_content_list": [{"keyname": "等待", "value": "2 分钟"}],
        "card_action": {"type": 1, "url": "https://example.com/s/1"},
        "button_list": [
            {"text": "我来接", "style": 1, "key": "take"},
            {"text": "忽略", "style": 2, "key": "skip"},
        ],
    }


def test_what_is_empty_is_left_out() -> None:
    card = Card(title="客户请求人工", lines=(("等待", ""), ("", "x")), buttons=BUTTONS)
    assert set(template_card(card, task_id="t1")) == {
        "card_type",
        "task_id",
        "main_title",
        "button_list",
    }


def test_texts_are_cut_to_the_smaller_of_the_documented_limits() -> None:
    long = "字" * 300
    card = Card(
        title=long,
        desc=long,
        source=long,
        quote=long,
        text=long,
        lines=((long, long),),
        buttons=(Button("take", long),),
    )
    wire = template_card(card, task_id="t1", replace_name=long)
    line = wire["horizontal_content_list"][0]
    texts = [
        (wire["main_title"]["title"], 26),
        (wire["main_title"]["desc"], 30),
        (wire["source"]["desc"], 13),
        (wire["quote_area"]["quote_text"], 112),
        (wire["sub_title_text"], 112),
        (line["keyname"], 5),
        (line["value"], 26),
        (wire["button_list"][0]["text"], 10),
        (wire["replace_text"], 10),
    ]
    assert [(len(text), text[-1]) for text, _ in texts] == [(most, "…") for _, most in texts]
    short = template_card(Card(title="字" * 26, buttons=BUTTONS), task_id="t1")
    assert short["main_title"]["title"] == "字" * 26


def test_a_line_of_a_card_has_no_breaks_and_nothing_has_control_characters() -> None:
    card = Card(title="客户\n\n请求\x00人工", text="一\n二\x07", buttons=BUTTONS)
    wire = template_card(card, task_id="t1")
    assert wire["main_title"]["title"] == "客户 请求人工"
    assert wire["sub_title_text"] == "一\n二"


def test_an_address_that_is_too_long_is_left_out_whole() -> None:
    card = Card(title="x", buttons=BUTTONS, url="https://example.com/" + "a" * 1024)
    assert "card_action" not in template_card(card, task_id="t1")


def test_a_card_without_buttons_has_one_grey_one() -> None:
    wire = template_card(Card(title="x"), task_id="t1", replace_name="已由张三接入")
    assert wire["replace_text"] == "已由张三接入"
    assert [button["text"] for button in wire["button_list"]] == ["已由张三接入"]
