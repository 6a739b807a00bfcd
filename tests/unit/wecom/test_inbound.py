from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.events import (
    AnyEvent,
    Event,
    MessageRecalled,
    MessageReceived,
    SendFailed,
    ServicerStatusChanged,
    SessionChanged,
    SessionEntered,
    UnknownHappened,
)
from bot.wecom.inbound import read_item

WHERE: dict[str, Any] = {"open_kfid": "wk1", "external_userid": "wm1"}


def message(msgtype: str = "text", origin: Any = 3, **fields: Any) -> dict[str, Any]:
    return {"msgid": "m1", **WHERE, "send_time": 100, "origin": origin, "msgtype": msgtype} | fields


def event(event_type: str, **fields: Any) -> dict[str, Any]:
    inner = {"event_type": event_type, **WHERE} | fields
    return {"msgid": "e1", "send_time": 100, "origin": 4, "msgtype": "event", "event": inner}


def test_what_the_customer_wrote() -> None:
    item = read_item(message(text={"content": "你好", "menu_id": "101"}))
    assert (item.msgid, item.sent_at) == ("m1", 100.0)
    assert isinstance(item.event, MessageReceived)
    assert (item.event.text, item.event.menu_id, item.event.origin) == ("你好", "101", 3)


def test_what_a_servicer_wrote() -> None:
    received = read_item(message(origin="5", servicer_userid="lisi", text={"content": "在"})).event
    assert isinstance(received, MessageReceived)
    assert (received.origin, received.servicer_userid) == (5, "lisi")


@pytest.mark.parametrize("spelling", ["head_img", "head_image"])
def test_both_spellings_of_a_product_picture_are_read(spelling: str) -> None:
    content = {"product_id": "P", spelling: "https://p"}
    received = read_item(message("channels_shop_product", channels_shop_product=content)).event
    assert isinstance(received, MessageReceived)
    assert received.content["head_img"] == "https://p"


@pytest.mark.parametrize("msgtype", ["image", "location", "merged_msg", "note", "from_the_future"])
def test_a_message_of_any_type_is_a_message(msgtype: str) -> None:
    received = read_item(message(msgtype, **{msgtype: {"media_id": "M"}})).event
    assert isinstance(received, MessageReceived)
    assert (received.msgtype, received.text) == (msgtype, "")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            event("enter_session", scene=123, scene_param="abc", welcome_code="W"),
            SessionEntered(
                **WHERE, sent_at=100.0, scene="123", scene_param="abc", welcome_code="W"
            ),
        ),
        (event("enter_session", welcome_code=""), SessionEntered(**WHERE, sent_at=100.0)),
        (
            event("session_status_change", change_type="3", old_servicer_userid="li", msg_code="C"),
            SessionChanged(
                **WHERE, sent_at=100.0, change_type=3, old_servicer_userid="li", msg_code="C"
            ),
        ),
        (
            event("user_recall_msg", recall_msgid="m0"),
            MessageRecalled(**WHERE, sent_at=100.0, recall_msgid="m0"),
        ),
        (
            event("servicer_recall_msg", recall_msgid="m0", servicer_userid="li"),
            MessageRecalled(**WHERE, sent_at=100.0, recall_msgid="m0", servicer_userid="li"),
        ),
        (
            event("msg_send_fail", fail_msgid="b1", fail_type=10),
            SendFailed(**WHERE, sent_at=100.0, fail_msgid="b1", fail_type=10),
        ),
        (
            event("servicer_status_change", servicer_userid="li", status=2, stop_type=0),
            ServicerStatusChanged(
                open_kfid="wk1", servicer_userid="li", status=2, stop_type=0, sent_at=100.0
            ),
        ),
    ],
)
def test_an_event_is_read_as_what_happened(item: Any, expected: Event) -> None:
    assert read_item(item).event == expected


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (event("reject_customer_msg_switch_change"), "reject_customer_msg_switch_change"),
        (event("from_the_future"), "from_the_future"),
        (event("msg_send_fail"), "malformed.fail_msgid"),
        (event("session_status_change", change_type="soon"), "malformed.change_type"),
        (message(origin=9), "message.origin_9"),
        (message(external_userid=None), "malformed.external_userid"),
        (message() | {"msgtype": "event"}, "malformed.event"),
        ("not even an object", "malformed.msgtype"),
        ({}, "malformed.msgtype"),
    ],
)
def test_what_has_no_word_is_kept_whole(item: Any, name: str) -> None:
    read = read_item(item, "wk_pulled")
    assert isinstance(read.event, UnknownHappened)
    assert read.event.name == name
    assert read.event.raw == (item if isinstance(item, dict) else {"item": item})
    assert read.event.open_kfid in {"wk1", "wk_pulled"}


def test_an_item_without_an_id_gets_the_same_one_each_time() -> None:
    first, again = (read_item({"msgtype": "x", "b": 1, "a": 2}) for _ in range(2))
    assert first.msgid == again.msgid
    assert first.msgid != read_item({"msgtype": "x", "b": 2, "a": 2}).msgid


@pytest.mark.parametrize("text", [None, {}, {"content": None}, {"content": ["x"]}, "x"])
def test_a_text_without_words_is_an_empty_text(text: Any) -> None:
    received = read_item(message(text=text)).event
    assert isinstance(received, MessageReceived)
    assert received.text == ""


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "msgid",
    "msgtype",
    "origin",
    "send_time",
    "open_kfid",
    "external_userid",
    "text",
    "event",
]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_whatever_an_item_holds_it_becomes_an_event_that_can_be_stored(item: Any) -> None:
    read = read_item(item, "wk")
    stored = msgspec.json.encode(read.event)
    assert msgspec.json.decode(stored, type=AnyEvent) == read.event


def test_a_time_beyond_all_numbers_is_no_time() -> None:
    assert read_item(message(send_time=10**400)).sent_at == 0.0
