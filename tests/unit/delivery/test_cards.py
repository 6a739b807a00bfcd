"""What becomes of a card, its change, and the end of a session, when WeCom refuses or is silent?"""

import pytest

from bot.errors import NotAuthorised, Rejected, Throttled, Unreachable, WeComError, WrongState
from bot.model import ServiceState, StaffAction
from tests.card_router import FALLBACK, GOODBYE, Desk
from tests.conftest import OpenChat
from tests.talk import Chat

SEND = "/cgi-bin/message/send"


async def open_desk(open_chat: OpenChat) -> tuple[Chat, Desk]:
    desk = Desk()
    return await open_chat(more=[desk.router]), desk


async def a_take(chat: Chat, code: str = "") -> None:
    where = chat.conversation
    await chat.receives(
        StaffAction(
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
            userid="zhangsan",
            name="toy.take",
            data={"code": code, "task_id": "toy"},
        )
    )


async def last(chat: Chat, kind: str) -> tuple[str, str]:
    row = await chat.store.database.fetch_one(
        "SELECT state, COALESCE(error, '') AS error FROM outbox WHERE kind = ? ORDER BY id DESC"
        " LIMIT 1",
        kind,
    )
    assert row is not None
    return row["state"], row["error"]


async def test_the_turn_is_told_what_came_of_its_card(open_chat: OpenChat) -> None:
    chat, desk = await open_desk(open_chat)
    msgid = await chat.says("叫人")
    assert desk.results == [
        {
            "response_code": "card-code-1",
            "unreached": [],
            "as_text": False,
            "task_id": f"toy_{msgid}",
            "userids": ["zhangsan", "lisi"],
        }
    ]


async def test_a_card_that_is_refused_goes_out_as_text(open_chat: OpenChat) -> None:
    """43012: the app has no callback URL. Nobody is left without notice."""
    chat, desk = await open_desk(open_chat)
    chat.staff.failures = [Rejected(SEND, 43012)]
    await chat.says("叫人")
    assert chat.cards == []
    assert chat.staff.sent == [(("zhangsan", "lisi"), FALLBACK)]
    assert desk.results[0]["as_text"] is True
    assert desk.results[0]["response_code"] == ""


async def test_after_a_try_without_an_answer_a_code_nobody_knows_means_accepted_before(
    open_chat: OpenChat,
) -> None:
    """The code for a repeated task_id is not documented (wecom-api §5.3)."""
    chat, desk = await open_desk(open_chat)
    chat.staff.failures = [Unreachable(SEND), Rejected(SEND, 301077)]
    await chat.says("叫人")
    await chat.waits(minutes=1)
    assert chat.staff.sent == []
    assert desk.results[0]["as_text"] is False
    assert await last(chat, "SendCard") == ("sent", "")


@pytest.mark.parametrize("code", [43012, 40058])
async def test_after_a_try_without_an_answer_a_known_refusal_still_gives_the_text(
    open_chat: OpenChat, code: int
) -> None:
    chat, desk = await open_desk(open_chat)
    chat.staff.failures = [Unreachable(SEND), Rejected(SEND, code)]
    await chat.says("叫人")
    await chat.waits(minutes=1)
    assert desk.results[0]["as_text"] is True


