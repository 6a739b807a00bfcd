"""How does one talk to the bot in a terminal? The full pipeline in process, without WeCom."""

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path

from pydantic import SecretStr

from bot.app import (
    MODEL_PROMPTS,
    build_engine,
    build_lexicon,
    build_library,
    forbids_of,
    imported_lists,
    open_store,
    preview,
    vectors_folder,
)
from bot.app.approving import guide
from bot.commands.check_said import approvals_of
from bot.commands.dialogue import Dialogue, card_text, shown
from bot.config import Config, keygen
from bot.delivery.lanes import SystemClock
from bot.llm.opening import open_agent, open_model, open_summariser
from bot.model import Conversation
from bot.telemetry import Metrics, configure_logging
from knowledge.fold import even_out

TERMINAL = Conversation("wk_terminal", "wm_terminal")

_HELP = """直接输入问题；输入数字点选上面的菜单。
/上线 有同事在接待　/接入 同事接入会话　/结束 同事结束会话　/按 按钮上的字 选的原因　Ctrl+D 退出"""


async def chat(config: Config) -> int:
    """Talk until the input ends."""
    configure_logging("error", config.logging.format)
    with tempfile.TemporaryDirectory(prefix="concierge-chat-") as folder:
        await _chat(_throw_away(config, Path(folder)), config)
    return 0


async def _chat(throw_away: Config, config: Config) -> None:
    clock = SystemClock()
    async with preview(config) as contents:
        library = await build_library(config, contents, vectors_folder(config))
    metrics = Metrics()
    forbids = forbids_of(build_lexicon(config))
    model = open_model(config, MODEL_PROMPTS, metrics, even_out, forbids)
    engine = build_engine(
        *(throw_away, open_store(throw_away), library),
        clock=clock,
        metrics=metrics,
        model=model,
        agent=open_agent(config, MODEL_PROMPTS, metrics, even_out, forbids),
        summariser=open_summariser(config, MODEL_PROMPTS, metrics, even_out, forbids),
    )
    guide(engine.guard, await approvals_of(config), config.safety.approval)
    warming = asyncio.create_task(engine.warm(vectors_folder(config)))

    async def pass_time(until: float) -> None:
        await asyncio.sleep(max(0.0, until - clock.now()))

    try:
        await _talk(Dialogue(engine, TERMINAL, pass_time))
    finally:
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
        await engine.aclose()


async def _talk(dialogue: Dialogue) -> None:
    print(_HELP)
    await dialogue.enter()
    menu = _show(dialogue, [])
    while (line := await asyncio.to_thread(_read)) is not None:
        if line.isdigit() and 1 <= int(line) <= len(menu):
            menu_id, content = menu[int(line) - 1]
            await dialogue.say(content, menu_id)
        elif line.startswith(_PRESS):
            await _press(dialogue, line.removeprefix(_PRESS).strip())
        elif line in _STAFF:
            await _STAFF[line](dialogue)
        elif line:
            await dialogue.say(line)
        menu = _show(dialogue, menu)


def _read() -> str | None:
    with contextlib.suppress(EOFError):
        return input("\n客户> " if sys.stdin.isatty() else "").strip()
    return None


def _show(dialogue: Dialogue, menu: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Print what was said since; returns the menu that can be tapped now."""
    for payload in dialogue.kf.sent:
        text, items = shown(payload)
        print(f"\n机器人> {text}")
        menu = items or menu
        for number, (_, content) in enumerate(items, 1):
            print(f"  [{number}] {content}")
    for userids, text in dialogue.staff.sent:
        print(f"\n（通知 {'、'.join(userids)}：{text}）")
    for played in dialogue.staff.cards:
        if not played.shown:
            print(f"\n（卡片给 {'、'.join(played.userids)}：{card_text(played)}）")
            played.shown = True
    dialogue.kf.sent.clear()
    dialogue.staff.sent.clear()
    return menu


async def _on_duty(dialogue: Dialogue) -> None:
    dialogue.kf.receiving = ["colleague"]
    print("（有同事在接待了）")


async def _take(dialogue: Dialogue) -> None:
    await dialogue.take_over("colleague")
    print("（同事接入了会话，机器人不再出声）")


async def _end(dialogue: Dialogue) -> None:
    await dialogue.end()
    print("（同事结束了会话）")


async def _press(dialogue: Dialogue, text: str) -> None:
    """A colleague presses a button of the newest card that has one of this text.

    What follows the text is what he has chosen in the card's list.
    """
    text, _, wanted = text.partition(" ")
    for played in reversed(dialogue.staff.cards):
        for button in played.card.buttons:
            if button.text == text and not played.replaced_by:
                options = played.card.selection.options if played.card.selection else ()
                chosen = next((key for key, name in options if name == wanted.strip()), "")
                await dialogue.press(played.userids[0], button.key, played.task_id, chosen)
                return
    print(f"（没有卡片上有按钮“{text}”）")


_PRESS = "/按"
_STAFF = {"/上线": _on_duty, "/接入": _take, "/结束": _end}


def _throw_away(config: Config, folder: Path) -> Config:
    storage = config.storage.model_copy(update={"url": f"sqlite:///{folder}/chat.db"})
    security = config.security.model_copy(update={"encryption_key": SecretStr(keygen())})
    # What was imported and approved beside the real database holds here, too.
    lists = (*config.safety.lists, *imported_lists(config))
    safety = config.safety.model_copy(update={"lists": lists, "approval": "flagged"})
    changed = {"storage": storage, "security": security, "safety": safety}
    return config.model_copy(update=changed)
