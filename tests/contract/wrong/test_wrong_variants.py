"""Is every wrong variant of the product caught, and nothing found against the right one?"""

import pytest

from bot.wecom import apis
from tests.contract.wrong import acts, pulling
from tests.contract.wrong.run import play, try_out
from tests.contract.wrong.variants import VARIANTS

UNUSED = {
    one.path
    for one in (
        apis.KF_CUSTOMERS,  # asked only where an answer names the customer
        apis.KF_LINK,  # made by whoever makes a channel
        apis.MEDIA_PUBLISH,  # pictures that stand in a page
        apis.KF_STATISTICS,  # asked in the morning of the days before
        *(apis.USER_INFO, apis.CORP_TICKET, apis.AGENT_TICKET),  # asked by pages
    )
}
"""Not part of this script; those who call them have tests of their own."""


async def test_nothing_is_found_against_the_product_and_it_uses_every_api() -> None:
    found = await play()
    assert found.by_kind == {}
    known = {one.path for one in vars(apis).values() if isinstance(one, apis.Api)}
    friends = {path for path in known if path.startswith(apis.CONTACT)}  # no friends in this script
    assert known - friends - UNUSED <= set(found.calls)


async def test_the_product_needs_no_poll_to_reach_the_last_page() -> None:
    found = await play([acts.burst, acts.many_pages, acts.empty_page], poll_s=pulling.NEVER_S)
    assert found.by_kind == {}


@pytest.mark.parametrize("name", VARIANTS)
async def test_a_wrong_variant_is_caught(name: str) -> None:
    variant = VARIANTS[name]
    found = await try_out(variant)
    print(f"\n{variant.wrong}: {', '.join(sorted(found.kinds)) or 'nothing found'}")
    assert variant.caught_by in found.kinds, found.by_kind


def test_there_are_enough_of_them() -> None:
    assert len(VARIANTS) >= 15
