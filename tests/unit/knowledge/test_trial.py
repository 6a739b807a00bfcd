"""What does the product do with questions whose right entry is known?"""

import json
from pathlib import Path

import pytest

from knowledge import Decision, Retriever
from knowledge.evaluate import Labelled
from knowledge.trial import BadSetError, predict, read_entries, read_queries, read_set, sets_in
from tests.unit.knowledge.conftest import TODAY, an_entry

ENTRIES = [
    an_entry("fee", "运费多少钱", "满 99 元包邮。"),
    an_entry("time", "多久发货", "48 小时内。"),
    an_entry("track", "怎么查物流", "在订单里看。"),
    an_entry("back", "怎么退货", "在订单里申请退货。"),
]


def written(folder: Path, name: str, *rows: object) -> Path:
    file = folder / name
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    file.write_text("\n".join(lines), "utf-8")
    return file


def problems_of(file: Path) -> list[str]:
    with pytest.raises(BadSetError) as raised:
        read_queries(file, {"fee"})
    return [f"{one.place}: {one.found}" for one in raised.value.problems]


async def test_the_decision_is_what_a_customer_would_meet_with() -> None:
    base = Retriever(ENTRIES)
    texts = ["运费多少钱？", "查物流怎么查", "今天天气好"]
    labels = [Labelled(query=text, faq_id=None, qid=text) for text in texts]
    run = await predict(base, labels, TODAY)
    for label, one in zip(labels, run.predictions, strict=True):
        verdict = await base.ask(label.query, TODAY)
        assert one.decision is verdict.decision
        assert list(one.ids[: len(verdict.matches)]) == [m.entry.id for m in verdict.matches]
    assert len(run.seconds) == 3


async def test_what_is_asked_word_for_word_stands_first_and_is_certain() -> None:
    base = Retriever([*ENTRIES, an_entry("a", "运费"), an_entry("b", "运费呢啊运费呢")])
    ranked = await base.search("运费呢", TODAY)
    assert ranked[0].entry.id == "b"
    run = await predict(base, [Labelled(query="运费呢", faq_id="a", qid="1")], TODAY)
    (one,) = run.predictions
    assert (one.ids[:2], one.p[0], one.decision) == (("a", "b"), 1.0, Decision.ANSWER)
    assert len(set(one.ids)) == len(one.ids) == len(one.p)
    assert list(one.p) == sorted(one.p, reverse=True)


def test_a_set_is_read_with_and_without_answers(tmp_path: Path) -> None:
    written(
        tmp_path, "faq.jsonl", {"id": "a", "question": "问", "similar": ["问一问"], "answer": ""}
    )
    written(
        tmp_path, "queries.jsonl", {"query": "问", "faq_id": "a"}, {"query": "啊", "faq_id": None}
    )
    entries, labels = read_set(tmp_path)
    assert entries[0].questions == ("问", "问一问")
    assert [(one.qid, one.kind) for one in labels] == [("1", "in"), ("2", "oos")]
    assert sets_in([tmp_path]) == [tmp_path]
    assert tmp_path in sets_in([tmp_path.parent])


def test_faults_are_told_all_at_once_with_their_lines(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "q.jsonl",
        '{"query": "好", "faq_id": "fee"',
        {"query": "好", "faq_id": "fe"},
        {"query": "好", "faq_id": None, "type": "in"},
        {"query": "好", "faq_id": "fee", "type": "oos_near"},
        {"query": "好", "faq_id": "fee", "qid": "same"},
        {"query": "好", "faq_id": "fee", "qid": "same"},
    )
    found = problems_of(file)
    assert [one.split(":")[0] for one in found] == [*(f"第 {n} 行" for n in (1, 2, 3, 4)), ""]
    assert "same 重复" in found[-1]


def test_files_that_hold_nothing_are_refused(tmp_path: Path) -> None:
    empty = written(tmp_path, "empty.jsonl")
    assert problems_of(empty) == [": 是空的"]
    for file in (empty, tmp_path / "missing.jsonl", tmp_path / "missing"):
        with pytest.raises(BadSetError):
            read_entries(file)


def test_an_id_stands_for_one_entry(tmp_path: Path) -> None:
    row = {"id": "a", "question": "问", "answer": "答"}
    with pytest.raises(BadSetError, match="a 重复"):
        read_entries(written(tmp_path, "faq.jsonl", row, row))
