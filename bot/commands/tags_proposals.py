"""Which tags does the model propose, and what does a person decide about them?"""

import time
from collections.abc import Sequence
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app.sensitive import refuse_names
from bot.commands.consent import operator
from bot.commands.customers import note, opened, when
from bot.commands.tags import OUTCOMES, check_name
from bot.config import Config
from bot.llm.masking import Masker
from bot.store import UnitConflict
from bot.store.tag_proposals import TagProposals

SHOWN = 50


async def show(config: Config, out: TextIO) -> int:
    """Print what waits for a person, oldest first, each with the customer's words that show it."""
    zone = ZoneInfo(config.timezone)
    async with opened(config) as store:
        proposals = TagProposals(store)
        waiting, count = await proposals.waiting(SHOWN), await proposals.count()
        for one in waiting:
            said = await store.timeline.text_of(one.external_userid, one.msgid)
            shown = " ".join(Masker().mask(said).text.split()) if said else "（原话已清理）"
            print(f"{one.external_userid}  {one.name}  {when(one.at, zone)}  “{shown}”", file=out)
    if not waiting:
        idle = "" if config.tagging.proposals else "tagging.proposals 没有打开，大模型不提。"
        print(f"没有等着决定的标签。{idle}", file=out)
    elif count > len(waiting):
        print(f"还有 {count - len(waiting)} 个。", file=out)
    return 0


async def decide(
    config: Config,
    customer: str,
    names: Sequence[str],
    out: TextIO,
    *,
    accept: bool,
    now: float | None = None,
) -> int:
    """Accept or reject what was proposed for a customer; returns 1 when one was not done.

    Raises:
        Misconfigured: that is no name of a tag, or one that nobody was asked about.
    """
    at, undone = time.time() if now is None else now, False
    for name in names:
        check_name(name)
    if accept:
        refuse_names(config, names)
    async with opened(config) as store:
        proposals = TagProposals(store)
        for name in names:
            try:
                told = await _decided(proposals, customer, name, at, accept=accept)
            except UnitConflict:
                told = ""
            undone |= not told or told.startswith("没有")
            print(f"{name}  {told or '没有这样一个等着决定的标签'}", file=out)
        action = "tags.accept" if accept else "tags.reject"
        await note(store, action, f"customer:{customer}", at, why=" ".join(names))
    return int(undone)


async def _decided(
    proposals: TagProposals, customer: str, name: str, at: float, *, accept: bool
) -> str:
    """What came of it; empty = nothing of that name waits."""
    if not accept:
        done = await proposals.reject(customer, name, by=operator(), now=at)
        return "不打，以后也不再提" if done else ""
    outcome = await proposals.accept(customer, name, by=operator(), now=at)
    return "" if outcome is None else OUTCOMES.get(outcome, outcome)
