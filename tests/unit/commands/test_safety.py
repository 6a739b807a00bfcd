"""Can an operator see what is watched, and release what waits for a person?"""

from pathlib import Path

from tests.unit.commands.conftest import Shop

CLAIM = "- {id: claim, question: 你们什么级别, answer: 我们是国家级实验室。}\n"


def a_claim(shop: Shop, text: str = CLAIM) -> None:
    shop.write("faq/claim.yaml", text)


def states(shop: Shop) -> list[tuple[str, str, str]]:
    rows = shop.reads("SELECT key, state, by FROM approvals ORDER BY key")
    return [(row["key"], row["state"], row["by"]) for row in rows]


def actions(shop: Shop) -> list[tuple[str, str, str]]:
    rows = shop.reads("SELECT actor, action, why FROM audit ORDER BY id")
    return [(row["actor"], row["action"], row["why"]) for row in rows]


# ---------------------------------------------------------------------- lexicon


def test_a_text_is_explained(shop: Shop) -> None:
    assert shop.run("lexicon", "test", "全网最 低 价") == 1
    assert "我们说的：人看" in shop.said
    assert "看作：全网最低价" in shop.said
    assert "“全网最”：绝对化用语，人看（lexicon.yaml）" in shop.said
    assert shop.run("lexicon", "test", "最近有活动") == 0
    assert shop.said == "我们说的：放行\n看作：最近有活动\n"
    assert shop.run("lexicon", "test", "信仰：佛教", "--direction", "tag") == 1
    assert "标签名：不发" in shop.said


def test_a_list_comes_in_once_it_is_right(shop: Shop) -> None:
    file = shop.write("竞品.csv", "词,处理\n某某商城,不知道\n")
    assert shop.run("lexicon", "import", file) == 1
    assert "竞品.csv 没有导入" in shop.complained
    file.write_text("词,处理\n某某商城,不发\n", "utf-8")
    assert shop.run("lexicon", "import", file) == 0
    assert shop.run("lexicon", "test", "比某某商城好") == 1
    assert "竞品，不发（竞品.csv）" in shop.said
    assert shop.run("lexicon", "list") == 0
    assert "竞品：1 个词，不发（我们说的）" in shop.said


def test_a_list_that_is_too_long_leaves_what_was_there(shop: Shop) -> None:
    file = shop.write("a.txt", "甲方公司\n")
    assert shop.run("lexicon", "import", file) == 0
    file.write_text("\n".join(f"词{number:x}号" for number in range(60_001)), "utf-8")
    assert shop.run("lexicon", "import", file) == 1
    assert "最多 60000 个" in shop.complained
    assert (shop.folder / "data" / "lexicon" / "a.txt").read_text("utf-8") == "甲方公司\n"


# ---------------------------------------------------------------------- approving


def test_nothing_waits_where_nothing_is_watched(shop: Shop) -> None:
    assert shop.run("approve", "list") == 0
    assert shop.said == "0 句要人批准（safety.approval: flagged）\n"


def test_a_watched_text_is_reviewed_and_approved_by_name(shop: Shop) -> None:
    a_claim(shop)
    assert shop.run("approve", "list") == 1
    assert "entry:claim  〔草稿〕 绝对化用语“国家级”人看" in shop.said
    assert shop.run("approve", "review", "entry:claim", "--by", "wang") == 0
    assert shop.run("approve", "approve", "entry:claim", "--by", "li") == 0
    assert shop.said == "entry:claim：已看过 → 已批准\n"
    assert shop.run("approve", "list") == 0
    assert states(shop) == [("claim", "approved", "li")]
    assert [one[:2] for one in actions(shop)] == [
        ("staff:wang", "Approval.reviewed"),
        ("staff:li", "Approval.approved"),
    ]


def test_what_nobody_has_read_is_released_with_a_reason_only(shop: Shop) -> None:
    a_claim(shop)
    assert shop.run("approve", "approve", "entry:claim", "--by", "li") == 1
    assert "还没有人看过（草稿），批准要写原因（--why）" in shop.complained
    assert states(shop) == []
    assert shop.run("approve", "approve", "entry:claim", "--by", "li", "--why", "有证书") == 0
    assert actions(shop) == [("staff:li", "Approval.override", "有证书")]


