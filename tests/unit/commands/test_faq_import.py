"""Does an import show what it will do, write it once, and lose nothing that people wrote?"""

import io
import threading
from pathlib import Path

import pytest

from bot.cli import main
from tests.unit.commands.conftest import Shop
from tests.unit.knowledge.ingest.files import documents, messy_workbook


def table(shop: Shop, *rows: tuple[str, str], name: str = "faq.csv") -> Path:
    lines = ["问题,答案", *(",".join(row) for row in rows)]
    return shop.write(name, "\n".join(lines))


def counts(shop: Shop) -> str:
    [line] = [line for line in shop.said.splitlines() if line.startswith("新增")]
    return line


ONE = ("甲怎么办", "一")
TWO = ("乙怎么办", "二")


def test_a_messy_workbook_is_imported_once(shop: Shop) -> None:
    path = messy_workbook(shop.folder / "知识.xlsx")
    assert shop.run("faq", "import", path) == 0
    assert "工作表“售前”：第 3 行是表头" in shop.said
    assert "问题 = C 标准问题，相似问 = D 相似问法" in shop.said
    assert "例 1　分类：物流　问题：多久发货？" in shop.said
    assert "跳过 12 处：" in shop.said
    assert counts(shop) == "新增 10，修改 0，不变 0，移除 0，保留 0（有人改过）"
    assert "faq undo --import 2" in shop.said
    assert shop.run("faq", "import", path) == 0
    assert counts(shop) == "新增 0，修改 0，不变 10，移除 0，保留 0（有人改过）"
    assert "没有要写的" in shop.said
    shop.run("faq", "history")
    assert shop.said.startswith("     2 ")


def test_a_folder_is_imported_and_one_broken_file_costs_only_itself(shop: Shop) -> None:
    folder = documents(shop.folder / "帮助")
    assert shop.run("faq", "import", folder) == 1
    assert "帮助/broken.xlsx：没有读" in shop.said
    assert counts(shop).startswith("新增 13，")
    assert shop.run("faq", "import", folder) == 1
    assert counts(shop).startswith("新增 0，修改 0，不变 13，")


def test_a_dry_run_writes_nothing(shop: Shop) -> None:
    path = table(shop, ONE)
    assert shop.run("faq", "import", path, "--dry-run") == 0
    assert counts(shop).startswith("新增 1，")
    assert not (shop.folder / "data").exists()


def test_a_changed_file_is_shown_as_a_difference(shop: Shop) -> None:
    shop.run("faq", "import", table(shop, ONE, TWO, ("丙怎么办", "三")))
    path = table(shop, ("甲怎么办？", "一"), ("乙怎么办", "新的"), ("丁如何处理", "四"))
    assert shop.run("faq", "import", path, "--yes") == 0
    assert counts(shop) == "新增 1，修改 2，不变 0，移除 1，保留 0（有人改过）"
    assert "回答 二 → 新的" in shop.said
    assert "问题原为“甲怎么办”" in shop.said
    shop.run("faq", "list", "怎么办")
    assert "丙" not in shop.said


def test_a_reworded_question_keeps_its_id(shop: Shop) -> None:
    shop.run("faq", "import", table(shop, ("退货的运费由谁来承担", "我们"), TWO))
    shop.run("faq", "list", "运费由谁")
    [before] = [line.split()[0] for line in shop.said.splitlines() if "运费由谁" in line]
    for question, answer in (("退货时运费由谁来承担", "我们出"), ("谁付退货运费", "我们出")):
        shop.run("faq", "import", table(shop, (question, answer), TWO))
        assert counts(shop) == "新增 0，修改 1，不变 1，移除 0，保留 0（有人改过）"
        shop.run("faq", "show", before)
        assert question in shop.said


def test_what_vanished_is_removed_only_when_somebody_says_so(shop: Shop) -> None:
    shop.run("faq", "import", table(shop, ONE, TWO))
    assert shop.run("faq", "import", table(shop, ONE)) == 0
    assert "没有移除，加 --yes 才移除" in shop.said
    assert shop.run("faq", "list", "乙") == 0
    assert shop.run("faq", "import", table(shop, ONE), "--keep-missing", "--yes") == 0
    assert shop.run("faq", "list", "乙") == 0
    assert shop.run("faq", "import", table(shop, ONE), "--yes") == 0
    assert shop.run("faq", "list", "乙") == 1


def test_what_a_person_edited_is_never_overwritten_nor_removed(shop: Shop) -> None:
    shop.run("faq", "import", table(shop, ONE, TWO))
    shop.run("faq", "list", "怎么办")
    first, second = [line.split()[0] for line in shop.said.splitlines()[:2]]
    shop.run("faq", "set", first, "--answer", "人写的")
    shop.run("faq", "set", second, "--answer", "人写的")
    shop.run("faq", "import", table(shop, ONE, TWO), "--yes")
    assert counts(shop) == "新增 0，修改 0，不变 2，移除 0，保留 0（有人改过）"
    shop.run("faq", "import", table(shop, ("甲怎么办", "新的")), "--yes")
    assert counts(shop) == "新增 0，修改 0，不变 0，移除 0，保留 2（有人改过）"
    for entry_id in (first, second):
        shop.run("faq", "show", entry_id)
        assert "answer: 人写的" in shop.said
        assert "冲突" in shop.said
    assert shop.run("faq", "take", first, second) == 0
    shop.run("faq", "show", first)
    assert "answer: 新的" in shop.said
    assert shop.run("faq", "list", "乙") == 1


