"""Does `concierge faq eval` judge a set, or this deployment, from the command line?"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.cli import main

FAQ = [
    {"id": "fee", "question": "运费多少钱", "answer": "满 99 元包邮。", "category": "物流"},
    {"id": "time", "question": "多久发货", "answer": "48 小时内。", "category": "物流"},
]
QUERIES = [
    {"qid": "q1", "query": "运费多少钱？", "faq_id": "fee", "type": "in"},
    {"qid": "q2", "query": "多久能发货", "faq_id": "time", "type": "in"},
    {"qid": "q3", "query": "今天天气怎么样", "faq_id": None, "type": "oos_far"},
]


def written(file: Path, rows: Sequence[object]) -> str:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return str(file)


@pytest.fixture
def config(tmp_path: Path) -> str:
    written(tmp_path / "own.jsonl", FAQ)
    file = tmp_path / "config.yaml"
    file.write_text("embeddings: {provider: none}\nknowledge: {sources: [own.jsonl]}\n", "utf-8")
    return str(file)


def test_it_prints_figures_and_writes_a_line_a_question(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faq = written(tmp_path / "faq.jsonl", FAQ)
    queries = written(tmp_path / "queries.jsonl", QUERIES)
    out = tmp_path / "made" / "predictions.jsonl"
    arguments = ["--faq", faq, "--queries", queries, "--json", "--predictions", str(out)]
    assert main(["-c", config, "faq", "eval", *arguments]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["entries"], report["queries"], report["in_scope"]) == (2, 3, 2)
    assert report["recall_at_1"] == 1
    assert report["latency_ms"]["p95"] >= report["latency_ms"]["p50"] > 0
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [line["qid"] for line in lines] == ["q1", "q2", "q3"]
    assert lines[0] == {
        "qid": "q1",
        "decision": "answer",
        "ids": ["fee", "time"],
        "p": [1.0, lines[0]["p"][1]],
    }
    assert set(lines[1]) == {"qid", "decision", "ids", "p"}


def test_without_a_set_it_judges_the_knowledge_of_this_deployment(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queries = written(tmp_path / "queries.jsonl", QUERIES)
    assert main(["-c", config, "faq", "eval", "--queries", queries]) == 0
    told = capsys.readouterr().out
    assert "2 条知识（只按字词），3 个问题：2 个有答案，1 个没有" in told
    assert "物流：2 问" in told


def test_a_set_with_faults_is_refused_with_their_places(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queries = written(tmp_path / "queries.jsonl", [{"query": "运费", "faq_id": "gone"}])
    out = tmp_path / "predictions.jsonl"
    arguments = ["--queries", queries, "--predictions", str(out)]
    assert main(["-c", config, "faq", "eval", *arguments]) == 1
    told = capsys.readouterr().err
    assert "queries.jsonl: 第 1 行：没有 id gone；应为：已有条目的 id" in told
    assert not out.exists()
