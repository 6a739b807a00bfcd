"""What do the pages say? Blocks, links and words in code style, ready to be checked."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Args:
        language: first word after the fence.
        mark: second word: what the block is an example of, or the file it stands for.
    """

    page: Path
    language: str
    mark: str
    text: str


def pages() -> list[Path]:
    """Every page that people read."""
    places = ("*.md", "docs/**/*.md", "deploy/*.md", "prompts/*.md", "knowledge/**/*.md")
    return sorted({path for place in places for path in ROOT.glob(place)})


def name_of(page: Path) -> str:
    """A page's path from the root."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for found in _FENCE.finditer(page.read_text("utf-8")):
        language, _, mark = found["info"].strip().partition(" ")
        yield Block(page, language, mark, textwrap.dedent(found["text"]))


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def links(page: Path) -> list[str]:
    """Where the links of a page lead."""
    return _LINK.findall(prose(page))


def words_in_code_style(page: Path) -> list[str]:
    """What stands between backticks in the prose of a page."""
    return _CODE.findall(prose(page))


def command_lines(page: Path) -> list[str]:
    """Every `concierge …` of a page, in its prose and in its shell blocks."""
    shell = [line for block in blocks(page) if block.language == "bash" for line in lines(block)]
    found = [*words_in_code_style(page), *shell]
    return [line for line in found if line.startswith("concierge ")]


def lines(block: Block) -> list[str]:
    """The lines of a block, continued ones joined."""
    return block.text.replace("\\\n", " ").splitlines()
