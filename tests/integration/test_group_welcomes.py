"""Whoever joins a customer group is greeted by its owner in time, or by WeCom's own welcome."""

from bot.delivery.group_welcomes import GroupWelcomes
from bot.delivery.intake import lane_of, subject_of
from bot.model import GroupChanged, GroupJoined
from bot.model.tasks import TaskState
from bot.store import Arrival, Unit
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.talk import PlayedClock


async def join(town: Town, *customers: str, times: int = 1) -> None:
    at = town.clock.now()
    events = [
        GroupChanged(chat_id="wr1", change="update", detail="add_member", members=customers, at=at),
        *(GroupJoined(chat_id="wr1", external_userid=one, at=at) for one in customers),
    ]
    for _ in range(times):
        unit = Unit()
        arrivals = [Arrival(subject_of(one), one, lane_of(one), sent_at=at) for one in events]
        await town.store.mailbox.deliver(unit, arrivals, at)
        await town.store.database.commit(unit)
    await town.works()


async def test_the_owner_is_asked_reminded_and_his_leader_told(
    open_chat: OpenChat, clock: PlayedClock
) -> None:
    async with a_town(open_chat, clock, welcome={"group": {"by": "staff"}}) as town:
        group = town.sim.world.ways.new_group("wr1", "zhangsan")
        group.name = "福利群"
        await join(town, LAN, "wm_bo", times=2)
        (card,) = town.chat.cards
        assert card.card.text == "有 2 位客户进了“福利群”，请在 5 分钟内欢迎，欢迎以后按“完成”。"
        await town.chat.waits(minutes=3)
        assert len(town.chat.cards) == 2
        await town.chat.waits(minutes=2)
        assert [userids for userids, _ in town.chat.staff.sent] == [("lisi",)]
        await town.chat.presses(card.card.buttons[0].key, task_id=card.task_id)
        (known,) = await town.store.tasks.listed(all_of_them=True)
        assert known.state is TaskState.SENT
        await join(town, "wm_hua")
        (rate,) = await town.store.tasks.rates(0, clock.now() + 1, clock.now())
        assert (rate.kind, rate.due, rate.on_time) == ("group_welcome", 2, 1)


async def test_where_nobody_is_to_greet_nothing_is_asked(
    open_chat: OpenChat, clock: PlayedClock
) -> None:
    async with a_town(open_chat, clock) as town:
        town.sim.world.ways.new_group("wr1", "zhangsan")
        await join(town, LAN)
        assert town.chat.cards == []
        assert "/cgi-bin/externalcontact/groupchat/get" not in town.sim.calls


async def test_the_template_is_made_once_and_follows_its_text(
    open_chat: OpenChat, clock: PlayedClock
) -> None:
    group = {"by": "template", "text": "欢迎%NICKNAME%"}
    async with a_town(open_chat, clock, welcome={"group": group}) as town:
        settings = town.chat.engine.config.welcome.group
        for text in ("欢迎%NICKNAME%", "欢迎%NICKNAME%", "欢迎新人%NICKNAME%"):
            changed = settings.model_copy(update={"text": text})
            keeping = GroupWelcomes(town.store, town.parts.access, changed, clock)
            await keeping.look()
        assert list(town.friends.group_welcomes.values()) == ["欢迎新人%NICKNAME%"]
