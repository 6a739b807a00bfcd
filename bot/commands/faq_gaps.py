"""What should the knowledge learn, and does an operator want it?"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.commands.gap_desk import DAY_S, Desk, desk, masked
from bot.config import Config
from bot.errors import Misconfigured
from bot.store import Decided, Statement, UnitConflict
from knowledge import FaqEntry, body_of
from knowledge.gaps import Gap
from knowledge.lessons import (
    Changed,
    Refusal,
    Verified,
    concerned,
    is_harmful,
    lesson,
    nearest,
    replay,
    taught,
    verify,
)

BY = "operator"

_SHOWN = 20
_REASONS = {
    "missed": "没答上",
    "offered": "给了选项",
    "again": "又问了一遍",
    "unsolved": "客户说没解决",
    "people": "同事答的",
}
_JUDGED = {"better": "变好", "worse": "变差", "unknown": "不知好坏"}


async def gaps(
    config: Config,
    base: str,
    days: int,
    out: TextIO,
    *,
    as_json: bool = False,
    now: float | None = None,
) -> int:
    """Print the open gaps that were asked about in the last days, the largest first."""
    async with desk(config, base, now) as at:
        since = at.now - days * DAY_S
        found = [gap for gap in at.gaps if gap.asked[-1].at >= since and at.is_open(gap)]
        told = [await _told(at, gap) for gap in found]
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(told)).decode(), file=out)
        return 0
    zone = ZoneInfo(config.timezone)
    for one in told[:_SHOWN]:
        _print(one, zone, out)
    more = f"，列出最大的 {_SHOWN} 个" if len(told) > _SHOWN else ""
    print(f"共 {len(told)} 个缺口{more}。" if told else f"最近 {days} 天没有缺口。", file=out)
    return 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator wants to be learned from a gap.

    Args:
        entry_id: the entry that answers it; ``None`` = the one that turned out to.
        new: make a new entry of it instead.
        question: learn this wording alone, or the new entry's question.
        answer: of a new entry; by default what the servicer wrote.
        by: who decides; where one word is not enough a second person's is needed.
        sure: one word is enough, and what gets worse in the replay is accepted.
        dry_run: print what would change, and change nothing.
    """

    entry_id: str | None = None
    new: bool = False
    question: str = ""
    answer: str = ""
    by: str = BY
    sure: bool = False
    dry_run: bool = False


async def accept(
    config: Config, base: str, gap_id: str, wish: Wish, out: TextIO, *, now: float | None = None
) -> int:
    """Let an entry learn how customers ask, or make a new entry of the gap.

    Raises:
        Misconfigured: it cannot be learned; the text says why.
    """
    if wish.new and wish.entry_id:
        raise Misconfigured("--entry 与 --new 只写一个")
    async with desk(config, base, now) as at:
        gap = at.gap(gap_id)
        entry = await (_new(at, gap, wish) if wish.new else _taught(at, gap, wish, out))
        changes = await _replayed(at, entry)
        _print_changes(changes, out)
        if wish.dry_run:
            print("只是看看，什么也没有改。", file=out)
            return 0
        if is_harmful(changes) and not wish.sure:
            raise Misconfigured("变差的比变好的多，没有写入；确定要写就加 --sure")
        await _commit(at, gap, entry, wish.by)
    verb = "新增" if wish.new else "学会了"
    print(f"{verb} {entry.id}；撤销：concierge faq undo {entry.id}", file=out)
    return 0


async def reject(
    config: Config, base: str, gap_id: str, by: str, out: TextIO, *, now: float | None = None
) -> int:
    """Leave a gap as it is, until it has grown threefold."""
    async with desk(config, base, now) as at:
        gap = at.gap(gap_id)
        decided = Decided(gap.id, "rejected", len(gap.asked), "", at.now, by)
        await at.store.questions.commit([at.store.questions.decide(base, decided)])
    print(f"{gap_id} 不再列出，除非问的人多到三倍。", file=out)
    return 0


# ---------------------------------------------------------------------- learning


