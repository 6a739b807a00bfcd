"""Does a customer hear of the code that ends a flow?"""

from pathlib import Path

import pytest

from bot.model import GroupJoined
from tests.conftest import OpenChat
from tests.unit.handlers.test_flows import LAN, added, opened, state

JOINS = {
    "id": "joins",
    "kind": "onboarding",
    "name": "进群礼",
    "purpose": "service",
    "reward": "joins",
    "reward_text": "您的兑换码是 {code}。",
    "no_reward_text": "已经发完了。",
    "steps": [{"id": "group", "wait": "9天", "text": "请进群", "evidence": "group"}],
}


@pytest.mark.parametrize("wrote", [True, False])
async def test_a_code_that_is_earned_without_a_word_is_told_all_the_same(
    open_chat: OpenChat, tmp_path: Path, wrote: bool
) -> None:
    """Where the bot may not write, the member who is a friend is asked to (R-9.6)."""
    chat = await opened(open_chat, tmp_path, JOINS)
    await chat.store.benefits.bring("joins", ["GIFT1"], chat.clock.now())
    await chat.receives(added(chat))
    if wrote:
        await chat.says("多久发货")
    await chat.receives(
        GroupJoined(chat_id="wr1", external_userid=LAN, scene="3", at=chat.clock.now())
    )
    assert await state(chat) == "done"
    told = "您的兑换码是 GIFT1。"
    assert chat.replies == ([told] if wrote else [])
    tasks = [one.task.text for one in await chat.store.tasks.listed(all_of_them=True)]
    assert tasks == ([] if wrote else [f"【进群礼】客户都做完了，请把这句话发给他：\n{told}"])
