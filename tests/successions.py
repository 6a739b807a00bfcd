"""How does a test let a member go, and read what became of his customers?"""

from bot.app.channels import build_passing_on
from bot.commands.successions import Plan, Request, begin, customers_of, planned
from bot.delivery.passing_on import PassingOn
from bot.store import PassedCustomer
from tests.friends import Town


async def friends(town: Town, *customers: str, of: str = "zhangsan") -> None:
    for one in customers:
        if one not in town.sim.world.customers:
            town.sim.world.add_customer(external_userid=one)
        town.friends.add(of, one)
    await town.settles()


def passing_on(town: Town) -> PassingOn:
    dialogue = town.chat.dialogue
    return build_passing_on(
        town.chat.engine, town.parts.access, lambda _queue, _lane: None, dialogue.wake
    )


async def hands_over(town: Town, *, to: str = "lisi", has_left: bool = False) -> Plan:
    """What the command does once WeCom has told it whose customers there are."""
    request = Request("ZhangSan", to, has_left)
    api = await town.parts.access.api()
    assert api is not None
    now = town.clock.now()
    plan = await planned(town.store, request, await customers_of(api, request), now)
    await begin(town.chat.engine.config, town.store, request, plan, now)
    await town.works()
    return plan


async def waits(town: Town, look: PassingOn, *, hours: float) -> list[str]:
    """Time goes by, with a look now and then; returns what the leader was told."""
    told: list[str] = []
    for _ in range(int(hours * 2)):
        await town.chat.waits(minutes=30)
        await look.look()
        await town.settles()
        told += [text for who, text in town.chat.staff.sent if who == ("zhaoliu",)]
    return told


async def customers(town: Town) -> dict[str, PassedCustomer]:
    rows: dict[str, PassedCustomer] = {}
    for one in await town.store.successions.open():
        rows |= {row.external_userid: row for row in await town.store.successions.customers(one.id)}
    return rows


async def states(town: Town) -> dict[str, str]:
    return {one: row.state.value for one, row in (await customers(town)).items()}


async def friend_of(town: Town, customer: str) -> list[str]:
    return [one.userid for one in await town.store.contacts.friends_of(customer)]
