"""How many customers are known, and how often are tags right? People judge a random sample."""

import csv
import io
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from bot.app.tag_sample import HEADER, write_sample
from bot.commands.consent import operator
from bot.commands.customers import note, opened
from bot.config import DIMENSIONS, Config
from bot.errors import Misconfigured
from bot.measuring.statistics import Share, share_of
from bot.store import Coverage, Sampled, TagFigures

COVERAGE_GOAL, ACCURACY_GOAL = 0.90, 0.95

_SAID = {
    **dict.fromkeys(("对", "是", "正确", "right", "1", "y"), "right"),
    **dict.fromkeys(("错", "否", "不对", "wrong", "0", "n"), "wrong"),
    **dict.fromkeys(("说不清", "不确定", "unsure", "?", "？"), "unsure"),
}


async def coverage(
    config: Config, out: TextIO, *, as_json: bool = False, now: float | None = None
) -> int:
    """Print how many people have a tag in each dimension, and in all of them (R-4.7)."""
    at = time.time() if now is None else now
    async with opened(config) as store:
        found = await TagFigures(store.database, config.tagging).coverage(at)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode(), file=out)
    else:
        _print_coverage(found, config, out)
    return 0


async def draw(
    config: Config,
    size: int,
    out: TextIO,
    *,
    seed: int | None = None,
    to: Path | None = None,
    reveal: bool = False,
    now: float | None = None,
) -> int:
    """Write a random sample of what rules decided to a file that people fill in.

    Raises:
        Misconfigured: the file exists, or that is no number of assignments.
    """
    if size < 1:
        raise Misconfigured("--sample 至少是 1")
    at, audit = time.time() if now is None else now, f"ta_{secrets.token_hex(4)}"
    seed = secrets.randbelow(2**31) if seed is None else seed
    path = to or Path(f"tags-audit-{audit}.csv")
    if path.exists():
        raise Misconfigured(f"{path} 已经有了；用 --out 另写一个")
    async with opened(config) as store:
        figures = TagFigures(store.database, config.tagging)
        items = await figures.draw(audit, size, seed, by=operator(), now=at)
        if not items:
            print("规则还没有打过标签，没有可抽的。", file=out)
            return 0
        texts = [await store.timeline.text_of(one.external_userid, one.msgid) for one in items]
        write_sample(path, audit, items, texts, reveal=reveal)
        await store.exports.note(
            "tags.audit",
            path,
            {one.external_userid for one in items},
            lines=len(items),
            by=operator(),
            at=at,
        )
        result = f"{len(items)} revealed" if reveal else str(len(items))
        await note(store, "tags.audit", audit, at, why=f"seed {seed}", result=result)
    print(f"{audit}：抽了 {len(items)} 个（种子 {seed}），写到 {path}。", file=out)
    print(f"在“判断”一列填 对、错 或 说不清，再运行 concierge tags audit --read {path}", file=out)
    return 0


async def read(config: Config, path: Path, out: TextIO, *, now: float | None = None) -> int:
    """Take what people said about a sample, and report how often tags are right.

    Raises:
        Misconfigured: the file is not one of `draw`, or a judgement cannot be understood.
    """
    at = time.time() if now is None else now
    rows = list(_rows(path))
    audits = {row["批次"] for row in rows}
    if len(audits) != 1:
        raise Misconfigured(f"{path}：应当是一个批次的文件，里面有 {len(audits)} 个")
    audit = audits.pop()
    async with opened(config) as store:
        figures = TagFigures(store.database, config.tagging)
        items = {one.n: one for one in await figures.judged(audit)}
        if not items:
            raise Misconfigured(f"{path}：没有抽过批次 {audit}")
        await figures.judge(audit, list(_verdicts(path, rows, items)), at)
        then, judged = await figures.coverage_then(audit), await figures.judged(audit)
        await note(store, "tags.judged", audit, at)
    if then is not None:
        _print_coverage(then, config, out)
    _print_accuracy(judged, config.measuring.minimum_cases, out)
    return 0


# ---------------------------------------------------------------------- the file


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_bytes().decode("gb18030", "replace")  # as spreadsheets save it
    except OSError as error:
        raise Misconfigured(f"{path} 打不开：{error}") from error
    reader = csv.DictReader(io.StringIO(text))
    if missing := [name for name in HEADER[:7] if name not in (reader.fieldnames or ())]:
        raise Misconfigured(f"{path} 缺列：{'、'.join(missing)}")
    yield from reader


def _verdicts(
    path: Path, rows: Sequence[dict[str, str]], items: dict[int, Sampled]
) -> Iterator[tuple[int, str]]:
    for line, row in enumerate(rows, 2):
        number, said = row["序号"].strip(), (row["判断"] or "").strip().lower()
        n = int(number) if number.isascii() and number.isdigit() else 0
        if n not in items or items[n].name != row["标签"].strip():
            raise Misconfigured(f"{path} 第 {line} 行：序号和标签对不上抽样时的")
        if said and said not in _SAID:
            raise Misconfigured(f"{path} 第 {line} 行：判断 {said!r} 应是 对、错 或 说不清")
        if said:
            yield n, _SAID[said]


# ---------------------------------------------------------------------- figures


def _print_coverage(found: Coverage, config: Config, out: TextIO) -> None:
    minimum = config.measuring.minimum_cases
    share = share_of(found.covered, found.people)
    print(f"覆盖  {_told(share, COVERAGE_GOAL, minimum)}", file=out)
    for dimension in DIMENSIONS:
        one = share_of(found.dimensions.get(dimension, 0), found.people)
        print(f"  {dimension}  {one.count} / {one.of}", file=out)
    print(f"  同意过打标签的 {found.agreed} / {found.people}：没有同意的不打", file=out)
    used = {group.dimension for group in config.tagging.groups}
    for dimension in DIMENSIONS:
        if dimension not in used:
            print(f"  {dimension}：tagging.groups 里没有一组属于它", file=out)


def _print_accuracy(judged: Sequence[Sampled], minimum: int, out: TextIO) -> None:
    right = [one for one in judged if one.verdict == "right"]
    wrong = [one for one in judged if one.verdict == "wrong"]
    share = share_of(len(right), len(right) + len(wrong))
    print(f"准确  {_told(share, ACCURACY_GOAL, minimum)}", file=out)
    unsure = sum(one.verdict == "unsure" for one in judged)
    print(f"  抽 {len(judged)}，判断 {share.of}，说不清 {unsure}", file=out)
    by_rule: dict[str, list[int]] = {}
    for one in (*right, *wrong):
        counts = by_rule.setdefault(one.rule or one.source, [0, 0])
        counts[one.verdict == "wrong"] += 1
    for rule, (good, bad) in sorted(by_rule.items(), key=lambda item: -item[1][1]):
        if bad:
            print(f"  错 {bad} / {good + bad}  {rule}", file=out)


def _told(share: Share, goal: float, minimum: int) -> str:
    if share.share is None or share.of < minimum:
        return f"{share.count} / {share.of}：样本不足（至少 {minimum}），目标 {goal:.0%}"
    assert share.low is not None
    assert share.high is not None
    verdict = "达到" if share.low >= goal else "没有达到" if share.high < goal else "还说不准"
    interval = f"95% 区间 {share.low:.1%}–{share.high:.1%}"
    return (
        f"{share.count} / {share.of} = {share.share:.1%}（{interval}），目标 {goal:.0%}：{verdict}"
    )
