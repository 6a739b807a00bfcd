"""What does a page say, without its menus and scripts? Headings and lines, in order."""

import re
from collections.abc import Iterator

import msgspec
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.ingest.skips import UnreadableFile
from knowledge.ingest.texts import clean, one_line

QUESTION = 7
"""The level of a block that is the term of a definition list."""

_DROPPED = (
    "script, style, noscript, template, nav, footer, aside, form, button, select, iframe, object,"
    " svg, canvas, video, audio, head, [hidden], [aria-hidden=true]"
)
_BLOCK_TAGS = (
    "address article blockquote body center dd details dialog div dl dt fieldset figcaption figure"
    " footer header hr html li main ol p pre section summary table tbody tfoot thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_ENDLESS = (
    "area base br col embed hr img input link meta source track wbr html head body p li td th tr dt"
    " dd option thead tbody tfoot"
)
_NEED_NO_END = frozenset(_ENDLESS.split())
_MAX_DEPTH = 2_000
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_MARK = "问|答|问题|回答|答案|Q|A"
_PAIR = re.compile(rf"\n(?=[ \t]*[*_]{{0,2}}(?:{_MARK})[\w ]{{0,4}}[*_]{{0,2}}[:：])")  # a new line
_WIDE = "[\u2014-\u2026\u3000-\u9fff\uff00-\uffef]"
_WRAPPED = re.compile(rf"(?<={_WIDE})[ \t]*\n\s*(?={_WIDE})")  # Chinese has no spaces
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)


class Block(msgspec.Struct, frozen=True):
    """A heading (level 1 to 6), a `QUESTION`, or a line of text (level 0)."""

    level: int
    text: str


class Page(msgspec.Struct):
    """A document as blocks.

    Args:
        unit: what its places are counted in.
    """

    title: str
    blocks: list[Block]
    unit: str = "段"


def read_markdown(text: str) -> Page:
    """Blocks of a Markdown document; its front matter may give the title."""
    text = text.replace("\r\n", "\n")
    front = _FRONT_MATTER.match(text)
    named = _TITLE.search(front[1]) if front else None
    body = _PAIR.sub("\n\n", text[front.end() :] if front else text)
    page = read_html(f"<body>{MarkdownIt('commonmark').enable('table').render(body)}</body>")
    return Page(named[1] if named else page.title, page.blocks)


def read_html(text: str) -> Page:
    """Blocks of the page's main part.

    Raises:
        UnreadableFile: it nests deeper than any page; the parser takes quadratic time then.
    """
    _refuse_depths(text)
    tree = LexborHTMLParser(text)
    title = tree.css_first("title")
    name = one_line(title.text()) if title else ""
    for node in tree.css(_DROPPED):
        node.decompose()
    root = tree.css_first("main") or tree.css_first("article") or tree.body
    return Page(name, list(_Reader().blocks(root)) if root else [])


def html_to_text(text: str) -> str:
    """The lines of a piece of html, such as an answer that a web editor has written."""
    return clean("\n".join(block.text for block in read_html(text).blocks))


def _refuse_depths(text: str) -> None:
    depth = 0
    for closing, tag in _TAG.findall(text):
        if tag.lower() not in _NEED_NO_END:
            depth += -1 if closing else 1
            if depth > _MAX_DEPTH:
                raise UnreadableFile(f"标签嵌套超过 {_MAX_DEPTH} 层")


class _Reader:
    """Turns a walk over a tree into blocks."""

    def __init__(self) -> None:
        self._line = ""
        self._level = 0
        self._pre = 0
        self._lists: list[int] = []
        self._cells: list[str] | None = None
        self._heads: list[str] = []

    def blocks(self, root: LexborNode) -> Iterator[Block]:
        for node, opens in _walk(root):
            tag = str(node.tag)
            if tag == "-text":
                text = node.text(deep=False)
                self._line += text if self._pre else re.sub(r"\s+", " ", _WRAPPED.sub("", text))
            elif tag in _HEADINGS:
                yield from self._end_line()
                self._level = _HEADINGS[tag] if opens else 0
            elif tag in ("td", "th", "tr", "table"):
                yield from self._table(tag, opens)
            elif tag == "br" and opens:
                yield from self._break()
            elif tag in _BLOCKS:
                yield from self._end_line()
                self._block(tag, opens)
            elif tag == "a" and not opens:
                self._link(node)
        yield from self._end_line()

    def _block(self, tag: str, opens: bool) -> None:
        match tag:
            case "dt":
                self._level = QUESTION if opens else 0
            case "pre":
                self._pre += 1 if opens else -1
            case "ol" | "ul" if opens:
                self._lists.append(0 if tag == "ol" else -1)
            case "ol" | "ul" if self._lists:
                self._lists.pop()
            case "li" if opens and self._lists and self._cells is None:
                number = self._lists[-1]
                self._lists[-1] += 1 if number >= 0 else 0
                self._line = f"{number + 1}. " if number >= 0 else "· "

    def _table(self, tag: str, opens: bool) -> Iterator[Block]:
        if tag == "table":
            yield from self._end_line()
            self._heads, self._cells = [], None
        elif tag == "tr" and opens:
            self._cells, self._line = [], ""
        elif tag == "tr":
            cells, self._cells = self._cells or [], None
            yield from self._row(cells)
        elif opens:
            self._line = ""
            if tag == "th" and self._cells == []:
                self._heads = []
        elif self._cells is not None:
            self._cells.append(one_line(self._line))
            self._line = ""
            if tag == "th":
                self._heads = list(self._cells)

    def _row(self, cells: list[str]) -> Iterator[Block]:
        if cells == self._heads or not any(cells):
            return
        if len(cells) == len(self._heads):
            pairs = zip(self._heads, cells, strict=True)
            line = "；".join(f"{head}：{cell}" if head else cell for head, cell in pairs if cell)
        else:
            line = "，".join(filter(None, cells))
        yield Block(0, line)

    def _link(self, node: LexborNode) -> None:
        address = (node.attributes.get("href") or "").strip()
        if address.startswith(("http://", "https://")) and address not in self._line:
            self._line += f"（{address}）"

    def _break(self) -> Iterator[Block]:
        if self._cells is None and not self._level:
            yield from self._end_line()
        else:
            self._line += " "

    def _end_line(self) -> Iterator[Block]:
        if self._cells is not None:  # inside a table a cell is one line
            self._line += " "
            return
        text = clean(self._line) if self._pre else one_line(self._line)
        self._line = ""
        if text.strip("· "):
            yield Block(self._level, text)


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every node when it opens and, unless it is text, when it closes; however deep they nest."""
    node: LexborNode | None = root
    while node is not None:
        yield node, True
        if node.child is not None:
            node = node.child
            continue
        while node is not None:
            if str(node.tag) != "-text":
                yield node, False
            if node.mem_id == root.mem_id:
                return
            if node.next is not None:
                node = node.next
                break
            node = node.parent
