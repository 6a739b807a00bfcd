"""Are questions in documents found, and is the rest cut where a reader would cut?"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import FaqEntry
from knowledge.ingest import Skip, UnreadableFile, find_sources, read_source
from tests.unit.knowledge.ingest.files import documents


def read(folder: Path, text: str, name: str = "文档.md") -> list[FaqEntry]:
    path = folder / name
    path.write_text(text, "utf-8", newline="")
    [source] = find_sources([path], [])
    return [one.entry for one in read_source(source).found]


def pairs(entries: list[FaqEntry]) -> list[tuple[str, str]]:
    return [(entry.question, entry.answer) for entry in entries]


def test_a_folder_is_read_with_everything_in_it(tmp_path: Path) -> None:
    skips: list[Skip] = []
    sources = find_sources([documents(tmp_path / "帮助")], skips)
    assert [source.file for source in sources] == [
        "帮助/broken.xlsx", "帮助/members.html", "帮助/notes.txt", "帮助/sub/shipping.md",
        "帮助/价格.csv", "帮助/退换货.md",
    ]  # fmt: skip
    assert [str(skip) for skip in skips] == ["帮助/logo.png：不认识这种文件（.png）"]
    origins = {source.file: read_source(source) for source in sources}
    assert origins["帮助/broken.xlsx"].unread
    said = {one.entry.question for origin in origins.values() for one in origin.found}
    assert said == {
        "偏远地区包邮吗？", "可以指定快递吗", "七天无理由退货多少天内有效？", "退换货政策",
        "退换货政策 › 不能退的商品", "退换货政策 › 换货 › 流程", "积分会过期吗？", "怎么升级",
        "会员中心 › 权益", "notes › 一、平日", "notes › 二、节假日", "贵吗", "能便宜吗",
    }  # fmt: skip


def test_questions_and_answers_are_found_in_their_usual_forms(tmp_path: Path) -> None:
    text = (
        "问：包邮吗？\n答：满 99 元包邮。\n  偏远除外。\n\n**Q2：** 能退吗\n**A：** 能。\n\n"
        "问题三：怎么退？\n\n回答：在订单页。\n"
    )
    assert pairs(read(tmp_path, text)) == [
        ("包邮吗？", "满 99 元包邮。偏远除外。"),
        ("能退吗", "能。"),
        ("怎么退？", "在订单页。"),
    ]


def test_a_heading_that_asks_is_a_question(tmp_path: Path) -> None:
    text = "# 手册\n## 1. 怎么洗？\n冷水手洗。\n\n- 不要拧\n- 平铺\n"
    text += "## 保养\n不要暴晒，放在干燥的地方。\n"
    first, second = read(tmp_path, text)
    assert (first.question, first.answer) == ("怎么洗？", "冷水手洗。\n· 不要拧\n· 平铺")
    assert (first.kind, second.kind) == ("faq", "passage")
    assert (second.question, second.heading) == ("手册 › 保养", "保养")


def test_numbered_questions_of_a_text_are_found(tmp_path: Path) -> None:
    text = "常见问题\n1、几点营业？\n10 点。\n2、周末营业吗？\n营业。\n"
    found = pairs(read(tmp_path, text, "a.txt"))
    assert found == [("几点营业？", "10 点。"), ("周末营业吗？", "营业。")]


def test_a_long_document_is_cut_at_the_end_of_sentences(tmp_path: Path) -> None:
    sentence = "这是一句关于售后服务政策的说明文字，大约三十个字左右的样子。"
    entries = read(tmp_path, f"# 政策\n## 总则\n{sentence * 60}\n")
    assert len(entries) > 2
    assert {entry.question for entry in entries} == {"政策 › 总则"}
    assert all(len(entry.answer) <= 600 and entry.answer.endswith("。") for entry in entries)
    assert "".join(entry.answer for entry in entries) == sentence * 60
    assert len({entry.id for entry in entries}) == len(entries)


def test_a_wrapped_line_of_chinese_gets_no_space(tmp_path: Path) -> None:
    [entry] = read(tmp_path, "# 一\n## 二\n现货四十八小时内\n发出，预售另计。\n")
    assert entry.answer == "现货四十八小时内发出，预售另计。"


def test_html_is_read_without_menus_and_scripts(tmp_path: Path) -> None:
    text = (
        "<title>页</title><nav>首页</nav><script>x()</script><article><h2>尺寸</h2>"
        "<p>请看<a href='https://a.example/s'>尺码表</a>，按平时的尺码选。</p>"
        "<pre>S 码\n M 码</pre><ol><li>量肩宽<li>量胸围</ol></article><footer>备案号</footer>"
    )
    [entry] = read(tmp_path, text, "a.html")
    assert entry.answer == (
        "请看尺码表（https://a.example/s），按平时的尺码选。\nS 码\nM 码\n1. 量肩宽\n2. 量胸围"
    )


def test_html_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    """The parser's time is quadratic in the depth."""
    path = tmp_path / "a.html"
    path.write_text("<div>" * 200_000 + "很深的一句话", "utf-8")
    [source] = find_sources([path], [])
    assert read_source(source).unread == "标签嵌套超过 2000 层"
    [entry] = read(tmp_path, "<div>" * 500 + "<p>这里只有一句话，藏得很深。", "b.html")
    assert entry.answer == "这里只有一句话，藏得很深。"


def test_paths_that_give_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"x")
    for path in (tmp_path / "none", tmp_path / "a.docx"):
        with pytest.raises(UnreadableFile):
            find_sources([path], [])


@given(st.text(max_size=300), st.sampled_from(["a.md", "a.html", "a.txt", "a.csv"]))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, text: str, name: str) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    [source] = find_sources([path], [])
    read_source(source)


def test_a_passage_says_where_it_stands(tmp_path: Path) -> None:
    long = "\n\n".join(f"第 {n} 条规则，{'说明' * 120}。" for n in range(1, 6))
    entries = read(
        tmp_path, f"# 手册\n\n开头的话在这里说清楚。\n\n## 规则\n\n{long}\n\n## 怎么退？\n\n寄回。"
    )
    places = [entry.place for entry in entries]
    assert places[0] == "开头第 1 段"
    assert places[1:-1] == [f"“规则”第 {at} 段" for at in (2, 4, 6)]
    assert places[-1] == "“怎么退？”第 7 段"
    [note] = read(tmp_path, "\n一、平日\n早上九点开门，晚上十点关门。\n", "时间.txt")
    assert note.place == "“一、平日”第 2 行"
