"""What is asked in a crash test, and what is the one right answer to each text?"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_GOODS = (
    *("青瓷茶杯", "羊毛围巾", "蓝牙音箱", "保温饭盒", "折叠雨伞"),
    *("竹编果篮", "儿童书包", "电动牙刷", "真丝枕套", "登山水壶"),
)
_TOPICS = {
    "售价": ("{}卖多少钱", "{}是什么价格", "买一个{}要花多少", "{}贵不贵"),
    "质保": ("{}的质保期多长", "{}坏了给修吗", "{}的售后保障怎么算", "{}用坏了怎么办"),
    "清洁": ("{}怎么清洗", "{}脏了如何打理", "{}可以水洗吗", "{}平时怎样保养"),
    "重量": ("{}有多重", "一个{}是几斤", "{}的净重是多少克", "{}拿着沉不沉"),
    "颜色": ("{}有哪些颜色", "{}有没有黑色的", "{}都出了什么配色", "{}能选别的色吗"),
}
_PHRASINGS = 4

MOST = len(_GOODS) * len(_TOPICS) * _PHRASINGS
"""Distinct texts there are."""


@dataclass(frozen=True, slots=True)
class Question:
    """A text of one customer; its answer contains `mark`, and no other answer does."""

    customer: str
    text: str
    mark: str


def write_knowledge(path: Path) -> None:
    """Write the FAQ file; every text of `questions` is a phrasing of exactly one entry."""
    entries = [
        {
            "id": f"crash-{number:03}",
            "question": texts[0],
            "similar": texts[1:],
            "answer": f"{goods}的{topic}请看商品页，编号 {_mark(number)}。",
            "category": "商品",
        }
        for number, (goods, topic, texts) in enumerate(_entries())
    ]
    path.write_text(json.dumps(entries, ensure_ascii=False))  # JSON is YAML


def questions(count: int, seed: int, *, customers: int) -> list[Question]:
    """Distinct texts in an order that the seed decides; nobody asks for one entry twice."""
    texts = [
        (text, _mark(number)) for number, (*_, texts) in enumerate(_entries()) for text in texts
    ]
    assert count <= len(texts)
    assert customers >= _PHRASINGS
    asked = [
        Question(f"wm_crash_customer_{index % customers:04}", text, mark)
        for index, (text, mark) in enumerate(texts[:count])
    ]
    random.Random(seed).shuffle(asked)
    return asked


def expected(asked: Sequence[Question]) -> dict[str, str]:
    """Text → mark of the right answer, as `simulator.judge` wants it."""
    return {question.text: question.mark for question in asked}


def _entries() -> list[tuple[str, str, list[str]]]:
    return [
        (goods, topic, [phrase.format(goods) for phrase in phrases])
        for goods in _GOODS
        for topic, phrases in _TOPICS.items()
    ]


def _mark(number: int) -> str:
    return f"K{number:03}号"
