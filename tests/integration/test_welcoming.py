"""Newcomers are greeted once, first of all and in time, by a WeCom that blames every mistake."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.delivery.intake import subject_of
from bot.model import CustomerEdited, Lane
from bot.model.people import Attribute
from bot.model.tasks import TaskState
from bot.routing import Router, Stage, Turn
from bot.store import Arrival, Greeted, Unit
from simulator.contact_news import agree_to_archiving
from simulator.records import WelcomeCode
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.talk import PlayedClock

PNG = b"\x89PNG\r\n\x1a\n0000"
GENERAL = {"id": "general", "text": "您好{customer}，我是{company}的{staff}。"}


def write(folder: Path, *welcomes: dict[str, Any]) -> dict[str, Any]:
    (folder / "welcomes").mkdir(exist_ok=True)
    file = folder / "welcomes" / "ours.yaml"
    file.write_text(yaml.safe_dump({"welcomes": welcomes}, allow_unicode=True), "utf-8")
    return {"sources": [file]}


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock, welcome=write(tmp_path, GENERAL)) as town:
        yield town


def said(town: Town, member: str = "zhangsan", of: str = LAN) -> list[str]:
    return [one.said["text"]["content"] for one in town.friends.welcomes(member, of)]


async def greeted(town: Town, of: str = LAN) -> list[str]:
    return [one.state.value for one in await town.store.welcomes.of(of)]


async def tasks(town: Town) -> list[tuple[str, str]]:
    found = await town.store.tasks.listed(all_of_them=True)
    return [(one.task.member, one.task.reason) for one in found]


async def test_a_newcomer_is_greeted_once_however_often_it_is_told(town: Town) -> None:
    town.friends.add("zhangsan", LAN, half=True)
    await town.settles(times=3)
    town.friends.confirm("zhangsan", LAN)
    await town.settles(times=2)
    assert said(town) == ["您好朋友，我是云栖优选的张三。"]
    assert await greeted(town) == [Greeted.SENT]
    assert await tasks(town) == []


async def test_an_earlier_event_that_fails_holds_no_welcome_up(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    broken = Router("broken", stage=Stage.GUARD)

    @broken.on(CustomerEdited)
    async def edited(_turn: Turn) -> None:
        raise RuntimeError("broken")

    welcome = write(tmp_path, GENERAL)
    async with a_town(open_chat, clock, welcome=welcome, more=[broken]) as town:
        edit = CustomerEdited(userid="wangwu", external_userid=LAN, at=clock.now())
        await town.chat.receives(edit)
        began = clock.now()
        town.friends.add("zhangsan", LAN)
        await town.settles()
        assert clock.now() == began
        assert len(said(town)) == 1
        rows = "SELECT 1 FROM mailbox WHERE kind = 'CustomerEdited' AND done_at IS NULL"
        assert await town.store.database.fetch(rows)  # it waits for its next try all the while


async def test_a_fragment_that_waits_for_its_rest_holds_no_welcome_up(town: Town) -> None:
    mailbox, began = town.store.mailbox, town.clock.now()
    fragment, unit = town.chat.text("在吗"), Unit()
    await mailbox.deliver(unit, [Arrival(subject_of(fragment), fragment, Lane.REPLY)], began)
    await town.store.database.commit(unit)
    town.friends.add("zhangsan", LAN)
    ((change, at),) = town.told
    await town.hears(change, at)
    drain = town.chat.engine.dispatcher.drain
    again_at = await drain(subject_of(fragment), lambda *_: None, lambda *_: None)
    assert await greeted(town) == [Greeted.PLANNED]
    assert again_at is not None
    assert again_at > began  # for the fragment
    assert [one.event for one in await mailbox.due(subject_of(fragment), began)] == [fragment]


async def test_two_members_in_one_second_both_greet(town: Town) -> None:
    for member in ("zhangsan", "lisi"):
        town.friends.add(member, LAN)
    await town.settles()
    assert len(said(town)) == len(said(town, "lisi")) == 1


async def test_a_deletion_that_overtakes_the_addition_ends_it(town: Town) -> None:
    town.friends.add("zhangsan", LAN)
    town.clock.reach(town.clock.now() + 1)
    town.friends.delete("zhangsan", LAN, by="customer")
    town.told.reverse()
    await town.settles()
    assert said(town) == []
    assert await greeted(town) == [Greeted.GONE]
    relation = await town.store.contacts.relation("zhangsan", LAN)
    assert relation is not None
    assert not relation.is_friend


async def test_whoever_comes_back_is_greeted_as_such_and_gets_no_second_gift(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    welcome = write(
        tmp_path,
        {"id": "gift", "text": "券：{code}", "without": "您好", "benefit": "new"},
        {"id": "back", "text": "欢迎回来", "returning": True},
    )
    async with a_town(open_chat, clock, welcome=welcome) as town:
        await town.store.benefits.bring("new", ["A1", "B2"], clock.now())
        town.friends.add("zhangsan", LAN)
        await town.settles()
        town.friends.add("lisi", LAN)  # another member: one gift per person
        await town.settles()
        assert (said(town), said(town, "lisi")) == (["券：A1"], ["您好"])
        clock.reach(clock.now() + 60)
        town.friends.delete("zhangsan", LAN, by="customer")
        await town.settles()
        clock.reach(clock.now() + 60)
        town.friends.add("zhangsan", LAN)
        await town.settles()
        assert said(town) == ["券：A1", "欢迎回来"]
        (stock,) = await town.store.benefits.stock()
        assert (stock.free, stock.reserved, stock.given) == (1, 0, 1)


async def test_a_code_that_wecom_refuses_is_final_and_a_member_says_hello(town: Town) -> None:
    code = town.friends.add("zhangsan", LAN)
    used: WelcomeCode = town.friends.welcome_codes[code]
    used.used_for, used.said = 1, {"text": {"content": "another app"}}
    await town.settles()
    town.sim.violations.clear()  # another app was faster: no fault of ours
    assert await greeted(town) == [Greeted.FAILED]
    (row,) = await town.store.welcomes.of(LAN)
    assert row.errcode == 41051
    assert await tasks(town) == [("zhangsan", "welcome:41051")]
    assert town.sim.calls["/cgi-bin/externalcontact/send_welcome_msg"] == 1


async def test_a_reserved_gift_goes_back_when_the_welcome_fails(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    welcome = write(
        tmp_path, {"id": "gift", "text": "券：{code}", "without": "您好", "benefit": "new"}
    )
    async with a_town(open_chat, clock, welcome=welcome) as town:
        await town.store.benefits.bring("new", ["A1"], clock.now())
        code = town.friends.add("zhangsan", LAN)
        town.friends.welcome_codes[code].used_for = 1
        await town.settles()
        town.sim.violations.clear()
        (stock,) = await town.store.benefits.stock()
        assert (stock.free, stock.reserved, stock.given) == (1, 0, 0)


async def test_late_is_recorded_not_tried_and_a_member_is_asked(town: Town) -> None:
    town.friends.add("zhangsan", LAN)
    town.clock.reach(town.clock.now() + 18)
    await town.settles()
    assert await greeted(town) == [Greeted.EXPIRED]
    assert await tasks(town) == [("zhangsan", "welcome:expired")]
    assert "/cgi-bin/externalcontact/send_welcome_msg" not in town.sim.calls


async def test_one_that_waits_too_long_to_be_sent_expires_too(town: Town) -> None:
    town.sim.fault("error", path="/cgi-bin/externalcontact/send_welcome_msg", code=-1, times=99)
    town.friends.add("zhangsan", LAN)
    await town.settles()
    assert await greeted(town) == [Greeted.PLANNED]
    town.clock.reach(town.clock.now() + 18)
    await town.works()
    assert await greeted(town) == [Greeted.EXPIRED]
    assert await tasks(town) == [("zhangsan", "welcome:expired")]


async def test_an_answer_that_gets_lost_greets_nobody_twice(town: Town) -> None:
    town.sim.fault("reset_after_accept", path="/cgi-bin/externalcontact/send_welcome_msg", times=1)
    town.friends.add("zhangsan", LAN)
    await town.settles()
    town.clock.reach(town.clock.now() + 2)
    await town.works()
    assert len(said(town)) == 1
    assert await greeted(town) == [Greeted.SENT]


async def test_without_a_code_the_reason_is_recorded_and_nobody_is_nagged(town: Town) -> None:
    town.friends.greets_natively.add("zhangsan")
    town.friends.add("zhangsan", LAN)
    await town.settles()
    assert await greeted(town) == [Greeted.NO_CODE]
    assert await tasks(town) == []


async def test_files_are_there_before_they_are_needed_and_again_before_three_days(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    welcome = write(
        tmp_path,
        GENERAL
        | {
            "attachments": [
                {"kind": "image", "media": "card.png"},
                {"kind": "video", "media": "shop.mp4"},
                {"kind": "file", "media": "尺码表.pdf"},
                {"kind": "link", "title": "新人必看", "url": "https://example.com/new"},
                {
                    "kind": "miniprogram",
                    "title": "下单",
                    "appid": "wx1",
                    "pagepath": "/pages/index",
                    "media": "card.png",
                },
            ]
        },
    )
    folder = tmp_path / "welcomes"
    (folder / "card.png").write_bytes(PNG)
    (folder / "shop.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    (folder / "尺码表.pdf").write_bytes(b"%PDF-1.7")
    async with a_town(open_chat, clock, welcome=welcome) as town:
        town.friends.add("zhangsan", LAN)
        await town.settles()  # nothing is uploaded yet: what can be said is said
        assert [one["msgtype"] for one in said_with(town)] == ["link"]
        await town.files.look()
        town.friends.add("lisi", LAN)
        await town.settles()
        kinds = ["image", "video", "file", "link", "miniprogram"]
        assert [one["msgtype"] for one in said_with(town, "lisi")] == kinds
        uploads = town.sim.calls["/cgi-bin/media/upload"]
        assert uploads == 3
        await town.files.look()
        assert town.sim.calls["/cgi-bin/media/upload"] == uploads
        clock.reach(clock.now() + 49 * 3600)
        await town.files.look()
        assert town.sim.calls["/cgi-bin/media/upload"] == 2 * uploads


def said_with(town: Town, member: str = "zhangsan") -> list[dict[str, Any]]:
    (one,) = town.friends.welcomes(member, LAN)
    return list(one.said["attachments"])


async def test_a_channel_names_its_welcome_and_a_hostile_name_says_nothing_bad(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    welcome = write(
        tmp_path,
        GENERAL,
        {"id": "poster", "channels": ["poster-1"], "text": "{customer}，欢迎从{channel}来！"},
    )
    channels = [{"id": "poster-1", "name": "门店海报", "receivers": [{"userid": "zhangsan"}]}]
    async with a_town(open_chat, clock, welcome=welcome, channels={"codes": channels}) as town:
        await town.store.channels.take(
            town.chat.engine.config.channels.codes, "config", clock.now()
        )
        await remember_name(town, "兰{code}\u202e\n加微信xx")
        town.friends.add("zhangsan", LAN, state="poster-1")
        await town.settles()
        (text,) = said(town)
        assert text.endswith("，欢迎从门店海报来！")
        assert "{" not in text
        assert "\n" not in text


async def remember_name(town: Town, name: str) -> None:
    unit, now = Unit(), town.clock.now()
    attribute = Attribute(
        external_userid=LAN, name="nickname", value=name, source="wecom", by="", at=now
    )
    await town.store.profiles.set(unit, attribute)
    await town.store.database.commit(unit)


async def test_the_member_who_said_hello_by_hand_is_counted(town: Town) -> None:
    town.friends.add("zhangsan", LAN)
    town.clock.reach(town.clock.now() + 18)
    await town.settles()
    (card,) = town.chat.cards
    assert "打个招呼" in card.card.text
    await town.chat.presses(card.card.buttons[0].key)
    (known,) = await town.store.tasks.listed(all_of_them=True)
    assert known.state is TaskState.SENT


async def test_who_must_agree_to_archiving_first_is_greeted_once_he_does(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    gift = {"id": "gift", "text": "券：{code}", "without": "您好", "benefit": "new"}
    async with a_town(open_chat, clock, welcome=write(tmp_path, gift)) as town:
        await town.store.benefits.bring("new", ["A1"], clock.now())
        town.friends.awaits_archiving.add(("zhangsan", LAN))
        town.friends.add("zhangsan", LAN)
        await town.settles()
        assert await greeted(town) == [Greeted.AWAITED]
        assert await tasks(town) == []
        clock.reach(clock.now() + 3600)
        agree_to_archiving(town.sim.world, "zhangsan", LAN)
        await town.settles(times=3)
        assert said(town) == ["券：A1"]
        assert await greeted(town) == [Greeted.SENT]


async def test_who_agrees_to_archiving_after_his_welcome_hears_no_other(town: Town) -> None:
    town.friends.add("zhangsan", LAN)
    await town.settles()
    agree_to_archiving(town.sim.world, "zhangsan", LAN)
    await town.settles()
    assert len(said(town)) == 1
    assert await greeted(town) == [Greeted.SENT]
