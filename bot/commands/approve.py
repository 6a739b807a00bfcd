"""Which texts wait for a person before they are said, and who releases them?"""

import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import (
    PROMPTS,
    bases_of,
    build_lexicon,
    entries_of,
    known_texts,
    open_database,
    preview,
)
from bot.app.approving import Standing, known_entry, standings, states_of
from bot.commands.faq_edit import writing
from bot.config import Config
from bot.errors import Misconfigured
from bot.policy.lexicon import Decision
from bot.routing.phrases import Phrases
from bot.store import Approvals, ApprovalState, Unit
from knowledge import body_of

STATES = {
    ApprovalState.DRAFT: "草稿",
    ApprovalState.REVIEWED: "已看过",
    ApprovalState.APPROVED: "已批准",
    ApprovalState.LIVE: "在用",
    ApprovalState.RETIRED: "已停用",
}
DECISIONS = {
    Decision.ALLOW: "放行",
    Decision.MASK: "替换",
    Decision.REVIEW: "人看",
    Decision.BLOCK: "不发",
}
_SHOWN = 60


async def listed(config: Config, out: TextIO, *, everything: bool = False) -> int:
    """Print the texts that wait for a person; 1 when there are any."""
    async with _opened(config) as desk:
        decided = {(a.known.name, a.known.digest): a for a in await desk.approvals.all()}
    mode = config.safety.approval
    waiting = 0
    for one in desk.texts:
        waits = desk.waits(one)
        waiting += waits
        if not waits and not everything:
            continue
        last = decided.get((one.known.name, one.known.digest))
        by = f"，{last.by}" if last else ""
        text = " ".join(one.known.text.split())
        short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        print(f"{one.known.name}  〔{STATES[one.state]}{by}〕{_found(one)}\n  {short}", file=out)
    print(f"{waiting} 句要人批准（safety.approval: {mode}）", file=out)
    return 1 if waiting else 0


async def show(config: Config, name: str, out: TextIO) -> int:
    """Print one text, what is found in it, and every decision about it and its earlier forms."""
    async with _opened(config) as desk:
        (one,) = _named(desk.texts, [name])
        decided = [a for a in await desk.approvals.all() if a.known.name == one.known.name]
    print(f"{one.known.name}  〔{STATES[one.state]}〕", file=out)
    print(one.known.text, file=out)
    for found in one.verdict.found:
        print(f"  “{found.text}”：{found.kind}，{DECISIONS[found.decision]}", file=out)
    zone = ZoneInfo(config.timezone)
    for approval in decided:
        when = datetime.fromtimestamp(approval.at, zone).strftime("%Y-%m-%d %H:%M")
        other = "" if approval.known.digest == one.known.digest else "（以前的文字）"
        why = f"：{approval.why}" if approval.why else ""
        print(f"  {when} {approval.by} {STATES[approval.state]}{why}{other}", file=out)
    return 0


async def decide(
    config: Config,
    names: Sequence[str],
    state: ApprovalState,
    out: TextIO,
    *,
    by: str,
    why: str = "",
    everything: bool = False,
) -> int:
    """Take these texts to a state; nothing is done when one of them cannot be taken there.

    Args:
        everything: all that wait, whatever the names are.

    Raises:
        Misconfigured: no such text, or a release that needs a reason has none.
    """
    async with _opened(config) as desk:
        chosen = [one for one in desk.texts if desk.waits(one)] if everything else []
        chosen = chosen or _named(desk.texts, names)
        wrong = {one.known.name: _wrong(one, state, why) for one in chosen}
        if refused := [f"{name}：{said}" for name, said in wrong.items() if said]:
            raise Misconfigured("\n".join(refused))
        unit, now = Unit(), time.time()
        for one in chosen:
            released = state is ApprovalState.APPROVED
            override = released and bool(_override(one))
            desk.approvals.decide(
                unit, one.known, state, by=by, now=now, why=why, override=override
            )
            if released and one.known.name in desk.held:
                await _release_entry(config, *desk.held[one.known.name], by)
        await desk.approvals.commit(unit)
    for one in chosen:
        print(f"{one.known.name}：{STATES[one.state]} → {STATES[state]}", file=out)
    return 0


def _wrong(one: Standing, state: ApprovalState, why: str) -> str:
    if state is ApprovalState.APPROVED and (reason := _override(one)) and not why.strip():
        return f"{reason}，批准要写原因（--why）"
    if state is ApprovalState.RETIRED and not why.strip():
        return "停用要写原因（--why）"
    return ""


def _override(one: Standing) -> str:
    """Why releasing it goes against the usual way, '' = it does not."""
    if one.verdict.decision is Decision.BLOCK:
        return "里面有不能说的词"
    if one.state in (ApprovalState.DRAFT, ApprovalState.RETIRED):
        return f"还没有人看过（{STATES[one.state]}）"
    return ""


def _found(one: Standing) -> str:
    kinds = dict.fromkeys(f"{f.kind}“{f.text}”{DECISIONS[f.decision]}" for f in one.verdict.found)
    return f" {'、'.join(kinds)}" if kinds else ""


def _named(texts: Sequence[Standing], names: Collection[str]) -> list[Standing]:
    by_name = {one.known.name: one for one in texts}
    if unknown := [name for name in names if name not in by_name]:
        raise Misconfigured(
            f"没有 {'、'.join(unknown)}；写法如 reply:engine.late、welcome:newcomer、entry:条目编号"
        )
    if not names:
        raise Misconfigured("没有要处理的文字")
    return [by_name[name] for name in names]


async def _release_entry(config: Config, base: str, entry_id: str, by: str) -> None:
    """Say in its row, too, that an entry is approved, as what a model wrote has to be."""
    async with writing(config, base) as contents:
        row = await contents.get(base, entry_id)
        for entry in entries_of([row] if row else []):
            body = body_of(msgspec.structs.replace(entry, source="", approved=True))
            await contents.commit(
                contents.put(base, entry_id, body, by=by, why="approve", now=time.time())
            )


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a person decides on.

    Args:
        texts: how every text stands that the next start will say.
        held: base and id of the entries whose row says that they are not approved.
    """

    config: Config
    approvals: Approvals
    texts: list[Standing]
    held: dict[str, tuple[str, str]]

    def waits(self, one: Standing) -> bool:
        """Whether it is not said until a person releases it."""
        return one.known.name in self.held or one.needs_a_person(self.config.safety.approval)


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[_Desk]:
    phrases = Phrases.load(PROMPTS)
    async with preview(config) as contents:
        texts = await known_texts(config, contents, phrases)
        held = {
            known_entry(base, entry).name: (base, entry.id)
            for base in bases_of(config)
            for entry in entries_of(await contents.entries(base))
            if not entry.approved
        }
    database = open_database(config)
    try:
        approvals = Approvals(database)
        states = states_of(await approvals.all())
        standing = list(standings(texts, states, build_lexicon(config)))
        yield _Desk(config, approvals, standing, held)
    finally:
        database.close()
