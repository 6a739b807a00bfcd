from bot.model import Because, MenuItem, Reply
from bot.routing.collected import Said
from bot.routing.merging import merge
from tests.builders import a_message


def said(text: str, question: str = "问", **fields: object) -> Said:
    return Said(Reply(text=text, **fields), a_message(question), "faq.answer")  # type: ignore[arg-type]


def items(*names: str) -> tuple[MenuItem, ...]:
    return tuple(MenuItem(name, name) for name in names)


def test_one_reply_stays_as_it_is() -> None:
    assert merge([said("答")]).text == "答"


def test_several_replies_quote_their_questions() -> None:
    assert (
        merge([said("答一", "问一"), said("答二", "问二")]).text
        == "「问一」\n答一\n\n「问二」\n答二"
    )


def test_a_reply_to_no_message_is_not_quoted() -> None:
    event = Said(Reply(text="已转接"), None, "escalation.handed_off")
    assert merge([said("答一", "问一"), event]).text == "「问一」\n答一\n\n已转接"


def test_equal_replies_are_said_once() -> None:
    assert merge([said("答", "一"), said("答", "二")]).text == "答"


def test_the_preface_comes_first_and_empty_lines_are_left_out() -> None:
    assert merge([said("答")], ["您好", "", "抱歉"]).text == "您好\n\n抱歉\n\n答"


def test_menus_are_joined_without_repeats() -> None:
    """How many WeCom takes is known in one place, where the payload is made."""
    one, two = said("一", menu=items(*"abcdef")), said("二", menu=items(*"efghijkl"))
    assert [item.id for item in merge([one, two]).menu] == list("abcdefghijkl")


def test_the_last_tail_stands_under_the_menu() -> None:
    assert merge([said("一", tail="甲"), said("二", tail="乙"), said("三")]).tail == "乙"


def test_a_label_of_the_model_covers_the_whole_reply() -> None:
    assert merge([said("一"), said("二", written_by_model=True)]).written_by_model


def test_every_reason_is_kept() -> None:
    reasons = [Because(source="faq", ref=ref, score=0.9) for ref in ("a", "b")]
    merged = merge([said("一", because=reasons[0]), said("二", because=reasons[1])])
    assert merged.because is not None
    assert [one["ref"] for one in merged.because.detail["reasons"]] == ["a", "b"]
    assert merge([said("一", because=reasons[0]), said("二")]).because == reasons[0]