def test_an_import_is_taken_back_whole(shop: Shop) -> None:
    shop.run("faq", "import", table(shop, ONE))
    shop.run("faq", "import", table(shop, ("甲怎么办", "新的"), TWO))
    number = shop.said.rsplit(" ", 1)[1].strip()
    assert shop.run("faq", "undo", "--import", number) == 0
    assert "2 条" in shop.said
    shop.run("faq", "list", "怎么办")
    assert "共 1 条" in shop.said
    shop.run("faq", "import", table(shop, ONE))
    assert counts(shop).startswith("新增 0，修改 0，不变 1，")


def test_a_file_that_left_its_folder_takes_its_entries_along(shop: Shop) -> None:
    (shop.folder / "docs").mkdir()
    table(shop, ONE, name="docs/a.csv")
    second = table(shop, TWO, name="docs/b.csv")
    shop.run("faq", "import", shop.folder / "docs")
    second.unlink()
    shop.run("faq", "import", shop.folder / "docs", "--yes")
    assert counts(shop).endswith("移除 1，保留 0（有人改过）")


def test_a_file_that_cannot_be_read_keeps_its_entries(shop: Shop) -> None:
    (shop.folder / "docs").mkdir()
    table(shop, ONE, name="docs/a.csv")
    second = table(shop, TWO, name="docs/b.csv")
    shop.run("faq", "import", shop.folder / "docs")
    second.write_bytes(b"\xff\x00\x81 \x80\x80")
    assert shop.run("faq", "import", shop.folder / "docs", "--yes") == 1
    assert counts(shop).endswith("移除 0，保留 0（有人改过）")


def test_an_id_that_another_file_uses_is_told(shop: Shop) -> None:
    shop.write("a.csv", "编号,问题,答案\nship,另一个问题,答")
    assert shop.run("faq", "import", shop.folder / "a.csv") == 0
    assert "编号 ship 已经用在另一条上" in shop.said
    shop.run("faq", "show", "ship")
    assert "多久发货" in shop.said


def test_columns_that_nobody_named_are_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "多久发货,现货四十八小时内发出\n怎么退货,签收后七天内申请即可\n"
    path = shop.write("a.csv", rows)
    assert shop.run("faq", "import", path) == 1
    assert "--columns question=A,answer=B" in shop.complained
    assert shop.run("faq", "import", path, "--columns", "question=没有,answer=B") == 1
    assert "没有这些列" in shop.complained
    assert shop.run("faq", "import", path, "--columns", "question=A,answer=B", "--dry-run") == 0
    assert counts(shop).startswith("新增 2，")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert shop.run("faq", "import", path) == 1
    monkeypatch.setattr("sys.stdin", Terminal("y\nn\n"))
    assert shop.run("faq", "import", path) == 1
    assert shop.said.endswith("没有写入。\n")
    monkeypatch.setattr("sys.stdin", Terminal("y\ny\n"))
    assert shop.run("faq", "import", path) == 0
    assert "已写入" in shop.said


def test_paths_that_cannot_be_read_are_refused(shop: Shop) -> None:
    assert shop.run("faq", "import", shop.folder / "none.xlsx") == 1
    assert "没有" in shop.complained
    (shop.folder / "empty").mkdir()
    assert shop.run("faq", "import", shop.folder / "empty") == 1
    shop.write("a.xlsx", "no workbook")
    assert shop.run("faq", "import", shop.folder / "a.xlsx") == 1
    assert "a.xlsx" in shop.complained


def test_what_a_person_wrote_while_an_import_waited_is_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.run("faq", "import", table(shop, ONE, TWO))
    shop.run("faq", "list", "甲")
    [entry_id] = [line.split()[0] for line in shop.said.splitlines() if "甲" in line]
    path = table(shop, ("甲怎么办", "新的"), TWO)

    class Slow(io.StringIO):
        def isatty(self) -> bool:
            return True

        def readline(self, *_: object) -> str:  # type: ignore[override]
            monkeypatch.setattr("sys.stdin", io.StringIO())
            file = str(shop.folder / "config.yaml")
            edit = ["faq", "set", entry_id, "--answer", "人写的", "--config", file]
            thread = threading.Thread(target=main, args=[edit])
            thread.start()
            thread.join()
            return "y\n"

    monkeypatch.setattr("sys.stdin", Slow())
    assert shop.run("faq", "import", path) != 0
    assert "刚刚有人改了知识，没有写入" in shop.complained
    shop.run("faq", "show", entry_id)
    assert "人写的" in shop.said


def test_an_import_that_changed_nothing_names_no_change_to_undo(shop: Shop) -> None:
    shop.run("faq", "import", table(shop, ONE, TWO))
    shop.run("faq", "list", "甲")
    [entry_id] = [line.split()[0] for line in shop.said.splitlines() if "甲" in line]
    assert shop.run("faq", "set", entry_id, "--answer", "人写的") == 0
    assert shop.run("faq", "import", table(shop, ("甲怎么办", "新的"), TWO), "--yes") == 0
    assert counts(shop).endswith("保留 1（有人改过）")
    assert "undo" not in shop.said


def test_where_an_entry_stands_is_shown_and_a_shift_alone_is_no_change(shop: Shop) -> None:
    path = table(shop, ONE, TWO)
    shop.run("faq", "import", path)
    shop.run("faq", "list", "乙怎么办")
    name = shop.said.split()[0]
    shop.run("faq", "show", name)
    assert "place: 第 3 行" in shop.said
    assert "来自 import:faq.csv 第 3 行" in shop.said
    shop.run("faq", "set", name, "--category", "别的")
    shop.run("faq", "import", table(shop, ("新的怎么办", "三"), ONE, TWO))
    assert counts(shop) == "新增 1，修改 0，不变 2，移除 0，保留 0（有人改过）"
