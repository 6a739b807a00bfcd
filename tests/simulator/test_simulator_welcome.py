"""The simulator lets a newcomer be greeted as wecom-api §4.3 says, and blames what is wrong."""

from typing import Any

import pytest

from simulator.api_welcome import send_welcome_msg
from simulator.errors import Refused
from simulator.scenery import shop
from simulator.world import World


class Clock:
    at = 1_800_000_000.0


@pytest.fixture
def world() -> World:
    world = shop(clock=lambda: Clock.at)
    world.add_customer("兰", "wm_lan")
    return world


def refusal(world: World, **arguments: Any) -> int:
    with pytest.raises(Refused) as refused:
        send_welcome_msg(world, arguments)
    return refused.value.code


def test_a_code_works_once_and_the_very_same_again_is_no_fault(world: World) -> None:
    code = world.friends.add("zhangsan", "wm_lan")
    text = {"content": "您好"}
    assert send_welcome_msg(world, {"welcome_code": code, "text": text}) == {}
    assert refusal(world, welcome_code=code, text=text) == 41051
    assert world.violations == []
    assert refusal(world, welcome_code=code, text={"content": "再好"}) == 41051
    assert [one.kind for one in world.violations] == ["friend_welcomed_twice"]


def test_what_is_wrong_is_refused(world: World) -> None:
    code = world.friends.add("zhangsan", "wm_lan")
    link = {"msgtype": "link", "link": {"title": "x", "url": "https://a"}}
    assert refusal(world) == 41049
    assert refusal(world, welcome_code="forged", text={"content": "x"}) == 41050
    assert refusal(world, welcome_code=code) == 40058
    assert refusal(world, welcome_code=code, text={"content": "长" * 1400}) == 40058
    assert refusal(world, welcome_code=code, attachments=[link] * 10) == 41064
    assert refusal(world, welcome_code=code, attachments=[{"msgtype": "voice"}]) == 41065
    image = {"msgtype": "image", "image": {"media_id": "gone"}}
    assert refusal(world, welcome_code=code, attachments=[image]) == 40007
    Clock.at += 20
    assert refusal(world, welcome_code=code, attachments=[link]) == 41050
    assert "welcome_late" in {one.kind for one in world.violations}


def test_a_member_whom_the_console_greets_for_gives_no_code(world: World) -> None:
    world.friends.greets_natively.add("zhangsan")
    assert world.friends.add("zhangsan", "wm_lan") == ""
