import pytest

from bot.llm.plain import plain


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("满 99 元包邮。", "满 99 元包邮。"),
        ("第一行\n第二行\n\n第三行", "第一行\n第二行\n\n第三行"),
        ("# 标题\n正文", "标题\n\n正文"),
        ("**粗** *斜* ~~删~~ `码`", "粗 斜 删 码"),
        ("- 一\n- 二\n  - 三", "· 一\n· 二\n  · 三"),
        ("* 一\n+ 二", "· 一\n\n· 二"),
        ("3. 三\n4. 四", "3. 三\n4. 四"),
        ("[官网](https://a.example)", "官网：https://a.example"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("<https://a.example>", "https://a.example"),
        ("[写信](mailto:x@a.example)", "写信：x@a.example"),
        ("![图](https://a.example/1.png)", "图：https://a.example/1.png"),
        ("| 金额 | 运费 |\n|---|---|\n| 满 99 | 0 |", "金额　运费\n满 99　0"),
        ("> 引用\n> 两行", "引用\n两行"),
        ("```\n代码\n```", "代码"),
        ("一<br>二", "一\n二"),
        ("上\n\n---\n\n下", "上\n\n下"),
        ("5 * 6 = 30", "5 * 6 = 30"),
        (r"\*不是粗体\*", "*不是粗体*"),
        ("", ""),
    ],
)
def test_markdown_becomes_what_a_chat_can_show(markdown: str, shown: str) -> None:
    assert plain(markdown) == shown
