"""Which mistakes can a product make in what it says, and when it says it?"""

from typing import Any

import pytest

from bot.app import engine as app
from bot.delivery.couriers import Owners
from bot.errors import CodeSpent
from bot.model import Conversation
from bot.policy import allowance
from bot.routing import decisions, dispatcher
from bot.routing.merging import merge
from bot.routing.turn import Turn
from bot.store import Outbox, Store
from bot.wecom import wire
from bot.wecom.kf import Kf
from handlers.escalation import listening, outcomes
from handlers.escalation.requesting import Wish, want
from simulator.world import World
from tests.contract.wrong import acts
from tests.contract.wrong.company import HANDED_OVER
from tests.contract.wrong.run import Variant


async def _proceeds(_turn: Turn, proceed: Any) -> None:
    await proceed()


def _without_gates(patch: pytest.MonkeyPatch) -> None:
    """Nothing is asked before a message is sent: neither owner nor window nor allowance."""

    async def unchecked(outbox: Outbox, _unit: Any, parcel: Any, now: float, **_more: Any) -> bool:
        return await outbox.claim(parcel, now)

    async def whoever(_owners: Owners, _facts: Any, _unit: Any) -> None:
        return None

    patch.setattr(Outbox, "claim_send", unchecked)
    patch.setattr(Owners, "refresh", whoever)


def talks_over_people(patch: pytest.MonkeyPatch, _world: World) -> None:
    _without_gates(patch)
    patch.setattr(app, "leave_people_alone", lambda _max_age_s: _proceeds)


def answers_after_the_window(patch: pytest.MonkeyPatch, _world: World) -> None:
    _without_gates(patch)
    patch.setattr(app, "not_too_late", _proceeds)
    patch.setattr(decisions, "SESSION_S", 30 * 86_400)


def welcomes_twice(patch: pytest.MonkeyPatch, _world: World) -> None:
    original = Kf.send_on_event

    async def twice(kf: Kf, code: str, msgid: str, payload: Any) -> str:
        sent = await original(kf, code, msgid, payload)
        try:
            await original(kf, code, f"{msgid}_2", payload)
        except CodeSpent:
            return sent
        return sent

    patch.setattr(Kf, "send_on_event", twice)


def welcomes_late(patch: pytest.MonkeyPatch, world: World) -> None:
    original = Kf.send_on_event

    async def after_other_things(kf: Kf, code: str, msgid: str, payload: Any) -> str:
        world.advance(25)
        return await original(kf, code, msgid, payload)

    patch.setattr(Kf, "send_on_event", after_other_things)


def never_welcomes(patch: pytest.MonkeyPatch, _world: World) -> None:
    patch.setattr(decisions.Committer, "_code_replies", lambda _committer, _turn: [])


def says_each_line_by_itself(patch: pytest.MonkeyPatch, _world: World) -> None:
    _without_gates(patch)

    def lines(reply: Any) -> list[Any]:
        texts = [line for line in reply.text.split("\n") if line.strip()]
        return [{"msgtype": "text", "text": {"content": text}} for text in texts]

    patch.setattr(app, "plan", lines)
    patch.setattr(allowance, "fit", lambda parts, _room, _hint: list(parts))


def sends_any_length(patch: pytest.MonkeyPatch, _world: World) -> None:
    patch.setattr(wire, "split_text", lambda text, *_limits: [text])
    patch.setattr(wire, "cut", lambda text, _limit: text)


def shows_every_choice(patch: pytest.MonkeyPatch, _world: World) -> None:
    patch.setattr(wire, "_items", tuple)


def answers_backwards(patch: pytest.MonkeyPatch, _world: World) -> None:
    def backwards(said: Any, *more: Any) -> Any:
        return merge(said[::-1], *more)

    patch.setattr(decisions, "merge", backwards)


def answers_what_was_recalled(patch: pytest.MonkeyPatch, _world: World) -> None:
    patch.setattr(dispatcher, "_recalled", lambda letters: ([], list(letters)))


