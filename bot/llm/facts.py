"""Which hard facts does a text state? Numbers with their units, times, links, contacts, codes.

Fails closed: a digit that fits no pattern is a fact of its own, which nothing else will support.
Text is expected in one width, case and script.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple

import yaml

from bot.llm.numerals import ARABIC, DIGITS, HAN, in_digits, value_of

Bound = Literal["", "upper", "lower"]


class Fact(NamedTuple):
    """Something that is either so or not.

    Args:
        kind: what it is about: ``money``, ``duration``, ``clock``, ``link`` …
        value: in the smallest unit of its kind.
        top: upper end of a range, else empty.
        bound: whether it is said to be the most (within, before, below) or the least.
        at: where it begins in its text.
    """

    kind: str
    value: str
    top: str = ""
    bound: Bound = ""
    at: int = 0


_UNITS: dict[str, tuple[str, Fraction]] = {
    name.replace("·", " "): (kind, Fraction(str(worth)))
    for kind, sizes in yaml.safe_load(
        Path(__file__).with_name("units.yaml").read_text("utf-8")
    ).items()
    for worth, names in sizes.items()
    for name in names.split()
}


def _either(words: object) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))  # type: ignore[call-overload]


_HAN_UNIT = _either(name for name in _UNITS if not name.isascii())
_ASCII_UNIT = _either(name for name in _UNITS if name.isascii())
_UNIT = rf"(?:(?:{_HAN_UNIT})(?!分之)|(?:{_ASCII_UNIT})(?![a-z0-9_]))"
_MANY = "[十百千万亿]"
_NUMBER = rf"(?:{ARABIC}(?:\s*[百千万亿])?|{HAN}+)"
_SMALL = rf"(?:\d{{1,2}}|{HAN}{{1,3}})"
_TO = r"\s*(?:-|–|—|~|至|到|或)+\s*"

_MAIL = r"[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+"
_LINK = (
    r"(?:[a-z][a-z0-9+.\-]*://|www\.)[!-~]+"
    r"|(?<![a-z0-9@.\-])(?:[a-z0-9\-]+\.)+[a-z]{2,}(?:[:/][!-~]*)?"
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:[:/][!-~]*)?"
)
_DATE = (
    rf"(?P<year>\d{{4}})\s*[年\-/.]\s*(?P<month>{_SMALL})(?:\s*[月\-/.]\s*(?P<day>{_SMALL})\s*[日号]?|\s*月)"
    rf"|(?P<month2>{_SMALL})\s*月\s*(?P<day2>{_SMALL})\s*[日号]"
    rf"|(?P<year3>(?:19|20)\d\d)\s*年"
    rf"|(?P<month4>{_SMALL})\s*月(?!\s*卡)"
)
_PERIOD = "凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|今晚|早|晚"
_LATE = ("下午", "傍晚", "晚上", "夜里", "今晚", "晚")
_CLOCK = (
    rf"(?P<period>{_PERIOD})?\s*(?:(?P<hour>\d{{1,2}})\s*:\s*(?P<minute>\d\d)(?!\d)"
    rf"|(?P<hour2>{_SMALL})\s*(?:点(?!击)|(?<=\d)\s*时(?!间))(?:(?P<half>半)|(?P<quarter>[一三])刻"
    rf"|(?P<minute2>{_SMALL})\s*分?)?[钟整]?|(?P<hour3>\d{{1,2}})(?=\s*[ap]\.?m\b))"
    rf"\s*(?P<ampm>[ap])?(?(ampm)\.?m\.?)"
)
_DAYS = "一二三四" + "五六日天末"
_WEEKDAY = rf"(?<![\d半{''.join(DIGITS)}])(?:周|星期|礼拜)(?P<days>[{_DAYS}]+)(?![次回])"
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WEEKDAY_EN = rf"\b(?P<name>{'|'.join(_WEEKDAYS)})s?\b"
_PHONE = r"(?<![\d.])\+?\d(?:[ \-]?\d){6,}(?![\d.])|" + f"[{''.join(DIGITS)}]{{5,}}"
_VAGUE = (
    rf"几{_MANY}|{_MANY}几|[十百千万]来(?={_UNIT})|数[十百千万]|上[百千万](?={_UNIT})"
    rf"|(?:\d|[十百千万])\s*多(?={_UNIT})|\bhalf\b|\bdozens?\b|\bhundreds\b"
)
_ORDINAL = rf"第\s*(?P<nth>{_NUMBER})\s*(?P<of>{_UNIT}|步|点)?"
_IDIOM = (
    rf"千万(?!{_UNIT})|万一|十分(?!钟)|万分|一一(?!{_UNIT})|一(?=部分|分钱)|一(?:点(?!钟)|时|刻)"
)
_OFF = rf"(?P<off>{_NUMBER}|半)\s*折|半价"
_SHARE = (
    rf"百分之(?P<share>{_NUMBER}|百)|百分百|一半|半数"
    rf"|(?P<tenths>{_SMALL})成(?!功|为|员|交|就|绩|立|熟)"
)
_HALF = rf"半\s*(?P<half_of>个?(?:{_HAN_UNIT}))|(?P<more>{_NUMBER})\s*个半(?P<more_of>{_HAN_UNIT})"
_MONEY = rf"[¥$]\s*(?P<sum>{ARABIC})(?:{_TO}[¥$]?\s*(?P<sum_to>{ARABIC}))?"
_QUANTITY = (
    rf"(?<![a-z\d_.])(?P<low>{_NUMBER})(?:\s*(?P<low_of>{_UNIT}))?{_TO}(?P<high>{_NUMBER})\s*(?P<of2>{_UNIT})?"
    rf"(?![a-z\d_])"
    rf"|(?<![a-z\d_.])(?P<one>{_NUMBER})\s*(?P<of>{_UNIT})(?P<and_half>半)?"
    rf"|(?<![a-z\d_.])(?P<bare>{_NUMBER})(?![a-z\d_])"
)
_LATIN = r"[a-z0-9_][a-z0-9_\-]*"
_CONTACT_NAME = (
    r"\b(?:wechat|weixin|vx|qq|telegram|whatsapp)(?:\s+(?:id|is|account|number|no))*[\s:]*"
)

_STEPS = ("步", "点", "种", "条")
_ARTICLES = frozenset("个位家种款条份")
_LIMITING = re.compile("(?:每|限|只|仅|最|满|送|领|得|共|各|前)[^，。]{0,3}$")
_COSTS = re.compile("(?:满|减|付|收|价|价格|只要|只需|仅需|优惠|返|运费|加)\\s*$")
_AFTER: tuple[tuple[re.Pattern[str], Bound], ...] = (
    (re.compile(r"\s*(?:钟|左右)?\s*(?:以内|之内|内|以下|之前|以前|前(?!台))"), "upper"),
    (re.compile(r"\s*(?:以上|及以上|起|以后|之后|后(?!天))"), "lower"),
)
_BEFORE: tuple[tuple[re.Pattern[str], Bound], ...] = (
    (
        re.compile(
            r"(?:不满|未满|不到|不足|低于|少于|小于|不超过|最多|至多|最晚"
            r"|within|under|below|less than|up to|at most|before|by)\s*$"
        ),
        "upper",
    ),
    (
        re.compile(
            r"(?:满|达|达到|超过|大于|高于|不低于|不少于|至少"
            r"|over|above|more than|at least|after)\s*$"
        ),
        "lower",
    ),
)


def facts_in(text: str) -> list[Fact]:
    """Every hard fact of a text, in no order; an enumeration's numbers are none."""
    return list(_Reader(in_digits(text)).read())


