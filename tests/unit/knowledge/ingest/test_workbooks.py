"""Is a messy workbook understood, told about, and a hostile one survived?"""

import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from knowledge import FaqEntry
from knowledge.ingest import ColumnsError, Origin, find_sources, parse_columns, read_source, sheets
from tests.unit.knowledge.ingest.files import messy_workbook


def read(path: Path, columns: str = "") -> Origin:
    [source] = find_sources([path], [])
    return read_source(source, parse_columns(columns) if columns else None)


def by_question(origin: Origin) -> dict[str, FaqEntry]:
    return {one.entry.question: one.entry for one in origin.found}


def workbook(path: Path, *rows: Sequence[object]) -> Path:
    book = Workbook()
    sheet = book.active or book.create_sheet()
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    return read(messy_workbook(tmp_path_factory.mktemp("messy") / "知识.xlsx"))


def test_every_good_row_becomes_an_entry(messy: Origin) -> None:
    assert list(by_question(messy)) == [
        "多久发货？", "运费怎么算", "有实体店吗", "双十一有优惠吗", "客服电话", "下次上新是哪天",
        "可以定制吗", "APP怎么下载", "怎么退货", "运费谁出",
    ]  # fmt: skip


def test_what_was_left_out_is_told_with_its_row(messy: Origin) -> None:
    told = {skip.place: skip.why for skip in messy.skips}
    assert told == {
        "工作表“草稿”": "是隐藏的工作表",
        "“售前”第 11 行": "失效日：'待定'；应为：日期，如 2026-12-31（新人有券吗）",
        "“售前”第 12 行": "与“售前”第 4 行重复，已合并（多久发货）",
        "“售前”第 13 行": "与“售前”第 5 行是同一个问题，回答却不同（运费怎么算？）",
        "“售前”第 16 行": "没有回答（问题：能不能刻字）",
        "“售前”第 17 行": "没有问题（回答：可以刻字，每件加 20 元。）",
        "“售前”第 18 行": "回答：2550 字节；应为：最多 2048 字节（约 680 个汉字）（面料是什么）",
        "“售前”第 19 行": "已停用",
        "“售后”第 7 行": "与“售后”第 6 行重复，已合并（怎么退货）",
        "“售后”第 8 行": "与“售后”第 6 行重复，已合并（怎么退货）",
        "“售后”第 11 行": "没有问题（回答：2026-01-01 09:30）",
        "工作表“说明”": "看不出哪一列是问题、哪一列是回答",
    }


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        ("多久发货？", {"answer": "现货48小时内发出。", "category": "物流",
                    "similar": ("什么时候发货", "几天能发", "啥时候发")}),
        ("运费怎么算", {"category": "物流", "similar": ("包邮吗", "邮费多少")}),
        ("有实体店吗", {"answer": "我们只有线上店。", "category": "售前咨询",
                    "similar": ("线下在哪里买",)}),
        ("双十一有优惠吗", {"valid_from": date(2026, 11, 1), "valid_until": date(2026, 11, 11)}),
        ("客服电话", {"answer": "4008001234"}),
        ("下次上新是哪天", {"answer": "2026-12-01"}),
        ("可以定制吗", {"answer": "起订 50 件"}),
        ("APP怎么下载", {"answer": "应用商店搜“云栖”。\n或扫码。"}),
        ("怎么退货", {"answer": "签收后 7 天内，\n在订单页点“申请退货”。",
                  "similar": ("想退货", "退货流程", "东西不要了怎么退", "咋退")}),
    ],
)  # fmt: skip
def test_cells_read_as_people_read_them(
    messy: Origin, question: str, fields: dict[str, object]
) -> None:
    entry = by_question(messy)[question]
    assert {name: getattr(entry, name) for name in fields} == fields


def test_ids_stay_when_rows_move_and_answers_change(tmp_path: Path) -> None:
    head = ["问题", "答案"]
    first = read(workbook(tmp_path / "a.xlsx", head, ["甲吗", "一"], ["乙吗", "二"]))
    again = read(workbook(tmp_path / "a.xlsx", head, ["乙吗？", "新"], [], ["甲 吗", "一"]))
    ids = [one.entry.id for one in first.found]
    assert [one.entry.id for one in again.found] == ids[::-1]
    other = read(workbook(tmp_path / "b.xlsx", head, ["甲吗", "一"]))
    assert other.found[0].entry.id not in ids


