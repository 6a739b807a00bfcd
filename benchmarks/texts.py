"""Which questions are asked under load, and which answers are right?

A made-up shop of `PRODUCTS` × `TOPICS` entries. The right answer of every question is known because
each was made from its entry; every answer carries a code that no other one has.
"""

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from knowledge.fold import exact_key, fold

PRODUCTS = (
    *("云柔四件套", "青禾蚕丝被", "暖阳羽绒服", "沐风电风扇", "松果养生壶", "小鹿儿童床"),
    *("星河投影仪", "竹语凉席", "白鹭洗衣液", "海盐牙膏", "麦香早餐机", "雪松空气净化器"),
    *("山茶护手霜", "墨染书包", "晨露保温杯", "琥珀台灯", "远航行李箱", "蓝鲸泳镜"),
    *("橘猫猫砂盆", "飞鱼跳绳", "银杏砧板", "紫藤瑜伽垫", "金穗电饭煲", "流萤露营灯"),
)
TOPICS = {
    "clean": "怎么清洗",
    "warranty": "保修多久",
    "colour": "有哪些颜色",
    "size": "尺寸是多大",
    "material": "是什么材质的",
    "gift": "送什么赠品",
    "invoice": "能开专用发票吗",
    "weight": "有多重",
    "origin": "是哪里产的",
    "deliver": "送货上门吗",
    "store": "平时怎么存放",
    "trial": "可以试用几天",
}
# As long as what customers write: 12 characters on average, 9 in shop-queries.jsonl.
_OPENINGS = ("", "你家", "店里", "那个", "新款", "我的", "上次的", "同事买的", "直播间的")
_MIDDLES = ("{}{}", "{}到底{}", "{}一般{}", "{}现在{}")


class Question(NamedTuple):
    """What a customer writes, and the code that only the right answer carries."""

    text: str
    answer: str


def exact(count: int) -> list[Question]:
    """Questions as they stand in the knowledge base; the same come again after all were asked."""
    return list(itertools.islice(itertools.cycle(_entries()), count))


def paraphrased(count: int, seed: int = 0) -> list[Question]:
    """Texts that differ from each other and from every entry: each needs an embedding."""
    every = list(_rephrased())
    random.Random(seed).shuffle(every)
    assert count <= len(every), f"only {len(every)} different texts"
    return every[:count]


def write_faq(file: Path) -> None:
    """The knowledge base that these questions are about."""
    rows = [
        {
            "id": f"bench-{number:03d}",
            "question": question.text,
            "answer": f"{question.text}：详见说明书（{question.answer}）。",
            "category": "商品",
        }
        for number, question in enumerate(_entries())
    ]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")


def _entries() -> list[Question]:
    pairs = itertools.product(PRODUCTS, TOPICS.values())
    return [
        Question(f"{product}{topic}", f"编号 A{number:04d}")
        for number, (product, topic) in enumerate(pairs)
    ]


def _rephrased() -> Iterator[Question]:
    """None counts as the same text as another one or as an entry, polite words aside."""
    seen = {exact_key(fold(entry.text)) for entry in _entries()}
    names = itertools.product(PRODUCTS, TOPICS.values())
    for (product, topic), entry in zip(names, _entries(), strict=True):
        for opening, middle in itertools.product(_OPENINGS, _MIDDLES):
            text = opening + middle.format(product, topic)
            if (key := exact_key(fold(text))) not in seen:
                seen.add(key)
                yield Question(text, entry.answer)


def vague() -> list[str]:
    """Texts that several entries fit about as well: what a model is asked to decide."""
    return [
        f"{product}{tail}" for tail in ("怎么样", "好不好", "有什么特点") for product in PRODUCTS
    ]
