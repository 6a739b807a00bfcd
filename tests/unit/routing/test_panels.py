"""Panels of behaviours: each in a state of its own, none at the cost of the others."""

import asyncio

import pytest

from bot.errors import Misconfigured
from bot.routing import Router, Stage, panels
from bot.routing.discovery import check_needs
from bot.routing.panels import About, Panel, PanelLine, Panels, State
from bot.routing.phrases import Phrases

NAMES = ("fine", "empty", "broken", "slow", "asked", "foreign")
TEXTS = {f"{name}.panel": name for name in NAMES} | {
    f"{name}.panel_empty": f"no {name}" for name in NAMES
}
LINE = PanelLine("a", "b")


def about(after: str = "") -> About:
    return About("wm_lan", None, "zhangsan", 0.0, Phrases(TEXTS, {}), after)


@pytest.fixture
def router() -> Router:
    """One panel of each kind; the slow one goes on when `gate` is set."""
    router = Router("test", stage=Stage.ANSWER)

    @router.panel("fine")
    async def fine(about: About) -> Panel:
        return Panel((LINE,), next="" if about.after else "2")

    @router.panel("empty")
    async def empty() -> Panel:
        return Panel(())

    @router.panel("broken")
    async def broken() -> Panel:
        raise RuntimeError

    @router.panel("slow")
    async def slow() -> Panel:
        await asyncio.sleep(3 * panels.AT_FIRST_S)
        return Panel((LINE,))

    @router.panel("asked", on_demand=True)
    async def asked() -> Panel:
        return Panel((LINE,))

    @router.panel("foreign")
    async def foreign() -> None:
        return None

    return router


async def test_each_panel_stands_as_it_is_and_costs_no_other_one(router: Router) -> None:
    """The slow one is given up after a moment, all of them together."""
    found = await Panels([router], {}).of(about())
    assert {one.name: one.state for one in found} == {
        "fine": State.SHOWN,
        "empty": State.EMPTY,
        "broken": State.FAILED,
        "slow": State.LATER,
        "asked": State.LATER,
    }
    assert [(one.title, one.empty) for one in found][1] == ("empty", "no empty")


async def test_what_was_left_for_later_is_read_by_itself(router: Router) -> None:
    shown = Panels([router], {})
    for name, state in (("slow", State.SHOWN), ("asked", State.SHOWN), ("broken", State.FAILED)):
        one = await shown.one(name, about())
        assert one is not None
        assert one.state is state
    assert await shown.one("unknown", about()) is None


async def test_a_panel_too_slow_even_by_itself_has_failed(
    router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "ALONE_S", panels.AT_FIRST_S)
    one = await Panels([router], {}).one("slow", about())
    assert one is not None
    assert one.state is State.FAILED


async def test_the_next_page_begins_where_the_last_one_says(router: Router) -> None:
    shown = Panels([router], {})
    first = await shown.one("fine", about())
    assert first is not None
    second = await shown.one("fine", about(first.panel.next))
    assert second is not None
    assert (first.panel.next, second.panel.next) == ("2", "")


def test_a_panel_without_its_texts_stops_the_start(router: Router) -> None:
    check_needs([router], (), Phrases(TEXTS, {}))
    lacking = {key: text for key, text in TEXTS.items() if key != "slow.panel_empty"}
    with pytest.raises(Misconfigured, match=r"test\.slow: nobody wrote 'slow\.panel_empty'"):
        check_needs([router], (), Phrases(lacking, {}))