def test_a_word_that_is_never_said_needs_a_reason_even_after_a_review(shop: Shop) -> None:
    a_claim(shop, "- {id: claim, question: 有用吗, answer: 可以治疗感冒。}\n")
    assert shop.run("approve", "review", "--waiting", "--by", "wang") == 0
    assert shop.run("approve", "approve", "--waiting", "--by", "li") == 1
    assert "里面有不能说的词" in shop.complained


def test_a_changed_text_loses_its_approval_and_gets_it_back(shop: Shop) -> None:
    a_claim(shop)
    shop.run("approve", "approve", "entry:claim", "--by", "li", "--why", "有证书")
    a_claim(shop, CLAIM.replace("实验室", "工厂"))
    assert shop.run("approve", "list") == 1
    assert shop.run("approve", "show", "entry:claim") == 0
    assert "li 已批准：有证书（以前的文字）" in shop.said
    a_claim(shop)
    assert shop.run("approve", "list") == 0


def test_a_change_that_nobody_reads_keeps_the_approval(shop: Shop) -> None:
    a_claim(shop)
    shop.run("approve", "approve", "entry:claim", "--by", "li", "--why", "有证书")
    a_claim(shop, CLAIM.replace("你们什么级别", "你们是什么级别的"))
    assert shop.run("approve", "list") == 0


def test_what_a_model_wrote_is_approved_the_same_way(shop: Shop) -> None:
    a_claim(shop, "- {id: m, question: 有货吗, answer: 有。, written_by: model}\n")
    assert shop.run("approve", "list") == 1
    assert "entry:m  〔草稿〕" in shop.said
    assert shop.run("approve", "review", "entry:m", "--by", "li") == 0
    assert shop.run("approve", "approve", "entry:m", "--by", "li") == 0
    shop.run("faq", "show", "m")
    assert "approved: false" not in shop.said
    assert shop.run("approve", "list") == 0


def test_retiring_wants_a_reason_and_an_unknown_text_is_refused(shop: Shop) -> None:
    assert shop.run("approve", "retire", "entry:ship", "--by", "li") == 1
    assert "停用要写原因" in shop.complained
    assert shop.run("approve", "retire", "entry:ship", "--by", "li", "--why", "过时") == 0
    assert shop.run("approve", "list") == 1
    assert "entry:ship  〔已停用，li〕" in shop.said
    assert shop.run("approve", "show", "entry:none") == 1
    assert "没有 entry:none" in shop.complained
    assert shop.run("approve", "review", "--by", "li") == 1
    assert "没有要处理的文字" in shop.complained


def test_where_all_is_to_be_approved_all_waits(shop: Shop) -> None:
    config = shop.folder / "config.yaml"
    config.write_text(config.read_text("utf-8") + "safety: {approval: all}\n", "utf-8")
    assert shop.run("approve", "list") == 1
    assert "reply:engine.late  〔草稿〕" in shop.said
    assert shop.run("approve", "review", "--waiting", "--by", "wang") == 0
    assert shop.run("approve", "approve", "--waiting", "--by", "li") == 0
    assert shop.run("approve", "list") == 0


def test_a_list_with_a_problem_is_named_by_check(shop: Shop, tmp_path: Path) -> None:
    config = shop.folder / "config.yaml"
    config.write_text(config.read_text("utf-8") + "safety: {lists: [ours.txt]}\n", "utf-8")
    shop.write("ours.txt", "！！\n")
    assert shop.run("check") == 1
    assert "词表 ours.txt：1 个问题" in shop.said


def test_check_lists_what_is_not_said_and_sensitive_tags(shop: Shop) -> None:
    a_claim(shop)
    config = shop.folder / "config.yaml"
    more = "company: {name: 国家级商城}\ntagging: {groups: [{name: 宗教}]}\n"
    config.write_text(config.read_text("utf-8") + more, "utf-8")
    shop.run("check")
    assert "不照说的话：2 句" in shop.said
    assert "  · entry:claim：绝对化用语“国家级”\n" in shop.said
    assert "  · config:company.name：绝对化用语“国家级”\n" in shop.said
    assert "“宗教”是敏感信息（宗教与民族）" in shop.said