async def _taught(at: Desk, gap: Gap, wish: Wish, out: TextIO) -> FaqEntry:
    votes = await _votes(at, gap, wish)
    chosen = wish.entry_id or next((entry for entry, _ in votes.most_common(1)), None)
    if chosen is None:
        raise Misconfigured("还没有人知道该答哪一条：用 --entry 编号 指定，或 --new 新增一条")
    entry = at.base.get(chosen)
    if entry is None:
        raise Misconfigured(f"没有条目 {chosen}，见 concierge faq list")
    if wish.question:
        found = [await verify(wish.question, chosen, votes, at.base, at.audience)]
    else:
        is_named = wish.entry_id is not None
        found = await lesson(gap, chosen, votes, at.base, at.audience, is_named=is_named)
    learned = []
    for one in found:
        if reason := _why_not(at, one):
            print(f"  – {masked(one.text)}：{reason}", file=out)
        else:
            learned.append(one.text)
            print(f"  + {one.text}", file=out)
    if not learned:
        await _not_learned(at, gap, chosen, wish, found)
    return taught(entry, learned)


async def _votes(at: Desk, gap: Gap, wish: Wish) -> Counter[str]:
    """What customers and servicers showed, and what operators said, this one included."""
    said = dict(await at.store.questions.votes(at.name, gap.id))
    if wish.entry_id is not None:
        said[wish.by] = wish.entry_id
        if wish.sure:
            return Counter({wish.entry_id: 2})
    return gap.votes + Counter(said.values())


async def _not_learned(
    at: Desk, gap: Gap, chosen: str, wish: Wish, found: Sequence[Verified]
) -> NoReturn:
    alone = any(one.refusal is Refusal.ALONE for one in found)
    if not alone or wish.entry_id is None or wish.dry_run:
        raise Misconfigured("没有一句可以学，理由见上")
    vote = at.store.questions.vote(at.name, gap.id, wish.by, chosen, at.now)
    await at.store.questions.commit([vote])
    raise Misconfigured(
        f"已记下 {wish.by} 的确认，还没有学：再有一个人确认（--by 名字），或加 --sure"
    )


async def _new(at: Desk, gap: Gap, wish: Wish) -> FaqEntry:
    draft = wish.answer or next(iter(gap.answers), "")
    if not draft:
        raise Misconfigured("没有同事答过，请用 --answer 写出回答")
    if masked(draft) != draft:
        raise Misconfigured(f"回答里有个人信息：{masked(draft)}；请用 --answer 写一个通用的")
    if at.base.get(gap.id) is not None:
        raise Misconfigured(f"已有条目 {gap.id}：用 --entry {gap.id}")
    kept = []
    for text in dict.fromkeys([wish.question or gap.examples[0], *gap.examples]):
        if masked(text) != text:
            continue
        one = await verify(text, gap.id, Counter({gap.id: 2}), at.base, at.audience)
        if reason := _why_not(at, one):
            raise Misconfigured(f"{text}：{reason}")
        kept.append(text)
    if not kept:
        raise Misconfigured("问法里有个人信息，请用 --question 写一个通用的")
    return FaqEntry(id=gap.id, question=kept[0], answer=draft, heard=tuple(kept[1:]))


async def _replayed(at: Desk, entry: FaqEntry) -> list[Changed]:
    others = [one for one in at.base.entries if one.id != entry.id]
    after = await at.retriever([*others, entry])
    try:
        old = at.base.get(entry.id)
        fresh = set(entry.questions) - set(old.questions if old else ())
        fold = at.base.words.fold
        questions = concerned(at.questions(), sorted(fresh), fold=fold)
        return await replay(at.base, after, questions, at.audience)
    finally:
        after.close()


async def _commit(at: Desk, gap: Gap, entry: FaqEntry, by: str) -> None:
    row, now = at.rows.get(entry.id), at.now
    statements: list[Statement] = at.store.contents.put(
        *(at.name, entry.id, body_of(msgspec.structs.replace(entry, source=""))),
        by=by,
        why=f"faq accept {gap.id}",
        now=now,
        expected_version=row.version if row else 0,
    )
    decided = Decided(gap.id, "accepted", len(gap.asked), entry.id, now, by)
    try:
        await at.store.questions.commit([*statements, at.store.questions.decide(at.name, decided)])
    except UnitConflict as error:
        raise Misconfigured("刚刚有人改了同一条，没有写入；请看过再试") from error


