"""Which mistakes can a product make with cards for members?"""

from typing import Any

import pytest

from bot.wecom import callback
from bot.wecom.cards import template_card
from bot.wecom.staff import Delivered, StaffMessages
from simulator.world import World
from tests.contract.wrong import acts
from tests.contract.wrong.run import Variant


def one_task_id_for_all(patch: pytest.MonkeyPatch, _world: World) -> None:
    original, ids = StaffMessages.send_card, list[str]()

    async def send_card(it: StaffMessages, *some: Any, task_id: str, key: str) -> Delivered:
        ids.append(task_id)
        return await original(it, *some, task_id=ids[0], key=key)

    patch.setattr(StaffMessages, "send_card", send_card)


def one_code_for_every_change(patch: pytest.MonkeyPatch, _world: World) -> None:
    original, codes = StaffMessages.update_card, list[str]()

    async def update_card(it: StaffMessages, code: str, *some: Any, **more: Any) -> None:
        codes.append(code)
        await original(it, codes[0], *some, **more)

    patch.setattr(StaffMessages, "update_card", update_card)


def more_than_a_card_holds(patch: pytest.MonkeyPatch, _world: World) -> None:
    def with_lines(*some: Any, **more: Any) -> dict[str, Any]:
        lines = [{"keyname": "等待", "value": f"{number} 分钟"} for number in range(7)]
        return template_card(*some, **more) | {"horizontal_content_list": lines}

    patch.setattr("bot.wecom.staff.template_card", with_lines)


def takes_two_presses_for_one(patch: pytest.MonkeyPatch, _world: World) -> None:
    def digest(event: Any, _tree: Any, _inner: bytes, path: str) -> str:
        return callback._digest(f"{event.task_id} {event.key}".encode(), path)

    patch.setattr(callback, "_event_digest", digest)


VARIANTS = {
    change.__name__: Variant(wrong, caught_by, change, [acts.cards])
    for wrong, caught_by, change in (
        ("gives every card the same task_id", "task_id_reused", one_task_id_for_all),
        ("changes cards with a used code", "response_code_reused", one_code_for_every_change),
        ("puts seven lines on a card", "bad_card", more_than_a_card_holds),
        ("takes two members' presses for one", "stuck", takes_two_presses_for_one),
    )
}
