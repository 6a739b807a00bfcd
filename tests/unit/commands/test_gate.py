"""Does fitting a gate say what it did, whatever the questions are, and is the file whole?"""

import json

from knowledge.gate import read_gate
from tests.unit.commands.conftest import Shop

WORDS = ["退货", "发货", "运费", "发票", "积分", "会员", "尺码", "保修", "门店", "快递"]


def labelled(shop: Shop, count: int) -> None:
    """A shop of ten questions, and so many labelled ones, a third of which nothing answers."""
    entries = [f"- {{id: e{i}, question: {w}怎么办, answer: 好的。}}" for i, w in enumerate(WORDS)]
    shop.write("faq/ship.yaml", "\n".join(entries))
    lines = []
    for at in range(count):
        known = at % 3 > 0
        query = f"{WORDS[at % 10]}第{at}次要咋办" if known else f"第{at}次怎么去月球"
        faq_id = f"e{at % 10}" if known else None
        line = {"query": query, "faq_id": faq_id, "type": "in" if known else "oos"}
        lines.append(json.dumps(line, ensure_ascii=False))
    shop.write("asked.jsonl", "\n".join(lines))


def test_a_gate_is_fitted_and_told(shop: Shop) -> None:
    labelled(shop, 90)
    assert shop.run("gate", "train", "--queries", shop.folder / "asked.jsonl") == 0
    assert "重启服务后生效" in shop.said
    gate = read_gate(shop.folder / "data" / "gate.json")
    assert gate.fitted_on > 40
    assert shop.run("gate", "report", "--queries", shop.folder / "asked.jsonl") == 0


def test_too_few_questions_leave_the_gate_as_it_is(shop: Shop) -> None:
    labelled(shop, 20)
    assert shop.run("gate", "train", "--queries", shop.folder / "asked.jsonl") != 0
    assert not (shop.folder / "data" / "gate.json").exists()