def _why_not(at: Desk, one: Verified) -> str:
    """Why this cannot be learned, empty = it can."""
    if masked(one.text) != one.text:
        return "里面有个人信息，请用 --question 写一个通用的问法"
    if one.refusal is None:
        return ""
    rival = at.base.get(one.rival)
    other = f"[{one.rival}] {rival.question}" if rival else f"[{one.rival}]"
    match one.refusal:
        case Refusal.KNOWN:
            return "这一条已经有这个问法"
        case Refusal.TAKEN:
            return f"与 {other} 的问法相同，学了会抢走它的客户"
        case Refusal.ANSWERED:
            return f"现在就会直接答 {other}，学了会互相抢"
        case Refusal.DISPUTED:
            return f"也有人认为该答 {other}"
        case Refusal.OTHERWISE:
            return "同事多半另作回答，知识里没有；看过确定是这一条，就用 --entry 编号"
        case Refusal.ALONE:
            return "离这一条很远，只有一个人这么认为"
        case _:
            return "没有人确认过"


# ---------------------------------------------------------------------- printing


async def _told(at: Desk, gap: Gap) -> dict[str, Any]:
    votes = await at.votes(gap)
    draft = next(iter(gap.answers), "")
    decided = at.decided.get(gap.id)
    return {
        "id": gap.id,
        "count": len(gap.asked),
        "customers": gap.customers,
        "first_at": gap.asked[0].at,
        "last_at": gap.asked[-1].at,
        "reasons": dict(gap.reasons),
        "examples": [masked(text) for text in gap.examples],
        "votes": dict(votes.most_common()),
        "nearest": [
            {"id": one.id, "p": one.p, "question": _question(at, one.id)}
            for one in await nearest(gap, at.base, at.audience)
        ],
        "draft": masked(draft),
        "draft_is_personal": masked(draft) != draft,
        "learned_before": decided.entry if decided and decided.state == "accepted" else "",
    }


def _question(at: Desk, entry_id: str) -> str:
    entry = at.base.get(entry_id)
    return entry.question if entry else ""


def _print(one: dict[str, Any], zone: ZoneInfo, out: TextIO) -> None:
    last = datetime.fromtimestamp(one["last_at"], zone).strftime("%m-%d %H:%M")
    reasons = "，".join(f"{_REASONS[why]} {count}" for why, count in one["reasons"].items())
    print(
        f"{one['id']}  {one['count']} 次，{one['customers']} 位客户，最近 {last}（{reasons}）",
        file=out,
    )
    for text in one["examples"]:
        print(f"    客户：{text}", file=out)
    if one["draft"]:
        mark = "（有个人信息，已遮住）" if one["draft_is_personal"] else ""
        print(f"    同事：{one['draft']}{mark}", file=out)
    if one["votes"]:
        said = "，".join(f"[{entry}] {count} 人" for entry, count in one["votes"].items())
        print(f"    该答：{said}", file=out)
    if one["nearest"]:
        near = "，".join(f"[{n['id']}] {n['question']} {n['p']:.2f}" for n in one["nearest"])
        print(f"    最近：{near}", file=out)
    print(file=out)


def _print_changes(changes: Sequence[Changed], out: TextIO) -> None:
    counts = Counter[str](change.verdict for change in changes)
    told = "，".join(f"{name} {counts[verdict]}" for verdict, name in _JUDGED.items())
    print(f"拿问过的话重放：{len(changes)} 句的回答会变（{told}）", file=out)
    for change in changes[:_SHOWN]:
        before, after = change.before or "不直接答", change.after or "不直接答"
        print(f"  {_JUDGED[change.verdict]}：{masked(change.text)}：{before} → {after}", file=out)
    if len(changes) > _SHOWN:
        print(f"  ……还有 {len(changes) - _SHOWN} 句", file=sys.stderr)
