"""How does a turn reach members of staff, and other customers' mailboxes?"""

import pytest

from bot.model import (
    Button,
    Card,
    Conversation,
    Emitted,
    MessageReceived,
    StaffAction,
    UpdateCard,
)
from bot.routing import Router, Stage, Turn
from tests.card_router import CARD, Desk
from tests.conftest import OpenChat
from tests.talk import Chat

OTHER = Conversation("wk_other", "wm_zhe")


def an_action(where: Conversation, client_id: str = "") -> StaffAction:
    return StaffAction(
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
        userid="zhangsan",
        name="toy.take",
        data={"code": "", "task_id": "t"},
        client_id=client_id,
    )


async def test_a_card_is_sent_pressed_and_changed_for_everybody(open_chat: OpenChat) -> None:
    desk = Desk()
    chat = await open_chat(more=[desk.router])
    await chat.says("叫人")
    assert [card.userids for card in chat.cards] == [("zhangsan", "lisi")]
    assert chat.cards[0].card == CARD
    await chat.presses("take", userid="LiSi")
    assert desk.actions == [(chat.conversation.subject, "LiSi", "toy.take")]
    assert chat.cards[0].replaced_by == "LiSi 已接入"
    rows = await chat.store.database.fetch("SELECT subject FROM mailbox WHERE kind = 'CardPressed'")
    assert [row["subject"] for row in rows] == ["member:lisi"]


async def test_an_action_with_one_client_id_counts_once(open_chat: OpenChat) -> None:
    desk = Desk()
    router = Router("forwarding", stage=Stage.GUARD)

    @router.on(Emitted, tag="again")
    async def again(turn: Turn) -> None:
        turn.forward(an_action(turn.conversation, client_id="press-1"))

    chat = await open_chat(more=[desk.router, router])
    where = chat.conversation
    pressed = Emitted(
        name="again", open_kfid=where.open_kfid, external_userid=where.external_userid
    )
    await chat.receives(pressed, pressed)
    await chat.receives(pressed)
    assert len(desk.actions) == 1


async def test_another_customers_mailbox_is_filled_in_the_commit_and_woken(
    open_chat: OpenChat,
) -> None:
    """The dispatcher says which other subject has something new; the lanes drain it at once."""
    heard: list[tuple[str, Conversation]] = []
    router = Router("telling", stage=Stage.GUARD)

    @router.message()
    async def tell(turn: Turn, message: MessageReceived) -> None:
        if message.text == "通知":
            turn.emit("telling.news", to=OTHER, about="x")

    @router.on(Emitted, tag="telling.news")
    async def hear(turn: Turn, news: Emitted) -> None:
        heard.append((news.data["about"], turn.conversation))

    chat = await open_chat(more=[router])
    assert await chat.decides_on(chat.text("通知")) == ["customer:wm_zhe"]
    await chat.dialogue.catch_up()
    assert heard == [("x", OTHER)]


async def test_actions_and_emissions_do_not_answer_each_other_for_ever(
    open_chat: OpenChat,
) -> None:
    depths: list[int] = []
    router = Router("echoing", stage=Stage.GUARD)

    @router.action("toy.take")
    async def take(turn: Turn, action: StaffAction) -> None:
        depths.append(action.depth)
        turn.emit("echoing.echo", to=OTHER)

    @router.on(Emitted, tag="echoing.echo")
    async def echo(turn: Turn, emitted: Emitted) -> None:
        depths.append(emitted.depth)
        turn.forward(an_action(turn.conversation))

    chat = await open_chat(more=[router])
    await chat.receives(an_action(OTHER))
    assert depths[:6] == [0, 1, 2, 3, 4, 5]
    assert max(depths) == 5


async def test_a_card_to_nobody_and_a_change_without_a_code_are_nothing(chat: Chat) -> None:
    turn = Turn("corp", 0.0, facts=None, account=None, setting=None)  # type: ignore[arg-type]
    turn.send_card([], CARD, task_id="t", fallback="x")
    turn.update_card("", CARD)
    assert turn.decisions.effects == []


@pytest.mark.parametrize(
    ("card", "task_id"),
    [(Card(title="没有按钮"), "t"), (CARD, ""), (CARD, "有空格 "), (CARD, "x" * 129)],
)
def test_a_card_that_wecom_would_never_take_fails_in_the_turn(card: Card, task_id: str) -> None:
    turn = Turn("corp", 0.0, facts=None, account=None, setting=None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"card|task_id"):
        turn.send_card(["zhangsan"], card, task_id=task_id, fallback="x")


def test_cards_that_make_no_sense_cannot_be_made() -> None:
    button = Button("take", "我来接")
    for wrong in (
        {"title": " "},
        {"title": "x", "lines": (("a", "b"),) * 7},
        {"title": "x", "buttons": tuple(Button(str(n), "x") for n in range(7))},
        {"title": "x", "buttons": (button, button)},
        {"title": "x", "buttons": (Button("", "x"),)},
        {"title": "x", "buttons": (Button("k", " "),)},
        {"title": "x", "buttons": (Button("钥" * 342, "x"),)},
    ):
        with pytest.raises(ValueError, match=r"card|button"):
            Card(**wrong)
    with pytest.raises(ValueError, match="buttons"):
        UpdateCard(response_code="c", card=Card(title="x"))
