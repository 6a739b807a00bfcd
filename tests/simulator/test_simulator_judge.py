"""The oracle finds what is lost, doubled, out of order or wrong."""

from typing import Any

from simulator.judge import Transcript, judge

EXPECTED = {"运费多少": "满 99 包邮", "多久发货": "48 小时内发货", "能退吗": "7 天无理由"}


def _line(who: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "from": who,
        "msgtype": "text",
        "content": {"content": text},
        "via": "send_msg" if who == "bot" else "client",
        "recalled": False,
        "failed": None,
        **more,
    }


def _talk(*lines: str) -> Transcript:
    who = {"客": "customer", "机": "bot"}
    return {("wk", "wm"): [_line(who[line[0]], line[2:]) for line in lines]}


def test_right_answers_are_clean_also_when_merged() -> None:
    verdict = judge(
        _talk(
            "客：运费多少",
            "机：满 99 包邮。",
            "客：多久发货",
            "客：能退吗",
            "机：48 小时内发货\n7 天无理由",
        ),
        EXPECTED,
    )
    assert verdict.is_clean
    assert verdict.answered == 3


def test_a_question_asked_twice_may_be_answered_once_or_twice() -> None:
    assert judge(_talk("客：运费多少", "客：运费多少", "机：满 99 包邮"), EXPECTED).is_clean
    twice = _talk("客：运费多少", "机：满 99 包邮", "客：运费多少", "机：满 99 包邮")
    assert judge(twice, EXPECTED).is_clean


def test_lost_doubled_and_disordered_answers_are_found() -> None:
    assert judge(_talk("客：运费多少", "客：能退吗", "机：7 天无理由"), EXPECTED).lost == [
        "wm: 运费多少"
    ]
    doubled = judge(_talk("客：运费多少", "机：满 99 包邮", "机：满 99 包邮"), EXPECTED)
    assert doubled.doubled == ["wm: 运费多少"]
    disordered = judge(_talk("客：运费多少", "客：能退吗", "机：7 天无理由\n满 99 包邮"), EXPECTED)
    assert disordered.out_of_order == ["wm: 能退吗"]


def test_an_answer_before_its_question_does_not_count() -> None:
    early = judge(_talk("机：满 99 包邮", "客：运费多少"), EXPECTED)
    assert early.lost == ["wm: 运费多少"]


def test_a_foreign_text_is_wrong_unless_allowed() -> None:
    talk = _talk("客：运费多少", "机：没听懂", "机：满 99 包邮")
    assert judge(talk, EXPECTED).wrong == ["wm: 没听懂"]
    assert judge(talk, EXPECTED, also_allowed=["没听懂"]).is_clean


def test_recalled_questions_need_no_answer_and_failed_answers_do_not_count() -> None:
    recalled = {("wk", "wm"): [_line("customer", "运费多少", recalled=True)]}
    assert judge(recalled, EXPECTED).is_clean
    failed = {
        ("wk", "wm"): [_line("customer", "运费多少"), _line("bot", "满 99 包邮", failed=10)],
    }
    assert judge(failed, EXPECTED).lost == ["wm: 运费多少"]


def test_menus_are_read_and_welcomes_are_not_judged() -> None:
    menu = {
        "head_content": "满 99 包邮",
        "list": [{"type": "click", "click": {"id": "1", "content": "能退吗"}}],
    }
    lines = [
        _line("bot", "欢迎光临", via="event"),
        _line("customer", "运费多少"),
        _line("bot", "", msgtype="msgmenu", content=menu),
    ]
    assert judge({("wk", "wm"): lines}, EXPECTED).is_clean
