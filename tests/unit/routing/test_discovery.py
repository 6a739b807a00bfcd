import itertools
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import handlers
from bot.app import PROMPTS
from bot.errors import Misconfigured
from bot.model import MessageReceived, SessionChanged, TimerDue
from bot.routing import Phrases, Router, Says, Stage, Turn
from bot.routing.discovery import check_needs, discover, migration_folders

ROUTER = 'from bot.routing import Router, Stage\nrouter = Router("{name}", stage=Stage.{stage})\n'
Package = Callable[..., ModuleType]
_numbers = itertools.count(1)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """Makes an importable package of these files."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(**files: str) -> ModuleType:
        name = f"behaviours{next(_numbers)}"
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").touch()
        for file, text in files.items():
            path = folder / (file.replace("__", "/") + ".py")
            path.parent.mkdir(exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.write_text(text, "utf-8")
        return import_module(name)

    yield make
    for name in [name for name in sys.modules if name.startswith("behaviours")]:
        del sys.modules[name]


def test_routers_are_found_in_files_and_folders_and_ordered_by_stage_then_name(
    package: Package,
) -> None:
    found = discover(
        package(
            beta=ROUTER.format(name="beta", stage="ANSWER"),
            alpha=ROUTER.format(name="alpha", stage="ANSWER"),
            last=ROUTER.format(name="last", stage="FALLBACK"),
            first__router=ROUTER.format(name="first", stage="GUARD"),
        )
    )
    assert [router.name for router in found] == ["first", "alpha", "beta", "last"]


def test_a_file_without_a_router_stops_the_start_with_its_name(package: Package) -> None:
    with pytest.raises(Misconfigured, match=r"behaviours\d+/empty\.py has no `router`"):
        discover(package(empty='"""Nothing."""\n'))


def test_something_else_called_router_is_none(package: Package) -> None:
    with pytest.raises(Misconfigured, match=r"odd\.py has no `router`"):
        discover(package(odd="router = 1\n"))


def test_a_folder_without_a_router_stops_the_start_with_its_name(package: Package) -> None:
    with pytest.raises(Misconfigured, match=r"folder/router\.py has no `router`"):
        discover(package(folder__router="x = 1\n"))


def test_a_router_of_another_name_stops_the_start_with_the_file_s_name(package: Package) -> None:
    with pytest.raises(Misconfigured, match=r"mine\.py: its router is named 'other'"):
        discover(package(mine=ROUTER.format(name="other", stage="ANSWER")))


def a_router_that_needs(kind: object) -> Router:
    router = Router("needy", stage=Stage.ANSWER)

    async def handle(turn: Turn, thing: object) -> None: ...

    handle.__annotations__["thing"] = kind
    router.message()(handle)
    return router


def test_a_parameter_that_nobody_supplies_stops_the_start_with_the_handler_s_name() -> None:
    with pytest.raises(Misconfigured, match=r"needy\.handle: nobody supplies parameter 'thing'"):
        check_needs([a_router_that_needs(Path)], (Turn,), Phrases({}, {}))


def test_a_parameter_without_a_type_is_supplied_by_nobody() -> None:
    router = Router("test", stage=Stage.ANSWER)

    @router.message()
    async def handle(turn, more) -> None:  # type: ignore[no-untyped-def]
        ...

    with pytest.raises(Misconfigured, match=r"parameter 'turn'.*parameter 'more'"):
        check_needs([router], (Turn,), Phrases({}, {}))


def test_words_that_nobody_wrote_stop_the_start() -> None:
    router = Router("test", stage=Stage.ANSWER)

    @router.message(Says("test.words"))
    async def handle(turn: Turn) -> None: ...

    with pytest.raises(
        Misconfigured, match=r"test\.handle: nobody wrote trigger words 'test\.words'"
    ):
        check_needs([router], (Turn,), Phrases({}, {}))


def test_a_text_that_nobody_wrote_stops_the_start(package: Package) -> None:
    source = ROUTER.format(name="wish", stage="ANSWER") + (
        "from bot.routing import Turn\n"
        "@router.message()\n"
        "async def handle(turn: Turn) -> None:\n"
        "    turn.reply(turn.phrases.say('wish.written') + turn.phrases.say('wish.forgotten'))\n"
    )
    routers = discover(package(wish=source))
    with pytest.raises(Misconfigured, match=r"wish: nobody wrote 'wish\.forgotten'") as caught:
        check_needs(routers, (Turn,), Phrases({"wish.written": "好"}, {}))
    assert "wish.written" not in str(caught.value)


def test_a_handler_that_could_never_run_stops_the_start() -> None:
    router = Router("idle", stage=Stage.ANSWER)

    @router.on(MessageReceived)
    async def deaf(turn: Turn) -> None: ...

    @router.on(SessionChanged)
    async def confused(turn: Turn, timer: TimerDue) -> None: ...

    @router.message()  # type: ignore[arg-type]
    def hasty(turn: Turn) -> None: ...

    with pytest.raises(Misconfigured) as caught:
        check_needs([router], (Turn,), Phrases({}, {}))
    assert "idle.deaf: messages are routed by" in str(caught.value)
    assert "idle.confused: nobody supplies parameter 'timer' of type TimerDue" in str(caught.value)
    assert "idle.hasty: is no `async def`" in str(caught.value)


def test_every_problem_is_named_at_once() -> None:
    routers = [a_router_that_needs(Path), a_router_that_needs(int)]
    with pytest.raises(Misconfigured) as caught:
        check_needs(routers, (Turn,), Phrases({}, {}))
    assert str(caught.value).count("nobody supplies") == 2


def test_what_is_supplied_is_no_problem() -> None:
    check_needs([a_router_that_needs(Path)], (Turn, Path), Phrases({}, {}))


def test_the_shipped_behaviours_are_asked_in_this_order() -> None:
    names = [router.name for router in discover(handlers)]
    assert names.index("greeting") < names.index("escalation") < names.index("faq")
    assert names[-1] == "fallback"


def test_the_shipped_behaviours_that_bring_tables_are_found() -> None:
    assert ("handlers.escalation", Path(handlers.__path__[0]) / "escalation" / "migrations") in (
        migration_folders(handlers)
    )


def test_every_shipped_handler_has_its_words() -> None:
    phrases = Phrases.load(PROMPTS)
    said = [
        part.key
        for router in discover(handlers)
        for registration in router.messages
        for part in registration.filters
        if isinstance(part, Says)
    ]
    assert [key for key in said if not phrases.has_words(key)] == []


def test_the_modules_of_a_folder_register_on_its_router_in_the_order_of_their_names(
    package: Package,
) -> None:
    part = (
        "from {package}.folder.router import router\nfrom bot.routing import Turn\n\n"
        "@router.message()\nasync def {name}(turn: Turn) -> None: ...\n"
    )
    name = f"behaviours{next(_numbers) + 1}"
    found = discover(
        package(
            folder__router=ROUTER.format(name="folder", stage="ANSWER"),
            folder__on_second=part.format(package=name, name="second"),
            folder__on_first=part.format(package=name, name="first"),
            folder__rules="raise RuntimeError('nobody asked for it')\n",
        )
    )
    assert [one.name for one in found[0].messages] == ["folder.first", "folder.second"]
