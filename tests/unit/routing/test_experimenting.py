"""A customer sees one variant, whenever he comes and whatever the weights become."""

from bot.routing import Router, Says, Stage, Turn
from bot.routing.experimenting import Experimenting
from tests.conftest import OpenChat

SPLIT = {"variants": {"短": 1, "长": 1}, "baseline": 0.3}


def a_greeter() -> Router:
    router = Router("tones", stage=Stage.GUARD)

    @router.message(Says("greeting.hello"))
    async def greet(turn: Turn, experimenting: Experimenting) -> None:
        turn.reply(await experimenting.variant(turn, "tone"))

    return router


async def test_a_variant_is_kept_and_written_down_once(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_greeter()], experiments={"tone": SPLIT})
    await chat.says("你好")
    first = chat.replies[-1][-1]
    await chat.says("你好")
    assert chat.replies == [first]
    rows = await chat.store.database.fetch("SELECT external_userid, variant FROM exposures")
    assert [tuple(row) for row in rows] == [("wm_lan", first)]


async def test_who_saw_a_variant_keeps_it_when_the_weights_change(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_greeter()], experiments={"tone": SPLIT})
    await chat.store.database.execute("INSERT INTO exposures VALUES ('tone', 'wm_lan', '长', 1)")
    await chat.says("你好")
    assert chat.replies[-1].endswith("长")


async def test_what_was_decided_holds_for_everybody_and_is_not_counted(open_chat: OpenChat) -> None:
    decided = SPLIT | {"keep": "长"}
    chat = await open_chat(more=[a_greeter()], experiments={"tone": decided})
    await chat.store.database.execute("INSERT INTO exposures VALUES ('tone', 'wm_mei', '短', 1)")
    await chat.says("你好")
    assert chat.replies[-1].endswith("长")
    rows = await chat.store.database.fetch("SELECT external_userid FROM exposures")
    assert [row["external_userid"] for row in rows] == ["wm_mei"]


async def test_only_listening_for_a_variant_owns_no_message(open_chat: OpenChat) -> None:
    router = Router("listeners", stage=Stage.GUARD)

    @router.message(Says("greeting.hello"))
    async def listen(turn: Turn, experimenting: Experimenting) -> None:
        await experimenting.variant(turn, "tone")

    chat = await open_chat(more=[router], experiments={"tone": SPLIT})
    await chat.says("你好")
    assert chat.handled_by.startswith("greeting")
