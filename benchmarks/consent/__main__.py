"""How well is told what customers want done with their own data? Beside a plain list of words.

python -m benchmarks.consent            precision and recall of each wish
python -m benchmarks.consent --wrong    and every message that was judged wrongly
"""

import argparse
import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmarks.escalation.deciding import Prepared
from bot.app.consent_words import build_understanding, build_wishes
from bot.config import Consent
from bot.measuring.statistics import share_of
from handlers.consent.rules import Wish
from handlers.consent.understanding import Understanding
from knowledge.embeddings import OfflineEmbedder

SPLITS = ("dev", "held_out", "fresh", "fresh_2", "fresh_3")
SET = Path(__file__).with_name("phrasings.yaml")
NAIVE: dict[Wish, tuple[str, ...]] = {
    Wish.STOP: ("退订", "td", "别发", "不要发", "别再发", "不要再发", "推送", "广告"),
    Wish.UNTAG: ("标签", "画像", "个性化"),
    Wish.ERASE: ("删除", "删掉", "删了", "清空", "注销"),
    Wish.EXPORT: ("导出", "下载", "我的信息", "我的个人信息"),
    Wish.CORRECT: ("更正", "修改", "错了", "有误"),
    Wish.EXPLAIN: ("为什么给我", "凭什么", "哪些标签"),
    Wish.AGREE_ADS: ("同意接收", "恢复推送", "重新订阅"),
    Wish.AGREE_TAGS: ("同意打标签", "可以给我打标签"),
}

Judge = Callable[[str], set[Wish]]


@dataclass
class Score:
    """What was found rightly, falsely, and not at all."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    wrong: list[str] = field(default_factory=list)


def read_set(split: str) -> list[tuple[str, set[Wish]]]:
    """Messages of a split, each with what it wants."""
    given = yaml.safe_load(SET.read_text("utf-8"))[split]
    return [
        (text, set() if label == "none" else {Wish(one) for one in label.split("+")})
        for label, texts in given.items()
        for text in texts
    ]


def naive(text: str) -> set[Wish]:
    """What a list of words finds."""
    low = text.lower()
    return {wish for wish, words in NAIVE.items() if any(word in low for word in words)}


def worded(text: str) -> set[Wish]:
    """What the words of the product find, which is all without an encoder."""
    return set(build_wishes().of(text))


def told(texts: list[str], folder: Path) -> dict[str, set[Wish]] | None:
    """What words and meaning find; ``None`` without an encoder."""
    encoder = OfflineEmbedder.open(folder=folder)
    if encoder is None:
        return None
    understanding = build_understanding(Consent(), Prepared(encoder, folder, texts))
    found = asyncio.run(_understood(understanding, texts, folder))
    encoder.close()
    return found


async def _understood(
    understanding: Understanding, texts: list[str], folder: Path
) -> dict[str, set[Wish]]:
    await understanding.meaning.learn(folder)
    return {text: set(await understanding.of(text)) for text in texts}


def measure(judge: Judge, split: str) -> dict[str, Score]:
    """Scores of each wish, and of all together."""
    scores = {name: Score() for name in (*Wish, "all")}
    for text, wanted in read_set(split):
        found = judge(text)
        for wish in Wish:
            for score in (scores[wish], scores["all"]):
                score.hit += wish in found & wanted
                score.false += wish in found - wanted
                score.missed += wish in wanted - found
        if found != wanted:
            scores["all"].wrong.append(f"{text}  wanted {_names(wanted)}, found {_names(found)}")
    return scores


def _names(wishes: set[Wish]) -> str:
    return "+".join(sorted(wishes)) or "none"


def _share(n: int, of: int) -> str:
    if not of:
        return "–"
    share = share_of(n, of)
    return f"{share.share:.3f} ({share.low:.2f}–{share.high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consent")
    parser.add_argument("--wrong", action="store_true", help="list what was judged wrongly")
    parser.add_argument("--vectors", type=Path, default=Path("var/benchmarks"), help="a folder")
    arguments = parser.parse_args()
    texts = [text for split in SPLITS for text, _ in read_set(split)]
    judges: dict[str, Judge] = {"plain words": naive, "words": worded}
    if found := told(texts, arguments.vectors):
        judges["words and meaning"] = found.__getitem__
    for split in SPLITS:
        for name, judge in judges.items():
            _print(split, name, measure(judge, split), wrong=arguments.wrong)


def _print(split: str, name: str, scores: dict[str, Score], *, wrong: bool) -> None:
    print(f"\n{split} ({len(read_set(split))} messages), {name}")
    print(f"{'':12}{'n':>4}  {'precision':20}{'recall':20}")
    for title, one in scores.items():
        n = one.hit + one.missed
        precision = _share(one.hit, one.hit + one.false)
        print(f"{title:12}{n:4}  {precision:20}{_share(one.hit, n):20}")
    for line in scores["all"].wrong if wrong else ():
        print(f"    {line}")


if __name__ == "__main__":
    main()
