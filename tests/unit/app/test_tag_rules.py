"""Files of rules are checked before they are used, and replaced as a whole."""

from pathlib import Path

import pytest

from bot.app.tag_following import RulesFollower, build_tag_rules
from bot.app.tag_rules import rulebook_in
from bot.config import Tagging, TagGroup
from bot.errors import Misconfigured

GOOD = (
    '- {id: fee, tag: "关注：运费", contains: [运费], examples: {yes: [运费多少], no: [不要运费]}}'
)


def write(folder: Path, *rules: str) -> Path:
    file = folder / "rules.yaml"
    file.write_text("rules:\n" + "\n".join(f"  {rule}" for rule in rules), "utf-8")
    return file


def test_every_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        GOOD,
        '- {id: fee, tag: "关注：邮费", contains: [邮费]}',
        "- {id: colon, tag: 关注运费, contains: [邮费]}",
        '- {id: group, tag: "没有的组：运费", contains: [邮费]}',
        '- {id: empty, tag: "关注：空"}',
        '- {id: mood, tag: "关注：甲", contains: [邮费], mood: happy}',
        '- {id: pattern, tag: "关注：乙", regex: "("}',
        '- {id: bracket, tag: "关注：丙", contains: ["(邮费"]}',
        '- {id: example, tag: "关注：丁", contains: [邮费], examples: {yes: [运费]}}',
        '- {id: unknown, tag: "关注：戊", contain: [邮费]}',
        '- {id: hours, tag: "关注：己", contains: [邮费], when: {hours: soon}}',
    )
    book, problems = rulebook_in([file], {"关注"})
    told = "\n".join(map(str, problems))
    for part in (
        *("已有同名的规则", "组：名", "没有“没有的组”这一组", "没有条件", "happy", "正则表达式"),
        *("括号不成对", "例句“运费”没有认出", "contain", "09:00-18:00", "rules.yaml 第 3 行"),
    ):
        assert part in told, part
    assert [rule.id for rule in book.rules][:1] == ["fee"]


def test_a_file_that_is_named_must_be_there_a_folder_need_not(tmp_path: Path) -> None:
    assert rulebook_in([tmp_path / "later"])[1] == []
    assert rulebook_in([tmp_path / "missing.yaml"])[1] != []


def test_the_version_of_a_rule_changes_with_what_it_says(tmp_path: Path) -> None:
    first = rulebook_in([write(tmp_path, GOOD)])[0].by_id["fee"].version
    assert rulebook_in([write(tmp_path, GOOD)])[0].by_id["fee"].version == first
    other = rulebook_in([write(tmp_path, GOOD.replace("[运费]", "[运费, 邮费]"))])[0]
    assert other.by_id["fee"].version != first


def test_start_up_stops_at_a_bad_file(tmp_path: Path) -> None:
    settings = Tagging(rules=(write(tmp_path, "- {id: x}"),))
    with pytest.raises(Misconfigured):
        build_tag_rules(settings, None)


async def test_a_changed_file_comes_into_force_and_a_bad_one_does_not(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    rules = build_tag_rules(Tagging(groups=(TagGroup(name="关注"),), rules=(file,)), None)
    follower = RulesFollower(rules, None, None)
    before = rules.book
    await follower.look()
    assert rules.book is before, "nothing has changed"

    write(tmp_path, GOOD, '- {id: more, tag: "关注：更多", contains: [更多]}')
    await follower.look()
    assert set(rules.book.by_id) == {"fee", "more"}

    write(tmp_path, GOOD, "- {id: broken}")
    await follower.look()
    assert set(rules.book.by_id) == {"fee", "more"}, "what was good stays in force"

    write(tmp_path, GOOD)
    await follower.look()
    assert set(rules.book.by_id) == {"fee"}
