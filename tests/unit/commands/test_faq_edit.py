"""Can an operator see, change and take back what is said, and is nothing lost by mistakes?"""

from tests.unit.commands.conftest import Shop


def test_entries_are_listed_by_what_they_say(shop: Shop) -> None:
    assert shop.run("faq", "list") == 0
    assert shop.said.splitlines()[-1] == "共 2 条。"
    assert shop.run("faq", "list", "什么时候") == 0
    assert shop.said.startswith("ship ")
    assert shop.run("faq", "list", "没有的话") == 1
    assert not (shop.folder / "data").exists(), "looking writes nothing"


def test_a_field_is_changed_and_shown_with_its_origin(shop: Shop) -> None:
    assert shop.run("faq", "set", "ship", "--answer", "一天内。", "--similar", "几时发") == 0
    assert shop.run("faq", "show", "ship") == 0
    assert "answer: 一天内。" in shop.said
    assert "- 几时发" in shop.said
    assert "ship.yaml，有人改过；版本 2" in shop.said
    assert shop.run("faq", "list", "ship") == 0
    assert "（有人改过）" in shop.said


def test_a_value_that_may_not_stand_there_changes_nothing(shop: Shop) -> None:
    assert shop.run("faq", "set", "ship", "--answer", "长" * 700) == 1
    assert "answer：2100 字节" in shop.complained
    assert shop.run("faq", "set", "ship", "--answer", "{profile.nick}好") == 1
    assert "没有 {profile.nick} 这个变量；应为：{profile.name}" in shop.complained
    assert shop.run("faq", "set", "ship") == 1
    assert shop.run("faq", "set", "none", "--answer", "x") == 1
    assert "没有条目 none" in shop.complained
    shop.run("faq", "show", "ship")
    assert "answer: 两天内。" in shop.said


def test_entries_are_put_from_a_file_and_may_point_at_others(shop: Shop) -> None:
    file = shop.write(
        "new.yaml",
        "- {id: fee, question: 运费多少, answer: 9 元。, menu: [ship]}\n"
        "- {id: gift, question: 有贺卡吗, answer: 有。, menu: [fee, ship]}\n",
    )
    assert shop.run("faq", "put", file) == 0
    assert shop.said == "已写入：新增 1 条，修改 1 条。\n"
    shop.run("faq", "show", "gift")
    assert "来自 手写" in shop.said
    assert "- ship" in shop.said


def test_a_file_with_a_mistake_is_not_put(shop: Shop) -> None:
    file = shop.write("new.yaml", "- {id: a, question: 问, answer: 答}\n- {id: b}\n")
    assert shop.run("faq", "put", file) == 2
    assert "没有 question" in shop.complained
    assert shop.run("faq", "list", "a") == 1


def test_a_picture_of_an_entry_that_belongs_to_no_file_needs_an_address(shop: Shop) -> None:
    shop.write("a.png", "picture")
    text = "- {id: size, question: 尺码, answer: 见图。, attachments: [{kind: image, media: %s}]}\n"
    assert shop.run("faq", "put", shop.write("new.yaml", text % "a.png")) == 2
    assert "a.png；应为：图片的网址" in shop.complained
    good = shop.write("new.yaml", text % "'https://example.com/a.png'")
    assert shop.run("faq", "put", good) == 0


def test_what_was_removed_can_be_had_back(shop: Shop) -> None:
    assert shop.run("faq", "remove", "ship", "fee") == 0
    assert shop.run("faq", "list") == 1
    assert shop.run("faq", "remove", "ship") == 1
    assert shop.run("faq", "undo", "ship") == 0
    assert shop.run("faq", "list") == 0
    assert "共 1 条" in shop.said


def test_a_removal_of_one_that_is_not_there_removes_none(shop: Shop) -> None:
    assert shop.run("faq", "remove", "ship", "none") == 1
    assert shop.run("faq", "list", "ship") == 0


def test_a_conflict_is_shown_and_settled_for_the_file(shop: Shop) -> None:
    shop.run("faq", "set", "ship", "--answer", "人写的")
    shop.write("faq/ship.yaml", "- {id: ship, question: 多久发货, answer: 文件新写的}\n")
    shop.run("faq", "show", "ship")
    assert "answer: 人写的" in shop.said
    assert "#     answer: 文件新写的" in shop.said
    shop.run("check")
    assert "条目 ship：有人改过，文件里也改了" in shop.said
    assert shop.run("faq", "take", "ship") == 0
    shop.run("faq", "show", "ship")
    assert "answer: 文件新写的" in shop.said
    assert "有人改过" not in shop.said
    assert shop.run("faq", "take", "ship") == 1


def test_a_conflict_over_what_the_file_dropped_is_settled(shop: Shop) -> None:
    shop.run("faq", "set", "ship", "--answer", "人写的")
    shop.write("faq/ship.yaml", "- {id: fee, question: 运费多少, answer: 8 元。}\n")
    shop.run("check")
    assert "条目 ship：有人改过，文件里已经没有它" in shop.said
    assert shop.run("faq", "take", "ship") == 0
    assert shop.run("faq", "list", "ship") == 1
    shop.run("check")
    assert "条目 ship" not in shop.said


def test_history_tells_who_did_what(shop: Shop) -> None:
    shop.run("faq", "set", "ship", "--answer", "一天内。")
    assert shop.run("faq", "history") == 0
    assert "faq set：ship" in shop.said
    assert "读入文件：2 条" in shop.said
    assert shop.run("faq", "history", "ship") == 0
    assert shop.said.index("一天内。") < shop.said.index("两天内。")
    assert shop.run("faq", "undo") == 1


def test_what_is_exported_can_be_read_again(shop: Shop) -> None:
    shop.run("faq", "set", "ship", "--answer", "一天内。\n现货。", "--valid-until", "2030-01-31")
    assert shop.run("faq", "export") == 0
    exported = shop.said
    shop.write("faq/ship.yaml", exported)
    shop.run("check")
    assert "知识 faq" not in shop.said
    shop.run("faq", "take", "ship")
    shop.run("faq", "export")
    assert shop.said == exported


def test_an_account_without_knowledge_of_its_own_is_refused(shop: Shop) -> None:
    assert shop.run("faq", "list", "--account", "wk1") == 1
    assert "wk1 没有自己的知识" in shop.complained
