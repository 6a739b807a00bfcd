from typing import Any

import pytest

from bot.delivery.intake import lane_of, subject_of
from bot.model import (
    ArchivingApproved,
    CorpTagChanged,
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    Event,
    GroupChanged,
    Lane,
    TransferFailed,
    UnknownHappened,
)
from bot.wecom.callback import read_notice
from tests.unit.wecom.test_callback import PATH, xml

PAIR: dict[str, Any] = {"UserID": "ZhangSan", "ExternalUserID": "wm1", "CreateTime": 1_403_610_513}
SAME: dict[str, Any] = {"userid": "ZhangSan", "external_userid": "wm1", "at": 1_403_610_513.0}


def read(change: str, event: str = "change_external_contact", **fields: Any) -> Event:
    common = {"ToUserName": "ww1", "FromUserName": "sys", "MsgType": "event", "Event": event}
    (told,) = read_notice(xml(**common, ChangeType=change, **fields), PATH).events
    return told


@pytest.mark.parametrize(
    ("change", "fields", "expected"),
    [
        (
            "add_external_contact",
            {"State": "ch_1", "WelcomeCode": "CODE"},
            CustomerAdded(**SAME, state="ch_1", welcome_code="CODE"),
        ),
        ("add_half_external_contact", {}, CustomerAdded(**SAME, half=True)),
        ("edit_external_contact", {}, CustomerEdited(**SAME)),
        (
            "del_external_contact",
            {"Source": "DELETE_BY_TRANSFER"},
            CustomerDeleted(**SAME, by="staff", source="DELETE_BY_TRANSFER"),
        ),
        ("del_follow_user", {}, CustomerDeleted(**SAME, by="customer")),
        (
            "transfer_fail",
            {"FailReason": "customer_refused"},
            TransferFailed(**SAME, reason="customer_refused"),
        ),
        (
            "msg_audit_approved",
            {"WelcomeCode": "CODE"},
            ArchivingApproved(**SAME, welcome_code="CODE"),
        ),
    ],
)
def test_what_happens_to_a_friendship_has_a_word(
    change: str, fields: dict[str, Any], expected: Event
) -> None:
    event = read(change, **PAIR, **fields)
    assert event == expected
    assert subject_of(event) == "customer:wm1"


def test_a_change_of_the_library_is_the_company_s() -> None:
    fields: dict[str, Any] = {"Id": "et1", "TagType": "tag", "StrategyId": 1, "CreateTime": 7}
    event = read("update", "change_external_tag", **fields)
    assert event == CorpTagChanged(
        change="update", tag_type="tag", id="et1", strategy_id="1", at=7.0
    )
    assert subject_of(event) == "corp"
    assert read("shuffle", "change_external_tag") == CorpTagChanged(change="shuffle")


def test_only_a_welcome_code_is_urgent() -> None:
    assert lane_of(read("add_external_contact", **PAIR, WelcomeCode="CODE")) is Lane.URGENT
    assert lane_of(read("add_external_contact", **PAIR)) is Lane.BACKGROUND
    assert lane_of(read("msg_audit_approved", **PAIR, WelcomeCode="CODE")) is Lane.URGENT
    assert lane_of(read("del_follow_user", **PAIR)) is Lane.BACKGROUND


def test_a_change_without_a_word_of_ours_is_kept_whole() -> None:
    for change, fields in (
        ("something_new", PAIR | {"WelcomeCode": "CODE"}),
        ("add_external_contact", {"UserID": "zhangsan"}),
        ("add_external_contact", {"ExternalUserID": "wm1"}),
        ("", PAIR),
    ):
        event = read(change, **fields)
        assert isinstance(event, UnknownHappened), change
        assert event.name == "change_external_contact"
        assert event.raw["ChangeType"] == change


def test_a_group_hears_what_happened_and_each_customer_who_joined_it_too() -> None:
    inner = (
        b"<xml><FromUserName>sys</FromUserName><CreateTime>1403610513</CreateTime>"
        b"<MsgType>event</MsgType><Event>change_external_chat</Event><ChatId>wr1</ChatId>"
        b"<ChangeType>update</ChangeType><UpdateDetail>add_member</UpdateDetail>"
        b"<JoinScene>3</JoinScene><MemChangeCnt>3</MemChangeCnt><MemChangeList>"
        b"<Item>wmA</Item><Item>zhangsan</Item><Item>wmB</Item></MemChangeList></xml>"
    )
    notice = read_notice(inner, PATH)
    changed, *joined = notice.events
    assert changed == GroupChanged(
        chat_id="wr1",
        change="update",
        detail="add_member",
        members=("wmA", "zhangsan", "wmB"),
        scene="3",
        at=1_403_610_513.0,
    )
    assert [subject_of(one) for one in notice.events] == [
        "group:wr1",
        "customer:wmA",
        "customer:wmB",
    ]
    assert {getattr(one, "scene", "") for one in joined} == {"3"}
    one = inner.replace(b"<Item>zhangsan</Item><Item>wmB</Item>", b"")
    assert len(read_notice(one, PATH).events) == 2
    gone = inner.replace(b"add_member", b"del_member")
    assert len(read_notice(gone, PATH).events) == 1
