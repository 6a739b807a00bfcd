"""How is a word read through what disguises it: spaces, symbols, width, script, look-alikes?

One character becomes none, one or a few; where something was found, `origins` leads from the
folded text back to what was written.
"""

import unicodedata

from knowledge.fold import even_out

_DIGITS = {
    sign: digit
    for digit, signs in zip(
        "0123456789",
        ("零〇○", "一壹", "二贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"),
        strict=True,
    )
    for sign in signs
}
_LETTERS = dict(
    zip(
        "аеорсхуіѕкмтнв" + "αορνκ" + "oli",
        "ae0pcxy1skmthb" + "a0pvk" + "011",
        strict=True,
    )
)
"""Cyrillic and Greek letters that look Latin; o, l and i, which look like digits."""

_BLANK_LETTERS = "\u115f\u1160"
"""Letters by category that nobody sees."""

_KEPT_SYMBOLS = "%"


class _Folds(dict[int, str]):
    """What each character is read as; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _read_as(chr(code))
        return folded


def _read_as(sign: str) -> str:
    if unicodedata.category(sign) in ("Cs", "Cn", "Co"):
        return ""
    # half a character of another script is none: what NFKC makes of one is looked at, too
    plain = "".join(map(even_out, unicodedata.normalize("NFKC", sign)))
    return "".join(_letter(one) for one in plain)


def _letter(sign: str) -> str:
    if sign in _KEPT_SYMBOLS:
        return sign
    sign = _DIGITS.get(sign, sign)
    if unicodedata.category(sign)[0] not in "LN" or sign in _BLANK_LETTERS:
        return ""
    return _LETTERS.get(sign, sign)


_FOLDS = _Folds()


def undisguised(text: str) -> str:
    """The text as words are looked for in it: letters, digits and % alone, each in one form."""
    return text.translate(_FOLDS)


def origins(text: str) -> list[int]:
    """For each character of the undisguised text the index of the one it stands for."""
    return [index for index, sign in enumerate(text) for _ in _FOLDS[ord(sign)]]
