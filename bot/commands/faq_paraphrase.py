"""How does an operator let a model propose phrasings, and decide which of them are written?"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import (
    MODEL_PROMPTS,
    build_embedder,
    build_retriever,
    entries_of,
    open_database,
    preview,
    vectors_folder,
)
from bot.commands.faq_edit import BY, writing
from bot.config import Config
from bot.errors import Misconfigured, ModelUnavailable
from bot.llm.phraser import Phraser
from bot.llm.prompts import read_prompt
from bot.ports import Embedder
from bot.store import Statement
from bot.store.model_usage import ModelUsage
from bot.telemetry import Metrics
from knowledge import Audience, FaqEntry, Retriever, body_of
from knowledge.phrasings import Tried, Unfit, try_alone, try_together

OPERATOR = "operator:paraphrase"
"""Whose tokens these are; they count into those of the day."""

_TOKENS = 3000
_WHY_NOT = {
    Unfit.KNOWN: "已经有了",
    Unfit.TAKEN: "是 {rival} 的问法",
    Unfit.ELSEWHERE: "先找到的是 {rival}",
    Unfit.STEALS: "会抢走“{rival}”",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be paraphrased, and how.

    Args:
        ids: entries; empty = those with the fewest phrasings.
        limit: how many entries at most.
        count: how many phrasings of each at most.
        yes: write all that fit, ask nothing.
        by: who approves.
    """

    ids: Sequence[str] = ()
    limit: int = 20
    count: int = 5
    yes: bool = False
    by: str = BY


@dataclass(slots=True)
class _Proposals:
    """What the model proposed, by entry."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    prompt: str = ""


async def paraphrase(config: Config, base_name: str, wish: Wish, out: TextIO) -> int:
    """Propose, sift, show, ask, write.

    Raises:
        Misconfigured: no model, or no such entry.
    """
    if config.llm is None:
        raise Misconfigured("没有配置大模型（config.yaml 的 llm）")
    entries = await _entries(config, base_name)
    chosen = _chosen(entries, wish)
    proposals = await _proposed(config, chosen, wish.count, out)
    if not any(proposals.texts.values()):
        print("没有可用的问法。", file=out)
        return 1
    tried = await _sifted(config, base_name, entries, proposals.texts)
    names = {entry.id: entry for entry in entries}
    agreed: dict[str, list[str]] = {}
    for entry_id, results in tried.items():
        _show(names[entry_id], results, out)
        fitting = [one.text for one in results if one.unfit is None]
        if fitting and (wish.yes or _said_yes(out)):
            agreed[entry_id] = fitting
    if not agreed:
        print("没有写入。", file=out)
        return 1
    why = f"大模型提出的问法（提示 {proposals.prompt}），{wish.by} 批准"[:200]
    version = await _write(config, base_name, agreed, by=wish.by, why=why)
    print(
        f"已写入：{len(agreed)} 条知识，{sum(map(len, agreed.values()))} 个问法，一秒内生效。"
        f"撤销：concierge faq undo --import {version}",
        file=out,
    )
    return 0


async def _entries(config: Config, base_name: str) -> list[FaqEntry]:
    async with preview(config) as contents:
        return list(entries_of(await contents.entries(base_name)))


def _chosen(entries: Sequence[FaqEntry], wish: Wish) -> list[FaqEntry]:
    by_id = {entry.id: entry for entry in entries}
    if missing := [one for one in wish.ids if one not in by_id]:
        raise Misconfigured(f"没有条目 {missing[0]}，见 concierge faq list")
    if wish.ids:
        return [by_id[one] for one in wish.ids][: wish.limit]
    asked = [entry for entry in entries if entry.kind == "faq" and entry.approved]
    return sorted(asked, key=lambda entry: (len(entry.questions), entry.id))[: wish.limit]


async def _proposed(
    config: Config, chosen: Sequence[FaqEntry], count: int, out: TextIO
) -> _Proposals:
    """Ask the model, entry by entry, while the day's tokens last."""
    assert config.llm is not None
    prompt = read_prompt(MODEL_PROMPTS, "phrase.md")
    phraser = Phraser(config.llm, prompt, Metrics())
    database = open_database(config)
    usage, proposals = ModelUsage(database), _Proposals(prompt=prompt.version)
    day_at, most = _midnight(config), config.llm.tokens_per_day
    try:
        for entry in chosen:
            spent = await usage.reserve(OPERATOR, day_at, _TOKENS, customer_most=most, most=most)
            if spent:
                print("今天的 token 用完了（llm.tokens_per_day），其余的没有问。", file=out)
                break
            try:
                said = await phraser.phrasings(
                    entry.question, entry.answer, entry.questions[1:], count
                )
            except ModelUnavailable as unavailable:
                print(f"大模型没有回答（{unavailable}），其余的没有问。", file=out)
                break
            if said.tokens:
                await usage.correct(OPERATOR, day_at, said.tokens - _TOKENS)
            if said.refused:
                print(f"[{entry.id}] 大模型写的读不懂，跳过。", file=out)
            proposals.texts[entry.id] = said.texts
    finally:
        await phraser.aclose()
        database.close()
    return proposals


