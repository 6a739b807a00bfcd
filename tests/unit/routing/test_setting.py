"""What a turn is given of the configuration."""

from bot.model import Seat
from bot.routing import Router, Stage, Turn
from tests.conftest import OpenChat

HOURS = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}]
STAFF = [
    {"userid": "zhangsan", "name": "张三", "level": "junior", "shifts": HOURS},
    {"userid": "lisi", "name": "李四", "level": "expert", "capacity": 2},
]


async def test_a_turn_knows_who_is_on_duty_by_shifts_zone_and_calendar(
    open_chat: OpenChat,
) -> None:
    router = Router("toy", stage=Stage.CAMPAIGN)
    found: list[tuple[Seat, ...]] = []

    @router.message()
    async def ask(turn: Turn) -> None:
        where = turn.conversation.open_kfid
        found.append(turn.roster.candidates(level=2, open_kfid=where, at=turn.now, loads={}))
        turn.settle("answered")

    chat = await open_chat(more=[router], staff=STAFF, calendar={"closed": ["2026-11-23"]})
    for days in (0, 3, 1):  # Friday, the Monday that is closed, Tuesday
        await chat.waits(hours=24 * days)
        await chat.says("多久发货")
    junior, expert = Seat("zhangsan", 2, 5), Seat("lisi", 3, 2)
    assert found == [(junior,), (expert,), (junior,)]
