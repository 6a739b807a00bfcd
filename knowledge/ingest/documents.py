"""Which questions with answers does a document hold, and which passages is the rest?"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from knowledge.fields import MAX_ANSWER_BYTES
from knowledge.ingest.gathering import Gathering
from knowledge.ingest.html_text import QUESTION, Block, Page
from knowledge.ingest.texts import clean, one_line

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

PARAGRAPH, LINE = "段", "行"
"""What a document's places are counted in: the lines of Markdown are not those that one reads."""

PASSAGE_CHARACTERS = 600
BETWEEN = " › "

_MIN_CHARACTERS = 10  # less says nothing without what stands around it
_MAX_TITLE = 60
_BEGINNING = 12
"""Signs by which the line is found in which a part begins."""

_ASKED = re.compile(
    r"^(?:问题?|提问|Q(?:uestion)?)\s*[\d一二三四五六七八九十]{0,3}\s*[:：.、]\s*(?P<text>\S.*)$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(?:\d{1,3}[.、)）]|[（(]\d{1,3}[)）])\s*(?P<text>\S.{1,60}[?？])$")
_ANSWERED = re.compile(
    r"^(?:答案?|回答|回复|A(?:nswer)?)\s*\d{0,3}\s*[:：]\s*(?P<text>.*)$", re.IGNORECASE
)
_HEADING_NUMBER = re.compile(
    r"^(?:\d{1,3}(?:\.\d{1,3})*[.、)）]?\s+|\d{1,3}[.、)）]\s*|Q\d*[:：.]\s*)"
)
_TEXT_HEADING = re.compile(
    r"^(?:第[一二三四五六七八九十百\d]{1,4}[章节条部分]+|[一二三四五六七八九十]{1,3}、)\s*\S.{0,28}$"
)


@cache
def _splitter() -> "RecursiveCharacterTextSplitter":
    # Costs a second and 36 MB to import: whoever reads no document goes without.
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415

    return RecursiveCharacterTextSplitter(
        chunk_size=PASSAGE_CHARACTERS,
        chunk_overlap=0,
        separators=["\n\n", "\n", "。", "！", "？", "；", "，", "、", " ", ""],
        keep_separator="end",
    )


class _Section(msgspec.Struct):
    """What stands under one heading."""

    path: list[str]
    asks: bool = False
    lines: list[tuple[int, str]] = []
    unit: str = PARAGRAPH

    def place(self, at: int | None) -> str:
        """Where a line of it stands, as people find it."""
        path = BETWEEN.join(self.path)
        where = f"“{path}”" if path else "开头"
        return where if at is None else f"{where}第 {at} {self.unit}"


def read_text(text: str) -> Page:
    """Blocks of a plain text; short lines such as 第一章 or 一、 are headings."""
    lines = clean(text).split("\n")
    blocks = [
        Block(2 if _TEXT_HEADING.match(line) and not line.endswith(("。", "；", "，")) else 0, line)
        for line in lines
    ]
    return Page("", blocks, LINE)


def gather_page(page: Page, name: str, into: Gathering) -> None:
    """Take a document's questions and passages.

    Args:
        name: of the document where it has no title.
    """
    tops = [block for block in page.blocks if block.level == 1]
    top = tops[0].text if len(tops) == 1 else ""
    title = page.title or top or name
    for section in _sections(page, top):
        rest = list(_pairs(section, into))
        text = clean("\n".join(line for _, line in rest))
        place = section.place(rest[0][0] if rest else None)
        if section.asks and text and len(text.encode()) <= MAX_ANSWER_BYTES:
            asked = _HEADING_NUMBER.sub("", section.path[-1])
            above = BETWEEN.join(section.path[:-1])
            into.add(place, {"question": asked, "answer": text, "heading": above})
        elif section.asks and not text:
            continue  # its answers are under headings of their own
        elif text:
            _passages(rest, title, section, into)


def _sections(page: Page, top: str) -> list[_Section]:
    """What stands under each heading; the only one of level 1 is the document's title."""
    levels: list[tuple[int, str]] = []
    sections = [_Section([], unit=page.unit)]
    counted = 0
    for block in page.blocks:
        counted += page.unit == LINE or not block.level
        if not block.level:
            sections[-1].lines.append((counted, block.text))
            continue
        while levels and levels[-1][0] >= block.level:
            levels.pop()
        levels.append((block.level, block.text))
        path = [text for level, text in levels if not (level == 1 and text == top)]
        asks = bool(path) and (block.level == QUESTION or block.text.endswith(("?", "？")))
        sections.append(_Section(path, asks, unit=page.unit))
    return sections


def _pairs(section: _Section, into: Gathering) -> Iterator[tuple[int, str]]:
    """Take what is written as 问：… 答：…; yields the lines that are not."""
    asked, place = "", ""
    answer: list[str] = []
    heading = BETWEEN.join(section.path)
    numbered = sum(bool(_NUMBERED.match(line)) for _, line in section.lines)
    marked = any(_ASKED.match(line) for _, line in section.lines)
    for at, line in section.lines:
        question = _ASKED.match(line)
        if question is None and not marked and (numbered > 1 or asked):
            question = _NUMBERED.match(line)
        if question:
            if asked:
                _add_pair(into, place, asked, answer, heading)
            asked, answer, place = question["text"], [], section.place(at)
        elif asked:
            said = _ANSWERED.match(line) if not answer else None
            answer.append(said["text"] if said else line)
        else:
            yield at, line
    if asked:
        _add_pair(into, place, asked, answer, heading)


def _add_pair(into: Gathering, place: str, asked: str, answer: list[str], heading: str) -> None:
    values = {"question": asked, "answer": "\n".join(answer), "heading": heading}
    into.add(place, values)


def _passages(
    lines: Sequence[tuple[int, str]], title: str, section: _Section, into: Gathering
) -> None:
    heading = BETWEEN.join(section.path)
    named = BETWEEN.join(one_line(part)[:_MAX_TITLE] for part in (title, *section.path))
    text = clean("\n".join(line for _, line in lines))
    if len(text) < _MIN_CHARACTERS:
        into.skip(section.place(lines[0][0]), f"只有 {len(text)} 个字（{text}）")
        return
    left = list(lines)
    for part in _splitter().split_text(text):
        while len(left) > 1 and not _holds(left[0][1], part):
            left.pop(0)
        values: dict[str, Any] = {"question": named, "answer": part}
        place = section.place(left[0][0])
        into.add(place, values | {"kind": "passage", "heading": heading})


def _holds(line: str, part: str) -> bool:
    """Whether a part begins within this line."""
    start = "".join(part.split("\n", maxsplit=1)[0].split())
    return bool(start) and start[:_BEGINNING] in "".join(line.split())
