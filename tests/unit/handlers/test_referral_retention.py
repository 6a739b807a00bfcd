"""Of those who came long enough ago it is told who stayed, the invited beside the others."""

from bot.config import Campaign
from handlers.referral.retention import retention
from tests.conftest import OpenChat
from tests.referrals import DAY_S, SPRING, Fair


async def test_who_stayed_a_week_is_told_for_the_invited_and_for_others(
    open_chat: OpenChat,
) -> None:
    fair = Fair(await open_chat(), Campaign.model_validate(SPRING))
    await fair.opens()
    await fair.invites("wm_lan")
    since = fair.clock.now()
    for n in range(3):
        await fair.adds(f"wm_i{n}", by="wm_lan")
        await fair.adds(f"wm_o{n}")
    await fair.adds("wm_i0", member="lisi")
    await fair.chat.waits(hours=24)
    await fair.leaves("wm_i0")  # lisi is still his friend
    await fair.leaves("wm_i1")
    for n in range(2):
        await fair.leaves(f"wm_o{n}")
    await fair.chat.waits(hours=24 * 6 + 1)
    await fair.leaves("wm_i2")  # after the week
    await fair.adds("wm_late", by="wm_lan")
    now = fair.clock.now()
    week = await retention(fair.store, since, now, days=7)
    assert (week.invited, week.invited_stayed) == (3, 2)
    assert (week.others, week.others_stayed) == (3, 1)
    assert (week.of_invited, week.of_others) == (2 / 3, 1 / 3)
    month = await retention(fair.store, since, now, days=30)
    assert (month.of_invited, month.of_others) == (None, None)
    later = await retention(fair.store, since + DAY_S, now + 7 * DAY_S, days=7)
    assert later.invited == 1
