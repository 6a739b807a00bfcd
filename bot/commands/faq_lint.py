"""What should an operator mend in the knowledge, and do its links still lead anywhere?"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

import aiohttp
import msgspec

from bot.app import build_lexicon, build_words, entries_of, preview
from bot.commands.faq_edit import known_base
from bot.config import Config
from bot.policy.lexicon import Decision, Lexicon
from knowledge import FaqEntry
from knowledge.lint import Finding, Level, Watch, Watched, links, lint

_LEVELS: Mapping[Level, str] = {"error": "错误", "warning": "注意", "hint": "提示"}
_AT_ONCE, _WITHIN_S, _MOST_LINKS = 8, 5.0, 500
_ALIVE = frozenset({401, 403, 405, 429})  # somebody is there and will not talk to us
_IDS_SHOWN = 8


async def lint_entries(
    config: Config,
    base: str,
    out: TextIO,
    *,
    online: bool = False,
    as_json: bool = False,
) -> int:
    """Print what to mend.

    Returns:
        The exit code: 1 when there is an error.
    """
    known_base(config, base)
    async with preview(config) as contents:
        entries = entries_of(await contents.entries(base))
    watch = watch_of(build_lexicon(config))
    today = datetime.now(ZoneInfo(config.timezone)).date()
    findings = await asyncio.to_thread(
        lambda: list(lint(entries, watch, today=today, fold=build_words().fold))
    )
    if online:
        findings += await dead_links(entries)
    findings.sort(key=lambda finding: list(_LEVELS).index(finding.level))
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(findings)).decode(), file=out)
    else:
        _show(findings, len(entries), out)
    return 1 if any(finding.level == "error" for finding in findings) else 0


def _show(findings: Sequence[Finding], count: int, out: TextIO) -> None:
    for level, name in _LEVELS.items():
        those = [finding for finding in findings if finding.level == level]
        if those:
            print(f"{name}：{len(those)} 处", file=out)
        for finding in those:
            more = "……" if len(finding.ids) > _IDS_SHOWN else ""
            print(f"  · [{'、'.join(finding.ids[:_IDS_SHOWN])}{more}] {finding.text}", file=out)
    print(
        f"共 {count} 条，{len(findings)} 处可改。" if findings else f"✓ {count} 条都没有问题",
        file=out,
    )


def watch_of(lexicon: Lexicon) -> Watch:
    """Finds what the lexicon finds; what is not said at all is an error."""

    def watch(text: str) -> Iterator[Watched]:
        for one in lexicon.check(text).found:
            level: Level = "error" if one.decision is Decision.BLOCK else "warning"
            yield Watched(one.kind, level, one.text)

    return watch


async def dead_links(entries: Sequence[FaqEntry]) -> list[Finding]:
    """Ask every address once, eight at a time."""
    users: dict[str, list[str]] = {}
    for entry in entries:
        for url in links(entry):
            users.setdefault(url, []).append(entry.id)
    gate = asyncio.Semaphore(_AT_ONCE)
    timeout = aiohttp.ClientTimeout(total=_WITHIN_S)
    asked = list(users)[:_MOST_LINKS]
    async with aiohttp.ClientSession(timeout=timeout) as session:

        async def look(url: str) -> Finding | None:
            async with gate:
                level, said = await _ask(session, url)
            return Finding(level, "link", tuple(users[url]), f"{url}：{said}") if said else None

        found = await asyncio.gather(*map(look, asked))
    findings = [finding for finding in found if finding]
    if len(users) > len(asked):
        said = f"网址超过 {_MOST_LINKS} 个，后面的没有查"
        findings.append(Finding("hint", "link", (), said))
    return findings


async def _ask(session: aiohttp.ClientSession, url: str) -> tuple[Level, str]:
    """What is wrong with an address, or an empty text; some servers answer GET alone."""
    status = 0
    try:
        for method in ("HEAD", "GET"):
            async with session.request(method, url, allow_redirects=True) as response:
                status = response.status
            if status < 400:
                return "hint", ""
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return "warning", f"打不开（{type(error).__name__}）"
    return ("hint", "") if status in _ALIVE else ("error", f"打不开（HTTP {status}）")