def test_ids_of_the_table_are_kept_and_must_be_its_own(tmp_path: Path) -> None:
    origin = read(
        workbook(
            tmp_path / "a.xlsx",
            ["编号", "问题", "答案"],
            [1001, "甲吗", "一"],
            [1001, "乙吗", "二"],
        )
    )
    assert [one.entry.id for one in origin.found] == ["1001"]
    assert [skip.why for skip in origin.skips] == [
        "编号 1001 与第 2 行的相同".replace("第", "“Sheet”第")
    ]


def test_the_same_question_for_other_accounts_is_another_entry(tmp_path: Path) -> None:
    origin = read(
        workbook(
            tmp_path / "a.xlsx",
            ["问题", "答案", "渠道", "客服账号"],
            ["甲吗", "一", "门店、小程序", "wk1"],
            ["甲吗", "二", "官网", "wk2"],
        )
    )
    assert [one.entry.channels for one in origin.found] == [("门店", "小程序"), ("官网",)]
    assert [one.entry.audience for one in origin.found] == [("wk1",), ("wk2",)]


def test_columns_may_be_named_by_heading_or_letter(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["x", "y", "z"], ["一", "备注", "甲吗"])
    for named in ("question=z,answer=x", "question=C，answer=a"):
        asked = {
            question: entry.answer for question, entry in by_question(read(path, named)).items()
        }
        assert asked["甲吗"] == "一"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("question=没有,answer=x", "没有这些列"),
        ("question=z", "要有 answer"),
        ("frage=z", "不成"),
        ("question", "不成"),
    ],
)
def test_columns_that_do_not_fit_are_refused(tmp_path: Path, named: str, said: str) -> None:
    path = workbook(tmp_path / "a.xlsx", ["x", "y", "z"], ["一", "备注", "甲吗"])
    with pytest.raises(ColumnsError, match=said):
        read(path, named)


def test_a_table_without_headings_is_a_guess(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        ["多久发货", "现货 48 小时内发出，预售以页面为准。"],
        ["怎么退货", "签收后七天内在订单页申请即可。"],
        ["有发票吗", "有，下单时填写抬头即可。"],
    )
    origin = read(path)
    assert len(origin.found) == 3
    assert not origin.tables[0].columns.certain


# ---------------------------------------------------------------------- hostile files


def test_a_cell_in_the_far_corner_is_refused_not_filled_up(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet["A1"], sheet["B1"], sheet["XFD1048576"] = "问题", "答案", "x"
    book.save(tmp_path / "a.xlsx")
    assert "读它要的内存" in read(tmp_path / "a.xlsx").unread


def test_more_rows_than_anybody_writes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 5)
    rows = [[f"问{i}吗", "答"] for i in range(9)]
    path = workbook(tmp_path / "a.xlsx", ["问题", "答案"], *rows)
    assert "超过 5 行" in read(path).unread
    (tmp_path / "a.csv").write_text("问题,答案\n" + "a,b\n" * 9, "utf-8")
    assert "超过 5 行" in read(tmp_path / "a.csv").unread


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(401):
            part.write(bytes(1024**2))
    assert path.stat().st_size < 1024**2
    assert "展开后超过 400 MB" in read(path).unread


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" + bytes(600), b"<html>"])
def test_what_is_no_workbook_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    assert read(path).unread


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(200 * 1024**2)
    assert read(path).unread == "200 MB，超过 50 MB"


# ---------------------------------------------------------------------- csv


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_is_read_in_its_encoding_and_separator(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    rows = [("问题", "答案"), ("多久发货", '"48 小时，\n最晚三天"'), ("运费,多少", "8 元")]
    rows[2] = (f'"{rows[2][0]}"', rows[2][1])
    path = tmp_path / "a.csv"
    path.write_bytes("\r\n".join(separator.join(row) for row in rows).encode(encoding))
    found = [(one.entry.question, one.entry.answer) for one in read(path).found]
    assert found == [("多久发货", "48 小时，\n最晚三天"), ("运费,多少", "8 元")]


def test_bytes_in_no_encoding_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\x00\x81 \x80\x80")
    assert "编码" in read(path).unread
