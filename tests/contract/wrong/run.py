"""How is the script played: by the product as it is, or by a wrong variant of it?"""

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import structlog

from bot.delivery.lanes import SystemClock
from bot.routing import Router
from bot.routing.discovery import discover
from simulator.world import World
from tests.card_router import Desk
from tests.contract.wrong.acts import SCRIPT, Act, before_the_first_start
from tests.contract.wrong.findings import Findings, findings
from tests.contract.wrong.stage import Stuck, staged

Change = Callable[[pytest.MonkeyPatch, World], None]


@dataclass(frozen=True)
class Variant:
    """A product with one mistake.

    Args:
        wrong: what it does.
        caught_by: the kind of finding that must show it.
        change: makes the mistake.
        acts: the part of the script in which it matters.
        poll_s: how often it looks without being told.
    """

    wrong: str
    caught_by: str
    change: Change
    acts: Sequence[Act]
    poll_s: float = 0.25


async def play(
    acts: Sequence[Act] = SCRIPT,
    change: Change | None = None,
    *,
    poll_s: float = 0.25,
    patience_s: float = 30.0,
) -> Findings:
    """Play acts and judge them."""
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        _quiet_logs(),
    ):
        async with staged(Path(folder), poll_s=poll_s, patience_s=patience_s) as stage:
            _hurry(patch, stage.sim.world)
            _seat(patch, stage.desk)
            if change is not None:
                change(patch, stage.sim.world)
            stuck = None
            try:
                for act in (before_the_first_start, *acts):
                    stuck = act.__name__
                    await act(stage)
                stuck = None
            except Stuck as error:
                stuck = f"{stuck}: {error}"
            await stage.stop()
            return findings(stage, stuck)


async def try_out(variant: Variant) -> Findings:
    """What is found against a wrong variant; a busy machine gets a second, patient look."""
    for patience_s in (0.4, 5.0):
        found = await play(
            variant.acts, variant.change, poll_s=variant.poll_s, patience_s=patience_s
        )
        if variant.caught_by in found.kinds:
            break
    return found


def _hurry(patch: pytest.MonkeyPatch, world: World) -> None:
    """One clock for both sides, and short pauses between tries."""
    patch.setattr(SystemClock, "now", lambda _clock: world.now())
    patch.setattr("bot.delivery.send._FIRST_PAUSE_S", 0.03)
    patch.setattr("bot.delivery.pull._FIRST_PAUSE_S", 0.03)
    patch.setattr("bot.wecom.client.FIRST_BACKOFF_S", 0.02)


def _seat(patch: pytest.MonkeyPatch, desk: Desk) -> None:
    """Let a toy behaviour, which sends cards, run beside those of the product."""

    def with_desk(package: ModuleType) -> list[Router]:
        return [desk.router, *discover(package)]

    patch.setattr("bot.app.engine.discover", with_desk)


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """The mistakes are logged as well, at length."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.reset_defaults()
