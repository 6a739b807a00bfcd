"""Which mistakes can a product make on the way in: callbacks, pages, cursors, mailboxes?"""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from aiohttp import web

from bot.app import engine as app
from bot.delivery import pull as pulling
from bot.delivery.intake import CannotStore, DurableIntake
from bot.delivery.pull import Puller
from bot.model import MessageReceived
from bot.routing.turn import Turn
from bot.store import Unit
from bot.store.accounts import Accounts
from bot.web.callback import CallbackEndpoint
from bot.wecom.kf import Kf, Page
from simulator.world import World
from tests.contract.wrong import acts
from tests.contract.wrong.run import Variant

NEVER_S = 3600.0
"""A poll that does not come within the script."""


def _pages(patch: pytest.MonkeyPatch, change: Any) -> None:
    """Let every page be changed before the product sees it."""
    original = Kf.sync

    async def sync(kf: Kf, *args: Any, **more: Any) -> Page:
        page: Page = change(await original(kf, *args, **more))
        return page

    patch.setattr(Kf, "sync", sync)


def last_of_page(patch: pytest.MonkeyPatch, _world: World) -> None:
    _pages(patch, lambda page: msgspec.structs.replace(page, incoming=page.incoming[-1:]))


def ignores_has_more(patch: pytest.MonkeyPatch, _world: World) -> None:
    _pages(patch, lambda page: msgspec.structs.replace(page, has_more=False))


def stops_at_empty_page(patch: pytest.MonkeyPatch, _world: World) -> None:
    _pages(
        patch,
        lambda page: msgspec.structs.replace(page, has_more=page.has_more and bool(page.incoming)),
    )


def takes_servicers_for_customers(patch: pytest.MonkeyPatch, _world: World) -> None:
    def customers_only(one: Any) -> Any:
        if not isinstance(one.event, MessageReceived):
            return one
        return msgspec.structs.replace(one, event=msgspec.structs.replace(one.event, origin=3))

    _pages(
        patch,
        lambda page: msgspec.structs.replace(
            page, incoming=[customers_only(one) for one in page.incoming]
        ),
    )
    patch.setattr(app, "leave_people_alone", lambda _max_age_s: _proceeds)


async def _proceeds(_turn: Turn, proceed: Any) -> None:
    await proceed()


def cursor_in_memory(patch: pytest.MonkeyPatch, _world: World) -> None:
    """The database keeps the very first cursor; each start begins there again."""
    cursors: dict[tuple[Accounts, str], str] = {}
    get = Accounts.get

    async def from_memory(accounts: Accounts, open_kfid: str) -> Any:
        row = await get(accounts, open_kfid)
        return row and replace(row, cursor=cursors.get((accounts, open_kfid), ""))

    def to_memory(accounts: Accounts, _unit: Unit, account: Any, cursor: str, _now: float) -> None:
        cursors[accounts, account.open_kfid] = cursor

    patch.setattr(Accounts, "get", from_memory)
    patch.setattr(Accounts, "advance", to_memory)


def one_cursor_for_all(patch: pytest.MonkeyPatch, _world: World) -> None:
    cursors: dict[str, str] = {}
    get = Accounts.get

    async def shared(accounts: Accounts, open_kfid: str) -> Any:
        row = await get(accounts, open_kfid)
        return row and replace(row, cursor=cursors.get("all", ""))

    def remember(_self: Accounts, _unit: Unit, _account: Any, cursor: str, _now: float) -> None:
        cursors["all"] = cursor

    patch.setattr(Accounts, "get", shared)
    patch.setattr(Accounts, "advance", remember)


def cursor_before_messages(patch: pytest.MonkeyPatch, _world: World) -> None:
    store_page = Puller._store_page

    async def cursor_first(puller: Any, account: Any, page: Page, hints_until: Any) -> None:
        unit = Unit()
        if page.next_cursor != account.cursor:
            puller._store.accounts.advance(unit, account, page.next_cursor, puller._clock.now())
        await puller._store.database.commit(unit)
        await store_page(puller, replace(account, cursor=page.next_cursor), page, hints_until)

    patch.setattr(Puller, "_store_page", cursor_first)


def _keys(patch: pytest.MonkeyPatch, key: Any) -> None:
    """Let something else be the key by which a repeat is recognised."""
    arrival = Puller._arrival

    def changed(puller: Puller, incoming: Any) -> Any:
        made = arrival(puller, incoming)
        return replace(made, key=key(made))

    patch.setattr(Puller, "_arrival", changed)


def known_by_text_and_second(patch: pytest.MonkeyPatch, _world: World) -> None:
    def key(made: Any) -> Any:
        if not isinstance(made.event, MessageReceived):
            return made.key
        return f"{made.event.text}:{int(made.sent_at)}"

    _keys(patch, key)


