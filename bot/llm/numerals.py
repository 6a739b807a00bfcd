"""How much is "三百五", "1.2万" or "半"? Numerals as people and models write them in Chinese."""

import re
from fractions import Fraction

_DIGITS = dict(zip("零一二三四", range(5), strict=True)) | dict(
    zip("五六七八九", range(5, 10), strict=True)
)
DIGITS = {**_DIGITS, "\u3007": 0, "两": 2, "幺": 1}
_POWERS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000}
_MULTIPLES = _POWERS | _MYRIADS

HAN = f"[{''.join(DIGITS)}{''.join(_POWERS)}{''.join(_MYRIADS)}]"
"""A character of a numeral."""

ARABIC = r"\d+(?:,\d{3})*(?:\.\d+)?"

_FORMAL = str.maketrans("壹贰叁肆伍", "一二三四五") | str.maketrans(
    "陆柒捌玖拾佰仟", "六七八九十百千"
)

_TO_TWENTY = """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty"""
_TENS = """thirty forty fifty sixty seventy eighty ninety hundred"""
_IN_ENGLISH = {word: str(value) for value, word in enumerate(_TO_TWENTY.split(), 2)} | {
    word: str(10 * tens) for tens, word in enumerate(_TENS.split(), 3)
}
_ENGLISH = re.compile(rf"\b(?:{'|'.join(_IN_ENGLISH)})\b")


def in_digits(text: str) -> str:
    """The text with English number words as digits, and Chinese ones as they are commonly written.

    "twenty-five" becomes two numbers.
    """
    return _ENGLISH.sub(lambda found: _IN_ENGLISH[found[0]], text.translate(_FORMAL))


def value_of(numeral: str) -> Fraction:
    """The number that a numeral of digits or Chinese characters stands for.

    Raises:
        ValueError: it is none.
    """
    head, power = numeral.strip().replace(",", ""), 1
    if not head[0].isdigit():
        return Fraction(_han(head))
    while head[-1] in _MULTIPLES:
        power *= _MULTIPLES[head[-1]]
        head = head[:-1].rstrip()
    return Fraction(head) * power


def _han(numeral: str) -> int:
    if not any(sign in _POWERS or sign in _MYRIADS for sign in numeral):
        return int("".join(str(DIGITS[sign]) for sign in numeral))
    total = section = digit = 0
    last = 1
    for sign in numeral:
        if sign in DIGITS:
            digit = DIGITS[sign]
            last = last if digit else 10  # 一百零五 is 105, 一百五 is 150
        elif sign in _POWERS:
            last = _POWERS[sign]
            section += (digit or 1) * last
            digit = 0
        elif sign in _MYRIADS:
            last = _MYRIADS[sign]
            total += ((section + digit) or 1) * last
            section = digit = 0
        else:
            raise ValueError(f"no numeral: {sign}")
    return total + section + digit * (last // 10 if last > 10 else 1)