async def _sifted(
    config: Config,
    base_name: str,
    entries: Sequence[FaqEntry],
    texts: Mapping[str, Sequence[str]],
) -> dict[str, list[Tried]]:
    """Which of them fit, by the retriever that customers are answered with."""
    embedder = build_embedder(config, vectors_folder(config))
    today = datetime.now(ZoneInfo(config.timezone)).date()
    audience = Audience(today=today, open_kfid=base_name)
    base = await _built(config, entries, embedder)
    try:
        by_id = {entry.id: entry for entry in entries}
        alone = {one: await try_alone(by_id[one], texts[one], base, audience) for one in texts}
        fitting = {
            one: [tried.text for tried in results if tried.unfit is None]
            for one, results in alone.items()
        }

        async def build(changed: Sequence[FaqEntry]) -> Retriever:
            return await _built(config, changed, embedder)

        together = await try_together(fitting, base, build, audience)
    finally:
        base.close()
    return {one: [*together[one], *(t for t in alone[one] if t.unfit)] for one in texts}


async def _built(
    config: Config, entries: Sequence[FaqEntry], embedder: Embedder | None
) -> Retriever:
    base = build_retriever(config, entries, embedder, vectors_folder(config))
    await base.warm()
    return base


async def _write(
    config: Config, base_name: str, agreed: Mapping[str, Sequence[str]], *, by: str, why: str
) -> int | None:
    """Add them to what stands there now; returns the version, for `faq undo --import`."""
    async with writing(config, base_name) as contents:
        statements: list[Statement] = []
        for entry_id, texts in agreed.items():
            row = await contents.get(base_name, entry_id)
            if row is None or row.removed:
                continue
            [entry] = entries_of([row])
            similar = tuple(dict.fromkeys((*entry.similar, *texts)))
            body = body_of(msgspec.structs.replace(entry, similar=similar, source=""))
            statements += contents.put(
                *(base_name, entry_id, body),
                by=by,
                why=why,
                now=time.time(),
                expected_version=row.version,
            )
        return await contents.commit(statements)


def _show(entry: FaqEntry, results: Sequence[Tried], out: TextIO) -> None:
    print(f"\n[{entry.id}] {entry.question}", file=out)
    for one in results:
        if one.unfit is None:
            print(f"  + {one.text}", file=out)
        else:
            why = _WHY_NOT[one.unfit].format(rival=one.rival or "别的")
            print(f"  – {one.text}（不用：{why}）", file=out)


def _said_yes(out: TextIO) -> bool:
    if not sys.stdin.isatty():
        return False
    print("写入标 + 的这些吗？[y/N] ", end="", file=out, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")


def _midnight(config: Config) -> float:
    now = datetime.now(ZoneInfo(config.timezone))
    return now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
