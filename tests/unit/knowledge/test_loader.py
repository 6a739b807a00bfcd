"""Which entries do files hold, and is every fault told with its place?"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import Attachment, Audience, EntryProblem, FaqEntry, load_entries


def load(tmp_path: Path, text: str, name: str = "a.yaml") -> tuple[list[FaqEntry], list[str]]:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    entries, problems = load_entries([file])
    return entries, [str(p).removeprefix(f"{file}: ") for p in problems]


def test_an_entry_is_read_with_all_its_keys(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    entries, problems = load(
        tmp_path,
        "- id: a\n  question: 多久发货\n  similar: [几天发]\n  answer: 两天内。\n  category: 物流\n"
        "  tags: [发货]\n  valid_from: 2026-01-01\n  valid_until: 2026-12-31\n  menu: [a]\n"
        "  audience: [wk1]\n  featured: true\n  variants: [48 小时内。]\n  channels: [store-1]\n"
        "  for_tags: [会员]\n  kind: passage\n  heading: 物流 › 时效\n  page: 3\n"
        "  written_by: people\n  approved: true\n  attachments:\n"
        "    - {kind: image, media: a.png}\n"
        "    - {kind: miniprogram, appid: wx1, pagepath: p.html, media: 'https://a.example/o.png'}\n",
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
            variants=("48 小时内。",),
            channels=("store-1",),
            for_tags=("会员",),
            kind="passage",
            heading="物流 › 时效",
            page=3,
            attachments=(
                Attachment(kind="image", media="a.png"),
                Attachment(
                    kind="miniprogram",
                    appid="wx1",
                    pagepath="p.html",
                    media="https://a.example/o.png",
                ),
            ),
            source=str(tmp_path / "a.yaml"),
        )
    ]


def test_plain_yaml_words_stay_text(tmp_path: Path) -> None:
    entries, _ = load(tmp_path, "- {id: 007, question: yes, answer: 3.10}\n")
    assert (entries[0].id, entries[0].question, entries[0].answer) == ("007", "yes", "3.10")


def test_what_a_model_wrote_waits_for_a_person(tmp_path: Path) -> None:
    text = "- {id: a, question: 问, answer: 答, written_by: model%s}\n"
    assert not load(tmp_path, text % "")[0][0].approved
    assert load(tmp_path, text % ", approved: true")[0][0].approved


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, True),
        ({"approved": False}, False),
        ({"channels": ("store-1",)}, True),
        ({"channels": ("store-2",)}, False),
        ({"for_tags": ("会员", "老客")}, True),
        ({"for_tags": ("老客",)}, False),
        ({"audience": ("wk1",), "channels": ("store-2",)}, False),
    ],
)
def test_an_entry_is_said_only_to_whom_it_is_meant_for(fields: dict[str, Any], said: bool) -> None:
    entry = FaqEntry(id="a", question="问", answer="答", **fields)
    asking = Audience(
        today=date(2026, 6, 1), open_kfid="wk1", channel="store-1", tags=frozenset({"会员"})
    )
    assert entry.is_for(asking) is said
    assert entry.is_for_everyone is (fields == {})


def test_json_lines_are_read(tmp_path: Path) -> None:
    line = json.dumps({"id": "a", "question": "问", "answer": "答", "featured": True, "menu": []})
    entries, problems = load(tmp_path, f"\ufeff{line}\n\n", "a.jsonl")
    assert problems == []
    assert entries[0].featured


GOOD = "- {id: a, question: 问, answer: 答}\n"
LINK = "{kind: link, title: 退换说明, url: 'https://example.com/r'}"


def entry_with(more: str) -> str:
    return f"- {{id: a, question: 问, answer: 答, {more}}}"


@pytest.mark.parametrize(
    ("text", "kept", "problem"),
    [
        ("- {question: 问, answer: 答}", 0, "第 1 行：没有 id；应为：文字"),
        ("- {id: a, question: 问}", 0, "第 1 行，id a：没有 answer；应为：文字"),
        ("- {id: a, question: 问, answer: ' '}", 0, "answer：没有内容；应为：文字"),
        ("- {id: a, question: [问], answer: 答}", 0, "question：列表；应为：文字"),
        ("- {id: a b, question: 问, answer: 答}", 0, "最多 48 字节"),
        (f"- {{id: a, question: 问, answer: {'长' * 683}}}", 0, "2049 字节；应为：最多 2048"),
        (entry_with("valid_from: 2026-13-01"), 0, "应为：日期"),
        (entry_with("valid_from: 2026-02-01, valid_until: 2026-01-01"), 0, "应为：先起后止"),
        (entry_with("featured: 是"), 0, "应为：true 或 false"),
        (entry_with("similar: 问问"), 0, "similar：文字；应为：文字的列表"),
        (entry_with("similar: [[x]]"), 0, "similar：列表；应为：文字"),
        (entry_with("audience: {x: y}"), 0, "一组键值；应为"),
        (entry_with("anwser: 答"), 1, "没有 anwser 这个键；应为"),
        (entry_with("menu: [b]"), 1, "menu：没有 id b；应为：已有条目的 id"),
        (entry_with("question: 问2"), 1, "question 写了两次；应为：每个键一次"),
        (entry_with(f"variants: [{'长' * 683}]"), 0, "variants：2049 字节"),
        (entry_with("kind: page"), 0, "kind：page；应为：faq 或 passage"),
        (entry_with("written_by: robot"), 0, "应为：people 或 model"),
        (entry_with("page: 0"), 0, "page：'0'；应为：页码"),
        (entry_with("page: 三"), 0, "page：'三'；应为：页码"),
        (entry_with("attachments: 图"), 0, "attachments：文字；应为：附件的列表"),
        (entry_with("attachments: [图]"), 0, "attachments：文字；应为：一组键值"),
        (entry_with("attachments: [{kind: video}]"), 0, "attachments：kind video；应为：kind: im"),
        (entry_with("attachments: [{kind: image}]"), 0, "image 没有 media；应为"),
        (entry_with("attachments: [{kind: link, title: 一, link: x}]"), 0, "没有 link 这个键"),
        (entry_with("attachments: [{kind: link, title: 一, url: 'file:///a'}]"), 0, "url file:"),
        (entry_with("attachments: [{kind: link, title: 一, url: 'http://[a'}]"), 0, "开头的网址"),
        (entry_with("attachments: [{kind: image, media: b.png}]"), 1, "attachments：找不到 b.png"),
        (entry_with("attachments: [{kind: image, media: ../a.yaml}]"), 1, "找不到 ../a.yaml"),
        (entry_with("attachments: [{kind: miniprogram, appid: w, pagepath: p}]"), 0, "没有 media"),
        (entry_with("variants: ['{profile.nmae|您}好']"), 0, "没有 {profile.nmae} 这个变量"),
        (entry_with("variants: ['您好 {姓名}']"), 0, "没有 {姓名} 这个变量"),
        (entry_with(f"attachments: [{', '.join([LINK] * 5)}]"), 0, "5 个附件；应为：最多 4 个"),
        (entry_with("attachments: [{kind: miniprogram, appid: w, pagepath: p, media: m, title: "
                    + "长" * 22 + "}]"), 0, "title 66 字节；应为：最多 64"),
        (GOOD + GOOD, 1, "第 2 行，id a：id a 重复；应为：各不相同的 id（先"),
        (GOOD + "- 只有一句话", 1, "第 2 行：文字；应为：一组键值"),
        ("a: b", 0, "一组键值；应为：条目的列表"),
        ("", 0, "没有内容；应为：条目的列表"),
        ("- [", 0, "应为：YAML"),
        ("- {id: !!binary a, question: 问, answer: 答, x: &x [*x]}", 1, "没有 x 这个键"),
        (entry_with("attachments: &x [*x]"), 0, "attachments：列表；应为：一组键值"),
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
    assert problems[0].startswith("第 1 行")


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
        (str(tmp_path / "c.yml"), "id a 重复")
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
    problem = EntryProblem("faq/a.yaml", "第 3 行", "没有内容", "文字")
    assert str(problem) == "faq/a.yaml: 第 3 行：没有内容；应为：文字"


@given(st.text(max_size=200))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    for name in ("x.yaml", "x.jsonl"):
        file = tmp_path_factory.getbasetemp() / name
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        load_entries([file])