async def test_a_refusal_is_not_taken_for_accepted_when_the_text_had_to_be_repeated(
    open_chat: OpenChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card is refused with a code nobody knows, then its text finds no answer: the next try
    of the row must not read that code as "accepted before"."""
    chat, desk = await open_desk(open_chat)
    chat.staff.failures = [Rejected(SEND, 301077), Rejected(SEND, 301077)]
    heard, silences = chat.staff.send_text, [Unreachable(SEND)]

    async def send_text(userids: object, text: str, *, key: str) -> object:
        if silences:
            raise silences.pop()
        return await heard(userids, text, key=key)

    monkeypatch.setattr(chat.staff, "send_text", send_text)
    await chat.says("叫人")
    await chat.waits(minutes=1)
    assert desk.results[0]["as_text"] is True


async def test_a_throttled_try_is_no_try(open_chat: OpenChat) -> None:
    chat, desk = await open_desk(open_chat)
    chat.staff.failures = [
        Throttled(SEND, retry_at=chat.clock.now() + 20),
        Rejected(SEND, 301077),
    ]
    await chat.says("叫人")
    await chat.waits(minutes=1)
    assert desk.results[0]["as_text"] is True


async def test_when_nobody_can_be_reached_the_turn_is_told(open_chat: OpenChat) -> None:
    chat, desk = await open_desk(open_chat)
    chat.staff.failures = [Rejected(SEND, 81013)]
    msgid = await chat.says("叫人")
    assert chat.staff.sent == []
    (failed,) = desk.failed
    assert failed.errcode == 81013
    assert failed.data == {"task_id": f"toy_{msgid}", "userids": ["zhangsan", "lisi"]}


async def test_a_code_that_is_used_up_is_nobodys_error(open_chat: OpenChat) -> None:
    chat, desk = await open_desk(open_chat)
    await chat.says("叫人")
    await a_take(chat, code=desk.results[0]["response_code"])
    assert await last(chat, "UpdateCard") == ("sent", "")
    await a_take(chat, code=desk.results[0]["response_code"])
    assert (await last(chat, "UpdateCard"))[0] == "cancelled"
    assert desk.failed == []


async def test_a_code_refused_after_a_try_without_an_answer_was_used_by_that_try(
    open_chat: OpenChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, desk = await open_desk(open_chat)
    await chat.says("叫人")
    change, answers = chat.staff.update_card, [Unreachable(SEND)]

    async def update_card(*arguments: object, **more: object) -> None:
        await change(*arguments, **more)  # type: ignore[arg-type]
        if answers:
            raise answers.pop()

    monkeypatch.setattr(chat.staff, "update_card", update_card)
    await a_take(chat, code=desk.results[0]["response_code"])
    await chat.waits(minutes=1)
    assert await last(chat, "UpdateCard") == ("sent", "code used by an earlier try")
    assert chat.cards[0].replaced_by == "zhangsan 已接入"


# -------------------------------------------------------------------- the end of a session


async def test_a_session_that_a_servicer_has_is_ended_and_its_code_returns(
    open_chat: OpenChat,
) -> None:
    chat, desk = await open_desk(open_chat)
    await chat.says("多久发货")
    await chat.take_over()
    await a_take(chat)
    assert chat.wecom.state is ServiceState.ENDED
    assert desk.results == [{"outcome": "ended", "msg_code": "code-1", "at": chat.clock.now()}]
    assert chat.replies == [GOODBYE], "what its code permits, before it dies after 20 s"
    facts = await chat.store.conversations.facts(chat.conversation)
    assert facts.ownership.state is ServiceState.ENDED
    assert facts.disclosed_at is None, "the next session introduces the assistant again (R-15.8)"


async def test_no_session_is_ended_that_no_servicer_has(open_chat: OpenChat) -> None:
    chat, desk = await open_desk(open_chat)
    for state in (ServiceState.NEW, ServiceState.BOT):
        chat.wecom.state = state
        await a_take(chat)
        assert chat.wecom.state is state
    assert {one["outcome"] for one in desk.results} == {"not_human"}


async def test_a_session_that_is_over_is_left_alone(open_chat: OpenChat) -> None:
    chat, desk = await open_desk(open_chat)
    chat.wecom.state = ServiceState.ENDED
    await a_take(chat)
    assert desk.results[0]["outcome"] == "already"
    assert desk.results[0]["msg_code"] is None


async def test_an_end_without_an_answer_is_read_not_repeated(
    open_chat: OpenChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, desk = await open_desk(open_chat)
    await chat.take_over()
    trans, answers = chat.wecom.trans, [Unreachable("trans")]

    async def end(*arguments: object) -> object:
        code = await trans(*arguments)  # type: ignore[arg-type]
        if answers:
            raise answers.pop()
        return code

    monkeypatch.setattr(chat.wecom, "trans", end)
    await a_take(chat)
    await chat.waits(minutes=1)
    assert [one["outcome"] for one in desk.results] == ["already"]


@pytest.mark.parametrize(
    ("failures", "outcome"),
    [
        ([WrongState("trans", 95016)], "ended"),
        ([WrongState("trans", 95016)] * 3, "refused"),
        ([NotAuthorised("trans", 48002)], "refused"),
    ],
)
async def test_an_end_that_is_refused_is_planned_again_and_given_up(
    open_chat: OpenChat, failures: list[WeComError], outcome: str
) -> None:
    chat, desk = await open_desk(open_chat)
    await chat.take_over()
    chat.wecom.failures = list(failures)
    await a_take(chat)
    assert desk.results[0]["outcome"] == outcome


async def test_the_end_waits_behind_what_is_still_to_be_said(open_chat: OpenChat) -> None:
    """One queue: a code's message that is being retried goes out before the session ends."""
    chat, _ = await open_desk(open_chat)
    await chat.take_over()
    await a_take(chat)
    rows = await chat.store.database.fetch(
        "SELECT queue, lane FROM outbox WHERE kind = ?", "EndSession"
    )
    where = chat.conversation
    assert [(row["queue"], row["lane"]) for row in rows] == [
        (f"{where.open_kfid}/{where.external_userid}", "handoff")
    ]


async def test_an_end_that_could_not_be_had_within_the_hour_is_told(open_chat: OpenChat) -> None:
    chat, desk = await open_desk(open_chat)
    await chat.take_over()
    chat.wecom.failures = [Unreachable("trans")] * 500
    await a_take(chat)
    await chat.waits(hours=2)
    assert [failed.error for failed in desk.failed] == ["expired: past its time"]
