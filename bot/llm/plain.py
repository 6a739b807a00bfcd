"""How does Markdown look in a chat that shows plain text?"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

BULLET = "· "
_CELLS = "\u3000"
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LINE_END = re.compile(r"(?m)[ \t\u3000]+$")
_MANY_LINES = re.compile(r"\n{3,}")


def plain(markdown: str) -> str:
    """The text as WeChat can show it: links spelt out, lists with dots, tables as lines."""
    tokens = _MARKDOWN.parse(_BREAK.sub("\n", markdown))
    text = _LINE_END.sub("", "".join(_blocks(tokens)))
    return _MANY_LINES.sub("\n\n", text).strip()


_ENDS = {
    "heading_close": "\n\n",
    "th_close": _CELLS,
    "td_close": _CELLS,
    "tr_close": "\n",
    "table_close": "\n",
}


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    counters: list[int | None] = []
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                counters.append(None)
            case "ordered_list_open":
                counters.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                counters.pop()
                yield "" if counters else "\n"
            case "list_item_open":
                yield "  " * (len(counters) - 1) + _mark(counters)
            case "inline":
                yield _inline(token.children or [])
            case "code_block" | "fence":
                yield token.content.rstrip("\n") + "\n\n"
            case "paragraph_close":
                yield "\n" if token.hidden or counters else "\n\n"
            case kind:
                yield _ENDS.get(kind, "")


def _mark(counters: list[int | None]) -> str:
    number = counters[-1]
    if number is None:
        return BULLET
    counters[-1] = number + 1
    return f"{number}. "


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                parts.append(token.content)
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(_named(token.content, str(token.attrs.get("src", ""))))
            case "link_open":
                links.append((str(token.attrs.get("href", "")), len(parts)))
            case "link_close":
                href, begin = links.pop()
                parts[begin:] = [_named("".join(parts[begin:]), href)]
            case _:
                pass
    return "".join(parts)


def _named(text: str, address: str) -> str:
    bare = address.removeprefix("mailto:")
    return f"{text}：{bare}" if bare and text not in ("", bare) else bare or text