def promises_before_it_is_true(patch: pytest.MonkeyPatch, _world: World) -> None:
    async def hasty(turn: Turn, facts: Store, wish: Wish) -> None:
        turn.reply(f"{HANDED_OVER}人工客服", category="service")
        await want(turn, facts, wish)

    patch.setattr(listening, "want", hasty)


def overlooks_pictures(patch: pytest.MonkeyPatch, _world: World) -> None:
    async def texts_only(turn: Turn, proceed: Any) -> None:
        if turn.message.msgtype != "text":
            turn.settle("silent")
            return
        await proceed()

    patch.setattr(app, "only_customers", texts_only)


def mixes_up_customers(patch: pytest.MonkeyPatch, _world: World) -> None:
    original, met = Kf.send, list[Conversation]()

    async def to_the_first(kf: Kf, conversation: Conversation, msgid: str, payload: Any) -> str:
        met.append(conversation)
        return await original(kf, met[0], msgid, payload)

    patch.setattr(Kf, "send", to_the_first)


def hands_over_again(patch: pytest.MonkeyPatch, _world: World) -> None:
    """It does not look whether people have the conversation already."""
    trans = Kf.trans

    async def twice(kf: Kf, conversation: Conversation, *args: Any) -> str | None:
        code = await trans(kf, conversation, *args)
        await trans(kf, conversation, *args)
        return code

    patch.setattr(Kf, "trans", twice)


def answers_into_the_pool(patch: pytest.MonkeyPatch, _world: World) -> None:
    """The queue is told with an ordinary message instead of the code."""
    _without_gates(patch)

    def plainly(turn: Turn, _code: object, key: str, *_more: object) -> None:
        turn.reply(turn.phrases.say(key), category="service")

    patch.setattr(outcomes, "_say_by_code", plainly)


VARIANTS = {
    "talks_over_people": Variant(
        "talks while a person has the conversation",
        "talks_in_human_state",
        talks_over_people,
        [acts.hand_over],
    ),
    "answers_into_the_pool": Variant(
        "writes into the pool instead of using the code",
        "talks_in_human_state",
        answers_into_the_pool,
        [acts.hand_over],
    ),
    "hands_over_again": Variant(
        "hands over what is in the pool already",
        "illegal_transition",
        hands_over_again,
        [acts.hand_over],
    ),
    "promises_before_it_is_true": Variant(
        "says 已转接 before WeCom has accepted",
        "promised_too_early",
        promises_before_it_is_true,
        [acts.hand_over],
    ),
    "answers_after_the_window": Variant(
        "answers after 48 h", "after_window", answers_after_the_window, [acts.too_late]
    ),
    "welcomes_twice": Variant("welcomes twice", "welcome_twice", welcomes_twice, [acts.welcome]),
    "welcomes_late": Variant(
        "does other things first and welcomes after 25 s",
        "welcome_late",
        welcomes_late,
        [acts.welcome],
    ),
    "never_welcomes": Variant("never welcomes", "not_welcomed", never_welcomes, [acts.welcome]),
    "says_each_line_by_itself": Variant(
        "sends more than five messages", "over_allowance", says_each_line_by_itself, [acts.burst]
    ),
    "sends_any_length": Variant(
        "sends a text of any length", "too_long", sends_any_length, [acts.long_answer]
    ),
    "shows_every_choice": Variant(
        "sends a menu of more than ten", "menu_too_big", shows_every_choice, [acts.long_answer]
    ),
    "answers_backwards": Variant(
        "answers a burst backwards", "out_of_order", answers_backwards, [acts.burst]
    ),
    "answers_what_was_recalled": Variant(
        "answers what was recalled", "answered_recalled", answers_what_was_recalled, [acts.recall]
    ),
    "overlooks_pictures": Variant(
        "is silent about everything but text",
        "unanswered",
        overlooks_pictures,
        [acts.anything_but_text],
    ),
    "mixes_up_customers": Variant(
        "answers somebody else", "wrong", mixes_up_customers, [acts.burst]
    ),
}
"""By name."""
