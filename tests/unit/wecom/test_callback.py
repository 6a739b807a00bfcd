import pytest

from bot.errors import Unreadable
from bot.model.events import AppMessageReceived, UnknownHappened
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