class _Reader:
    """Reads one kind after another and blanks what it has read."""

    def __init__(self, text: str) -> None:
        self._text, self._left = text, text

    def read(self) -> Iterator[Fact]:
        for found in self._take(_MAIL):
            yield Fact("mail", found[0], at=found.start())
        for found in self._take(_LINK):
            yield Fact("link", found[0].rstrip(".,;:!?)]}'\""), at=found.start())
        for found in self._take(_DATE):
            yield from _date(found)
        for found in self._take(_CLOCK):
            yield from self._clock(found)
        for found in self._take(_WEEKDAY):
            for day in found["days"].replace("末", "六日").replace("天", "日"):
                yield Fact("weekday", str(_DAYS.index(day) + 1), at=found.start())
        for found in self._take(_WEEKDAY_EN):
            yield Fact("weekday", str(_WEEKDAYS.index(found["name"]) + 1), at=found.start())
        for found in self._take(_PHONE):
            digits = "".join(str(DIGITS.get(sign, sign)) for sign in found[0] if sign not in " -")
            yield Fact("digits", digits.lstrip("+"), at=found.start())
        for found in self._take(_VAGUE):
            yield Fact("vague", found[0], at=found.start())
        yield from self._shares()
        for found in self._take(_QUANTITY):
            yield from self._quantity(found)
        for found in self._take(_LATIN):
            yield Fact("code", found[0].strip("-_"), at=found.start())

    def _take(self, pattern: str) -> Iterator[re.Match[str]]:
        for found in re.finditer(pattern, self._left):
            if found[0]:
                yield found
        self._left = re.sub(pattern, lambda found: "\0" * len(found[0]), self._left)

    def _clock(self, found: re.Match[str]) -> Iterator[Fact]:
        hour_text = found["hour"] or found["hour2"] or found["hour3"]
        if found["hour2"] == "一" and not found["period"] and not found["half"]:
            return  # 一点: a little
        hour = int(value_of(hour_text))
        minute = int(value_of(found["minute"] or found["minute2"] or "0"))
        minute += 30 if found["half"] else {"一": 15, "三": 45}.get(found["quarter"] or "", 0)
        period = found["period"] or {"a": "上午", "p": "下午"}.get(found["ampm"] or "", "")
        if (period in _LATE and hour < 12) or (period == "中午" and hour < 4):
            hour += 12
        elif period and period not in ("中午", "下午") and hour == 12:
            hour = 24 if period in _LATE else 0
        yield self._bounded(Fact("clock", str(60 * hour + minute), at=found.start()), found)

    def _shares(self) -> Iterator[Fact]:
        for found in self._take(_ORDINAL):
            if found["of"] not in _STEPS and found["of"] not in ("天", "日"):
                yield Fact("ordinal", str(value_of(found["nth"])), at=found.start())
        list(self._take(_IDIOM))
        for found in self._take(_OFF):
            off = value_of(found["off"]) if found["off"] not in (None, "半") else Fraction(5)
            yield Fact("off", str(off / 10 if off >= 10 else off), at=found.start())
        for found in self._take(_SHARE):
            if found["share"] and found["share"] != "百":
                share = value_of(found["share"])
            elif found["tenths"]:
                share = 10 * value_of(found["tenths"])
            else:
                share = Fraction(100 if "百" in found[0] else 50)
            yield self._bounded(Fact("percent", str(share), at=found.start()), found)
        for found in self._take(_HALF):
            unit = found["half_of"] or found["more_of"]
            count = Fraction(1, 2) + (value_of(found["more"]) if found["more"] else 0)
            yield self._bounded(_measured(count, _known(unit), found.start()), found)
        for found in self._take(_MONEY):
            kind = "usd" if "$" in found[0] else "money"
            low, high = found["sum"], found["sum_to"]
            fact = _ranged(value_of(low), value_of(high) if high else None, (kind, Fraction(1)))
            yield self._bounded(fact._replace(at=found.start()), found)

    def _quantity(self, found: re.Match[str]) -> Iterator[Fact]:
        at = found.start()
        if found["low"]:
            unit = found["of2"] or found["low_of"]
            if not unit and not found["low"][0].isdigit():
                return
            low_unit = _known(found["low_of"] or unit)
            known = _known(unit)
            low = value_of(found["low"]) * low_unit[1] / known[1]
            fact = _ranged(low, value_of(found["high"]), known)
            yield self._bounded(fact._replace(at=at), found)
        elif found["one"]:
            yield from self._one(found, found["one"], found["of"])
        elif found["bare"][0].isdigit():
            costs = _COSTS.search(self._text[:at])
            yield self._bounded(
                Fact("money" if costs else "bare", str(value_of(found["bare"])), at=at), found
            )
        elif len(found["bare"]) > 1:
            yield Fact("bare", str(value_of(found["bare"])), at=at)

    def _one(self, found: re.Match[str], numeral: str, unit: str) -> Iterator[Fact]:
        at = found.start()
        if numeral == "一" and unit in _ARTICLES and not _LIMITING.search(self._text[:at]):
            return
        if _counts_up(numeral):  # 两三天
            low, high = Fraction(DIGITS[numeral[0]]), Fraction(DIGITS[numeral[1]])
            yield self._bounded(_ranged(low, high, _known(unit))._replace(at=at), found)
            return
        count = value_of(numeral) + (Fraction(1, 2) if found["and_half"] else 0)
        yield self._bounded(_measured(count, _known(unit), at), found)

    def _bounded(self, fact: Fact, found: re.Match[str]) -> Fact:
        before, after = self._text[: found.start()], self._text[found.end() :]
        for pattern, bound in _AFTER:
            if pattern.match(after):
                return fact._replace(bound=bound)
        for pattern, bound in _BEFORE:
            if pattern.search(before):
                return fact._replace(bound=bound)
        return fact


