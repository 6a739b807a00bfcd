import pytest

from tests.conftest import OpenChat
from tests.talk import Chat

SHIP_TIME = "现货 48 小时内发出。"
SWITCHES = [("all", ""), ("account", "wk_shop"), ("customer", "wm_lan")]


async def silence(chat: Chat, scope: str, key: str, kind: str = "silence") -> None:
    await chat.store.switches.turn_on(kind, scope, key, by="test", reason="", now=chat.clock.now())


@pytest.mark.parametrize(("scope", "key"), SWITCHES)
async def test_a_switch_silences_the_bot_and_lets_it_speak_again(
    chat: Chat, scope: str, key: str
) -> None:
    await silence(chat, scope, key)
    await chat.says("多久发货")
    assert chat.replies == []
    assert chat.outcome == "silenced"
    assert await chat.store.switches.turn_off("silence", scope, key)
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]


@pytest.mark.parametrize(("scope", "key"), [("account", "wk_other"), ("customer", "wm_other")])
async def test_somebody_else_s_switch_changes_nothing(chat: Chat, scope: str, key: str) -> None:
    await silence(chat, scope, key)
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]


@pytest.mark.parametrize(("scope", "key"), SWITCHES)
async def test_a_switch_between_turn_and_send_still_holds(chat: Chat, scope: str, key: str) -> None:
    """The claim of the outbox row reads the switches once more."""
    await chat.decides_on(chat.text("多久发货"))
    await silence(chat, scope, key)
    await chat.waits(minutes=1)
    assert chat.replies == []
    row = await chat.store.database.fetch_one(
        "SELECT state, error FROM outbox WHERE kind = 'SendMessage'"
    )
    assert row is not None
    assert tuple(row) == ("cancelled", "silenced")


async def test_a_silenced_bot_does_not_welcome_either(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False)
    await silence(chat, "all", "")
    await chat.enters()
    assert chat.replies == []


async def test_a_silenced_bot_brings_nobody(chat: Chat) -> None:
    await silence(chat, "all", "")
    await chat.says("转人工")
    assert chat.staff_messages == []


async def test_a_blocked_customer_meets_silence(chat: Chat) -> None:
    await silence(chat, "customer", "wm_lan", kind="block")
    await chat.says("多久发货")
    assert chat.replies == []
    assert chat.outcome == "blocked"


async def test_what_a_silenced_customer_wrote_is_kept(chat: Chat) -> None:
    await silence(chat, "all", "")
    await chat.says("多久发货")
    row = await chat.store.database.fetch_one("SELECT body FROM messages")
    assert row is not None
    assert row["body"] is not None


async def test_the_configured_blocklist_replaces_itself_and_nobody_else_s(chat: Chat) -> None:
    switches, now = chat.store.switches, chat.clock.now()
    await switches.turn_on("block", "customer", "wm_operator", by="operator", reason="", now=now)
    await switches.block_only({"wm_lan", "wm_old"}, by="config", now=now)
    await switches.block_only({"wm_lan", "wm_operator"}, by="config", now=now)
    assert [(row["key"], row["set_by"]) for row in await switches.all()] == [
        ("wm_lan", "config"),
        ("wm_operator", "operator"),
    ]
    await switches.block_only((), by="config", now=now)
    assert [row["key"] for row in await switches.all()] == ["wm_operator"]
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]