def knows_no_repeats(patch: pytest.MonkeyPatch, _world: World) -> None:
    _keys(patch, lambda _made: None)


def answers_history(patch: pytest.MonkeyPatch, _world: World) -> None:
    patch.setattr(pulling, "_is_history", lambda _arrival, _account: False)


def pulls_twice_at_once(patch: pytest.MonkeyPatch, _world: World) -> None:
    pull = Puller.pull

    async def twice(puller: Puller) -> None:
        await asyncio.gather(pull(puller), pull(puller))

    patch.setattr(Puller, "pull", twice)


def never_polls(patch: pytest.MonkeyPatch, _world: World) -> None:
    patch.setattr(Puller, "_poll_after_s", lambda _puller: NEVER_S)


def acknowledges_after_work(patch: pytest.MonkeyPatch, _world: World) -> None:
    """The answer waits until what the callback tells of is pulled."""
    idle, pull_safely, accept = asyncio.Event(), Puller._pull_safely, DurableIntake.accept

    async def watched(puller: Puller) -> float:
        idle.clear()
        try:
            return await pull_safely(puller)
        finally:
            idle.set()

    async def slowly(intake: DurableIntake, delivery: Any) -> None:
        await accept(intake, delivery)
        for _ in range(2):  # the pull that runs already may be nearly done: wait for a whole one
            idle.clear()
            await idle.wait()

    patch.setattr(Puller, "_pull_safely", watched)
    patch.setattr(DurableIntake, "accept", slowly)


def answers_with_errors(patch: pytest.MonkeyPatch, _world: World) -> None:
    accept = DurableIntake.accept

    async def failing(intake: DurableIntake, delivery: Any) -> None:
        await accept(intake, delivery)
        raise CannotStore

    patch.setattr(DurableIntake, "accept", failing)


def acknowledges_in_json(patch: pytest.MonkeyPatch, _world: World) -> None:
    receive = CallbackEndpoint._receive

    async def chatty(endpoint: CallbackEndpoint, request: web.Request) -> web.Response:
        await receive(endpoint, request)
        return web.json_response({"ok": True})

    patch.setattr(CallbackEndpoint, "_receive", chatty)


VARIANTS = {
    "last_of_page": Variant(
        "answers only the last message of a page", "lost", last_of_page, [acts.burst]
    ),
    "ignores_has_more": Variant(
        "pulls one page per callback", "lost", ignores_has_more, [acts.many_pages], poll_s=NEVER_S
    ),
    "stops_at_empty_page": Variant(
        "takes an empty page for the last one",
        "lost",
        stops_at_empty_page,
        [acts.empty_page],
        poll_s=NEVER_S,
    ),
    "cursor_in_memory": Variant(
        "keeps the cursor in memory", "cursor_lost", cursor_in_memory, [acts.restart]
    ),
    "one_cursor_for_all": Variant(
        "keeps one cursor for two accounts", "bad_cursor", one_cursor_for_all, [acts.two_accounts]
    ),
    "cursor_before_messages": Variant(
        "commits the cursor before the messages", "lost", cursor_before_messages, [acts.power_cut]
    ),
    "pulls_twice_at_once": Variant(
        "pulls one account twice at once",
        "too_many_concurrent_pulls",
        pulls_twice_at_once,
        [acts.welcome],
    ),
    "never_polls": Variant("relies on callbacks alone", "lost", never_polls, [acts.lost_callback]),
    "known_by_text_and_second": Variant(
        "recognises repeats by text and second",
        "lost",
        known_by_text_and_second,
        [acts.same_words_at_once],
    ),
    "knows_no_repeats": Variant(
        "does not recognise repeated msgids", "doubled", knows_no_repeats, [acts.repeats]
    ),
    "answers_history": Variant(
        "answers what was written before its first start",
        "told_unasked",
        answers_history,
        [acts.welcome],
    ),
    "takes_servicers_for_customers": Variant(
        "answers what a servicer wrote",
        "told_unasked",
        takes_servicers_for_customers,
        [acts.person_meanwhile],
    ),
    "acknowledges_after_work": Variant(
        "acknowledges callbacks after the work",
        "slow_ack",
        acknowledges_after_work,
        [acts.slow_pull],
    ),
    "answers_with_errors": Variant(
        "answers callbacks with 503", "bad_ack", answers_with_errors, [acts.welcome]
    ),
    "acknowledges_in_json": Variant(
        "answers callbacks with a body of its own", "bad_ack", acknowledges_in_json, [acts.welcome]
    ),
}
"""By name."""