def contact_names(text: str) -> set[str]:
    """What is named as an account right after a messenger's name."""
    return set(re.findall(rf"{_CONTACT_NAME}({_LATIN})", text))


def _date(found: re.Match[str]) -> Iterator[Fact]:
    at = found.start()
    if year := found["year"] or found["year3"]:
        yield Fact("year", year, at=at)
    month = found["month"] or found["month2"] or found["month4"]
    day = found["day"] or found["day2"]
    if month:
        value = str(value_of(month)) + (f"-{value_of(day)}" if day else "")
        yield Fact("date", value, at=at)


def _known(unit: str | None) -> tuple[str, Fraction]:
    if not unit:
        return "bare", Fraction(1)
    return _UNITS.get(unit) or _UNITS[unit.removeprefix("个")]


def _measured(count: Fraction, unit: tuple[str, Fraction], at: int) -> Fact:
    return Fact(unit[0], str(count * unit[1]), at=at)


def _ranged(low: Fraction, high: Fraction | None, unit: tuple[str, Fraction]) -> Fact:
    top = "" if high is None else str(high * unit[1])
    return Fact(unit[0], str(low * unit[1]), top)


def _counts_up(numeral: str) -> bool:
    return (
        len(numeral) == 2
        and all(sign in DIGITS for sign in numeral)
        and 0 < DIGITS[numeral[0]] < DIGITS[numeral[1]]
    )
