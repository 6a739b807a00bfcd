"""What does the lexicon make of a text, which words does it hold, and how does a list come in?"""

import shutil
from collections import Counter
from pathlib import Path
from typing import TextIO

from bot.app import build_lexicon, lexicon_folder
from bot.app.lexicon import groups_in
from bot.commands.approve import DECISIONS
from bot.config import Config
from bot.errors import Misconfigured
from bot.policy.disguise import undisguised
from bot.policy.lexicon import Decision, Direction

DIRECTIONS = {
    Direction.OUT: "我们说的",
    Direction.IN: "客户说的",
    Direction.MODEL: "大模型写的",
    Direction.TAG: "标签名",
}


def explain(config: Config, text: str, direction: Direction, out: TextIO) -> int:
    """Print what is found, where, and what becomes of the text; 1 when it is not said."""
    lexicon = build_lexicon(config)
    verdict = lexicon.check(text, direction=direction)
    print(f"{DIRECTIONS[direction]}：{DECISIONS[verdict.decision]}", file=out)
    print(f"看作：{undisguised(text)}", file=out)
    for one in verdict.found:
        said = f"  {one.start}–{one.end} “{one.text}”：{one.kind}，{DECISIONS[one.decision]}"
        word = "" if one.word == one.text else f"，词表里是“{one.word}”"
        print(f"{said}{word}（{one.source}）", file=out)
    if verdict.text != text:
        print(f"换成：{verdict.text}", file=out)
    return 1 if verdict.decision in (Decision.REVIEW, Decision.BLOCK) else 0


def listed(config: Config, out: TextIO) -> int:
    """Print every list with its groups and how many words they have."""
    lexicon = build_lexicon(config)
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for group in lexicon.groups:
        where = "、".join(DIRECTIONS[one] for one in Direction if one in group.directions)
        counts[group.source, group.name, DECISIONS[group.decision], where] += len(group.words)
    for (source, name, decision, where), count in counts.items():
        print(f"{source:<20} {name}：{count} 个词，{decision}（{where}）", file=out)
    print(f"共 {sum(counts.values())} 个词", file=out)
    return 0


def take(config: Config, file: Path, out: TextIO) -> int:
    """Copy a list to those that hold in this deployment, if nothing is wrong with it.

    Raises:
        Misconfigured: it has problems, or there is no place to keep it.
    """
    groups, problems = groups_in(file, Decision(config.safety.list_decision))
    if problems:
        raise Misconfigured("\n".join([f"{file.name} 没有导入：", *(f"  · {p}" for p in problems)]))
    folder = lexicon_folder(config)
    if folder is None:
        raise Misconfigured("storage.url：没有放词表的地方")
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / file.name
    before = kept.read_bytes() if kept.exists() else None
    shutil.copyfile(file, kept)
    try:
        build_lexicon(config)
    except Misconfigured:
        kept.unlink() if before is None else kept.write_bytes(before)
        raise
    words = sum(len(group.words) for group in groups)
    print(f"{words} 个词，放在 {kept.name}；运行中的服务几秒内生效", file=out)
    return 0
