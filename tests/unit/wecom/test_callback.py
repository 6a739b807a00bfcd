import pytest

from bot.errors import Unreadable
from bot.model.events import AppMessageReceived, CardPressed, UnknownHappened
from bot.wecom.callback import KfHint, read_notice
from tests.unit.wecom import callbacks as made

PATH = "/wecom/callback"


def xml(**fields: object) -> bytes:
    return f"<xml>{''.join(f'<{k}>{v}</{k}>' for k, v in fields.items())}</xml>".encode()


def test_a_kf_event_is_a_hint_that_is_never_taken_for_a_repeat() -> None:
    notice = read_notice(made.KF_EVENT, PATH)
    assert notice.hint == KfHint("wkDEMO0000000001", "ENC_TOKEN_DEMO_001", 1_700_000_000.0)
    assert notice.digest is None
    assert notice.events == ()


def test_what_a_member_writes_is_an_app_message() -> None:
    (event,) = read_notice(made.MESSAGE_PLAIN, PATH).events
    assert event == AppMessageReceived(
        userid="mycreate", msgtype="text", content="hello", sent_at=1_409_659_813.0
    )


def test_a_repeated_message_has_the_same_digest_though_its_bytes_differ() -> None:
    again = made.MESSAGE_PLAIN.replace(b"\n", b"").replace(b"1409659813", b"1409659999")
    assert read_notice(made.MESSAGE_PLAIN, PATH).digest == read_notice(again, PATH).digest


def test_two_customers_added_in_one_second_have_two_digests() -> None:
    def added(customer: str) -> str | None:
        fields = {"FromUserName": "sys", "CreateTime": 1, "MsgType": "event"}
        document = xml(**fields, Event="change_external_contact", ExternalUserID=customer)
        return read_notice(document, PATH).digest

    assert added("wm1") != added("wm2")
    assert added("wm1") == added("wm1")


def test_the_same_event_at_another_path_is_another_delivery() -> None:
    document = xml(MsgType="event", Event="subscribe")
    assert read_notice(document, PATH).digest != read_notice(document, "/other").digest


def test_opening_the_app_is_an_app_message() -> None:
    document = xml(MsgType="event", Event="enter_agent", FromUserName="lisi", CreateTime=7)
    (event,) = read_notice(document, PATH).events
    assert event == AppMessageReceived(userid="lisi", msgtype="enter_agent", sent_at=7.0)


def test_an_event_without_a_word_of_ours_is_kept_whole() -> None:
    document = xml(
        MsgType="event", Event="kf_account_auth_change", AuthAddOpenKfId="wk1", CreateTime="soon"
    )
    (event,) = read_notice(document, PATH).events
    assert isinstance(event, UnknownHappened)
    assert event.name == "kf_account_auth_change"
    assert event.raw["AuthAddOpenKfId"] == ["wk1"]
    assert event.sent_at == 0.0


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<xml/>",
        xml(MsgType="event"),
        xml(MsgType="text", Content="from nobody"),
        xml(MsgType="event", Event="kf_msg_or_event"),
        b"<xml><Event>a</Event><Event>b</Event></xml>",
        made.BOT_JSON,
    ],
)
def test_what_is_neither_a_message_nor_an_event_is_unreadable(document: bytes) -> None:
    with pytest.raises(Unreadable):
        read_notice(document, PATH)


def pressed(userid: str = "lisi", code: str = "RC1", ids: str = "OptionIds", **more: str) -> bytes:
    selected = (
        f"<SelectedItem><QuestionKey>reason</QuestionKey><{ids}><{ids[:-1]}>done</{ids[:-1]}>"
        f"<{ids[:-1]}>late</{ids[:-1]}></{ids}></SelectedItem>"
    )
    fields = {"FromUserName": userid, "CreateTime": 7, "MsgType": "event", "EventKey": "take"}
    fields |= {"Event": "template_card_event", "TaskId": "t1", "ResponseCode": code} | more
    return xml(**fields, SelectedItems=selected)


@pytest.mark.parametrize("ids", ["OptionIds", "OpitonIds"])
@pytest.mark.parametrize("event", ["template_card_event", "template_card_menu_event"])
def test_a_press_on_a_card_is_understood_in_both_spellings(ids: str, event: str) -> None:
    (found,) = read_notice(pressed(ids=ids, Event=event), PATH).events
    assert found == CardPressed(
        userid="lisi",
        key="take",
        task_id="t1",
        response_code="RC1",
        selected={"reason": ("done", "late")},
        sent_at=7.0,
    )


def test_a_card_without_choices_and_one_with_an_empty_choice_are_understood() -> None:
    fields = {"FromUserName": "lisi", "MsgType": "event", "Event": "template_card_event"}
    question = "<SelectedItem><QuestionKey>q</QuestionKey>{}</SelectedItem>"
    for more, selected in (
        ({}, {}),
        ({"SelectedItems": ""}, {}),
        ({"SelectedItems": question.format("")}, {}),
        ({"SelectedItems": question.format("<OptionIds/>")}, {"q": ()}),
    ):
        (found,) = read_notice(xml(**fields, EventKey="take", **more), PATH).events
        assert isinstance(found, CardPressed)
        assert found.selected == selected


def test_two_members_who_press_in_one_second_both_count_and_a_repeat_does_not() -> None:
    """R-1.3: event, task, member, key and code together name a press (wecom-api §2.7)."""
    digests = [
        read_notice(document, PATH).digest
        for document in (
            pressed("lisi", "RC1"),
            pressed("lisi", "RC1").replace(b"<CreateTime>7<", b"<CreateTime>8<"),
            pressed("wangwu", "RC2"),
            pressed("wangwu", "RC1"),
            pressed("lisi", "RC1", EventKey="skip"),
        )
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_presses_without_a_code_are_told_apart_by_all_they_say() -> None:
    one, other = pressed(code=""), pressed(code="", CreateTime="9")
    assert read_notice(one, PATH).digest != read_notice(other, PATH).digest
    assert read_notice(one, PATH).digest == read_notice(one, PATH).digest
