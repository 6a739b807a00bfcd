"""Are operators' lists read as they mean them, and is every mistake in them named?"""

from pathlib import Path

import openpyxl
import pytest

from bot.app.lexicon import FileProblem, build_lexicon, forbids_of, lexicon_in
from bot.config import Safety
from bot.errors import Misconfigured
from bot.policy.lexicon import Decision, Direction, Lexicon
from tests.builders import a_config


def read(*lists: Path, **more: str) -> tuple[Lexicon, list[FileProblem]]:
    return lexicon_in(Safety(lists=lists, **more))  # type: ignore[arg-type]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_one_word_a_line_is_enough(tmp_path: Path) -> None:
    path = written(tmp_path, "竞品.txt", "隔壁老王家  # 不提别家\n\n# 说明\n某某商城\n")
    lexicon, problems = read(path)
    assert problems == []
    [one] = lexicon.check("比某某 商城便宜").found
    assert (one.kind, one.decision, one.source) == ("竞品", Decision.REVIEW, "竞品.txt")
    assert read(path, list_decision="mask")[0].check("某某商城").text == "****"


def test_a_table_says_what_is_done_where(tmp_path: Path) -> None:
    text = "词,类别,处理,方向,替换\n甲方,称呼,替换,说,贵公司\n投诉到,舆情,人看,听,\n顶级,,放行,,\n"
    lexicon, problems = read(written(tmp_path, "ours.csv", text))
    assert problems == []
    assert lexicon.check("甲方您好").text == "贵公司您好"
    assert lexicon.check("顶级羊绒").decision is Decision.ALLOW
    assert lexicon.check("我要投诉到总部", direction=Direction.IN).decision is Decision.REVIEW
    assert lexicon.check("我要投诉到总部").decision is Decision.ALLOW


def test_a_workbook_is_a_table_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["词", "处理"], ["甲方", "不发"]):
        sheet.append(row)
    book.save(tmp_path / "ours.xlsx")
    lexicon, problems = read(tmp_path / "ours.xlsx")
    assert problems == []
    assert lexicon.check("甲 方").decision is Decision.BLOCK


def test_a_folder_is_all_its_lists(tmp_path: Path) -> None:
    written(tmp_path, "a.txt", "甲方\n")
    written(tmp_path, "b.txt", "乙方\n")
    written(tmp_path, "notes.md", "丙方\n")
    lexicon, problems = read(tmp_path)
    assert problems == []
    assert [bool(lexicon.check(text).found) for text in ("甲方", "乙方", "丙方")] == [1, 1, 0]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "！！\n", "第 2 行：！！"),
        ("a.txt", "长" * 51, "不超过 50 个字"),
        ("a.csv", "词语,处理\n甲,人看\n", "至少有“词”"),
        ("a.csv", "词,处理\n甲方,看看\n", "处理：放行、替换、人看、不发"),
        ("a.csv", "词,方向\n甲方,里\n", "方向：说、听、模型、标签"),
        ("a.yaml", "- 甲\n", "顶层"),
        ("a.yaml", "group: []\n", "只有 groups"),
        ("a.yaml", "groups: [甲]\n", "不是一组键值"),
        ("a.yaml", "groups: [{words: [甲方]}]\n", "这一类的名字"),
        ("a.yaml", "groups: [{name: a, words: 甲方}]\n", "不是词的列表"),
        ("a.yaml", "groups: [{name: a, words: [110]}]\n", "像数字的要加引号"),
        ("a.yaml", "groups: [{name: a, decision: stop}]\n", "allow、mask、review、block 之一"),
        ("a.yaml", "groups: [{name: a, direction: up}]\n", "out、in、model、tag 之一"),
        ("a.yaml", "groups: [{name: a, level: error}]\n", "没有这个键"),
        ("a.doc", "甲方", ".yaml"),
    ],
)
def test_every_mistake_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = written(tmp_path, name, text)
    _, problems = read(path)
    assert [one.file for one in problems] == [path] * len(problems)
    assert said in "\n".join(str(one.problem) for one in problems)
    with pytest.raises(Misconfigured, match=name):
        build_lexicon(a_config(tmp_path, safety={"lists": [str(path)]}))


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    _, problems = read(tmp_path / "none.txt")
    assert "读不了" in str(problems[0].problem)


def test_what_was_imported_counts_and_a_changed_list_is_read_again(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    assert config.storage.sqlite_path is not None
    folder = config.storage.sqlite_path.parent / "lexicon"
    assert build_lexicon(config).check("甲方").decision is Decision.ALLOW
    folder.mkdir()
    written(folder, "a.txt", "甲方\n")
    assert build_lexicon(config).check("甲方").decision is Decision.REVIEW
    written(folder, "a.txt", "乙方公司\n")
    assert build_lexicon(config).check("甲方").decision is Decision.ALLOW


def test_a_model_must_not_say_what_is_only_looked_at_otherwise() -> None:
    forbids = forbids_of(lexicon_in(Safety())[0])
    assert forbids("这是最优惠的")
    assert forbids("可以治疗")
    assert not forbids("满 99 元包邮")
