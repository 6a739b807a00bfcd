"""What does a text say when every way of writing a digit or a dash is the same?

A number typed full-width, spelled in characters or with invisible signs in between is the same
number. Patterns look at the folded text; `Folded.span` leads back to what was written.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_CHINESE_DIGITS = str.maketrans(
    "零〇○" + "一壹幺" + "二贰" + "三叁" + "四肆" + "五伍" + "六陆" + "七柒" + "八捌" + "九玖",
    "000" + "111" + "22" + "33" + "44" + "55" + "66" + "77" + "88" + "99",
)
_SPELLED = re.compile(f"[{''.join(map(chr, _CHINESE_DIGITS))}]{{3,}}")  # 一些, 三八节 stay words


class Folded(NamedTuple):
    """A text for patterns to look at.

    Args:
        text: the folded text.
        origin: for each of its characters, the index of the one it stands for; then the end.
    """

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the folded text, not empty, stands, with the invisible signs after it."""
        return self.origin[start], max(self.origin[end], self.origin[end - 1] + 1)


def fold(text: str) -> Folded:
    """The text in one way of writing."""
    said: list[str] = []
    origin: list[int] = []
    for index, sign in enumerate(text):
        for part in _folded(sign):
            said.append(part)
            origin.append(index)
    folded = _SPELLED.sub(lambda run: run.group().translate(_CHINESE_DIGITS), "".join(said))
    return Folded(folded, (*origin, len(text)))


@lru_cache(maxsize=8192)
def _folded(sign: str) -> str:
    if sign.isascii():
        return sign if sign.isprintable() else " "
    category = unicodedata.category(sign)
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    if category in ("Cf", "Mn", "Me"):
        return ""
    if category in ("Pd", "Zs"):
        return "-" if category == "Pd" else " "
    if category == "No":  # ① counts things, it is no digit of a number
        return sign
    plain = unicodedata.normalize("NFKC", sign)
    return plain if plain.isprintable() else " "
