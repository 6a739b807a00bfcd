"""Which entries do files hold, and is every fault told with its place?"""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import EntryProblem, FaqEntry, load_entries


def load(tmp_path: Path, text: str, name: str = "a.yaml") -> tuple[list[FaqEntry], list[str]]:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    entries, problems = load_entries([file])
    return entries, [f"{p.place}: found {p.found}, expected {p.expected}" for p in problems]


def test_an_entry_is_read_with_all_its_keys(tmp_path: Path) -> None:
    entries, problems = load(
        tmp_path,
        "- id: a\n  question: 多久发货\n  similar: [几天发]\n  answer: 两天内。\n  category: 物流\n"
        "  tags: [发货]\n  valid_from: 2026-01-01\n  valid_until: 2026-12-31\n  menu: [a]\n"
        "  audience: [wk1]\n  featured: true\n",
    )
    assert problems == []
    assert entries == [
        FaqEntry(
            id="a",
            question="多久发货",
            similar=("几天发",),
            answer="两天内。",
            category="物流",
            tags=("发货",),
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            menu=("a",),
            audience=("wk1",),
            featured=True,
            source=str(tmp_path / "a.yaml"),
        )
    ]


def test_plain_yaml_words_stay_text(tmp_path: Path) -> None:
    entries, _ = load(tmp_path, "- {id: 007, question: yes, answer: 3.10}\n")
    assert (entries[0].id, entries[0].question, entries[0].answer) == ("007", "yes", "3.10")


def test_json_lines_are_read(tmp_path: Path) -> None:
    line = json.dumps({"id": "a", "question": "问", "answer": "答", "featured": True, "menu": []})
    entries, problems = load(tmp_path, f"\ufeff{line}\n\n", "a.jsonl")
    assert problems == []
    assert entries[0].featured


GOOD = "- {id: a, question: 问, answer: 答}\n"


@pytest.mark.parametrize(
    ("text", "kept", "problem"),
    [
        ("- {question: 问, answer: 答}", 0, "line 1: found no id, expected id: text"),
        ("- {id: a, question: 问}", 0, "line 1, id a: found no answer, expected answer: text"),
        ("- {id: a, question: 问, answer: ' '}", 0, "answer: nothing, expected text"),
        ("- {id: a, question: [问], answer: 答}", 0, "question: a list, expected text"),
        ("- {id: a b, question: 问, answer: 答}", 0, "expected at most 48 bytes"),
        (f"- {{id: a, question: 问, answer: {'长' * 683}}}", 0, "2049 bytes, expected at"),
        ("- {id: a, question: 问, answer: 答, valid_from: 2026-13-01}", 0, "a day like"),
        ("- {id: a, question: 问, answer: 答, valid_from: 2026-02-01, valid_until: 2026-01-01}", 0,
         "expected from before until"),
        ("- {id: a, question: 问, answer: 答, featured: 是}", 0, "expected true or false"),
        ("- {id: a, question: 问, answer: 答, similar: 问问}", 0, "similar: text, expected a"),
        ("- {id: a, question: 问, answer: 答, similar: [[x]]}", 0, "similar: a list, expected t"),
        ("- {id: a, question: 问, answer: 答, audience: {x: y}}", 0, "keys and values, expected"),
        ("- {id: a, question: 问, answer: 答, anwser: 答}", 1, "unknown key anwser, expected"),
        ("- {id: a, question: 问, answer: 答, menu: [b]}", 1, "menu: unknown id b, expected ids"),
        ("- {id: a, question: 问, question: 问2, answer: 答}", 1, "question twice, expected each"),
        (GOOD + GOOD, 1, "line 2, id a: found duplicate id a, expected an id of its own (first"),
        (GOOD + "- 只有一句话", 1, "line 2: found text, expected keys and values"),
        ("a: b", 0, "line 1: found keys and values, expected a list of entries"),
        ("", 0, "found nothing, expected a list of entries"),
        ("- [", 0, "expected YAML"),
        ("- {id: !!binary a, question: 问, answer: 答, x: &x [*x]}", 1, "unknown key x"),
    ],
)  # fmt: skip
def test_a_fault_is_told_and_never_raised(
    tmp_path: Path, text: str, kept: int, problem: str
) -> None:
    entries, problems = load(tmp_path, text)
    assert len(entries) == kept
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize("line", ["[]", "{", '{"id": 1, "question": "问", "answer": "答"}', "nul"])
def test_a_bad_json_line_costs_only_itself(tmp_path: Path, line: str) -> None:
    good = '{"id": "a", "question": "问", "answer": "答"}'
    entries, problems = load(tmp_path, f"{line}\n{good}\n", "a.jsonl")
    assert [entry.id for entry in entries] == ["a"]
    assert len(problems) == 1
    assert problems[0].startswith("line 1")


def test_half_a_surrogate_pair_is_refused(tmp_path: Path) -> None:
    line = '{"id": "a", "question": "\\ud83d", "answer": "答"}'
    assert "UTF-8" in load(tmp_path, line, "a.jsonl")[1][0]


def test_folders_are_read_in_order_and_ids_are_unique_across_files(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("- {id: b, question: 问, answer: 答, menu: [a]}")
    (tmp_path / "a.jsonl").write_text('{"id": "a", "question": "q", "answer": "x"}')
    (tmp_path / "c.yml").write_text("- {id: a, question: 问, answer: 答}")
    (tmp_path / "notes.txt").write_text("not knowledge")
    entries, problems = load_entries([tmp_path])
    assert [entry.id for entry in entries] == ["a", "b"]
    assert [(problem.file, problem.found) for problem in problems] == [
        (str(tmp_path / "c.yml"), "duplicate id a")
    ]


def test_sources_that_cannot_be_read_are_problems(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    (tmp_path / "gbk.yaml").write_bytes("问".encode("gbk"))
    (tmp_path / "empty").mkdir()
    _, problems = load_entries([tmp_path / n for n in ("none.yaml", "a.xlsx", "gbk.yaml", "empty")])
    assert [Path(problem.file).name for problem in problems] == [
        "none.yaml", "a.xlsx", "gbk.yaml", "empty",
    ]  # fmt: skip


def test_a_problem_reads_as_a_sentence() -> None:
    problem = EntryProblem("faq/a.yaml", "line 3", "nothing", "text")
    assert str(problem) == "faq/a.yaml: line 3: found nothing, expected text"


@given(st.text(max_size=200))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    for name in ("x.yaml", "x.jsonl"):
        file = tmp_path_factory.getbasetemp() / name
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        load_entries([file])
