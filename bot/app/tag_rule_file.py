"""Which rules does a file of tag rules hold, and what is wrong with the others?"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bot.app.fields_file import FieldsFile
from bot.app.phrasing_file import Lists
from bot.config.yaml_file import Document, Loc
from bot.model.tags import name_problem
from handlers.tagging.circumstances import Circumstances, EventIs
from handlers.tagging.patterns import MAX_LENGTH, MAX_REPEAT, BadPattern, Pattern
from handlers.tagging.rules import MOODS, ONCE_IN_S, REFUSES, SAYS, USUAL, TagRule
from knowledge.grammar import Phrasing
from knowledge.meaning import Sides
from knowledge.speech import Manner

ANY_MOOD = "any"

_TOP = ("lists", "rules")
_RULE = (
    *("id", "tag", "contains", "all", "exact", "none", "never", "regex", "mood", "when", "event"),
    *("means", "unlike", "threshold", "hits", "within_days", "examples", "note"),
)
_WHEN = ("msgtype", "menu", "channel", "hours", "weekdays", "from", "until")
_DAY_S = 86_400.0
_WHY = {
    "length": ("太长", f"最多 {MAX_LENGTH} 个字符"),
    "repeat": ("重复的次数太多，或者套着重复", f"{{…}} 相乘不超过 {MAX_REPEAT}"),
    "syntax": ("不是正则表达式", "regex 的写法"),
    "empty": ("什么都没有也算找到", "至少一个必须出现的字"),
}


class RuleFile(FieldsFile):
    """One file of rules being read.

    Args:
        manner: how texts are read.
        lists: that all files may use.
        groups: of tags that the configuration names; ``None`` = any will do.
    """

    def __init__(
        self, document: Document, manner: Manner, lists: Lists, groups: Collection[str] | None
    ) -> None:
        super().__init__(document, manner)
        self.problems += document.problems
        self._shared, self._groups = lists, groups
        self.examples: list[tuple[TagRule, Loc, Mapping[str, list[str]]]] = []

    def rules(self) -> Iterator[TagRule]:
        """Every rule without a problem."""
        values = self._document.values
        self._known_keys((), values, _TOP)
        lists = {**self._shared, **self._lists()}
        given = values.get("rules")
        if not isinstance(given, list):
            self._complain(("rules",), "不是列表", "每条规则以 - 开头")
            return
        for index, raw in enumerate(given):
            if not isinstance(raw, dict):
                self._complain(("rules", index), "不是一组键值", "id、tag 和条件")
                continue
            before = len(self.problems)
            rule = self._rule(("rules", index), raw, lists)
            if len(self.problems) == before:
                yield rule

    def _rule(self, loc: Loc, raw: dict[str, Any], lists: Lists) -> TagRule:
        self._known_keys(loc, raw, _RULE)
        every = raw.get("all") or []
        if not isinstance(every, list) or not all(isinstance(one, list) for one in every):
            self._complain((*loc, "all"), "不是一组列表", "[[甲, 乙], [丙]]：每组至少一个")
            every = []
        rule = TagRule(
            id=self._text(loc, raw, "id"),
            version=_digest(raw, lists),
            tag=self._tag(loc, raw),
            contains=self._phrasings((*loc, "contains"), lists),
            every=tuple(self._phrasings((*loc, "all", n), lists) for n in range(len(every))),
            exact=frozenset(self._even(text) for text in self._words((*loc, "exact"))),
            none=tuple(self._read((*loc, "none"), lists)),
            never=tuple(self._read((*loc, "never"), lists)),
            pattern=self._pattern(loc, raw),
            moods=self._moods((*loc, "mood"), raw.get("mood")),
            when=self._when((*loc, "when")),
            events=tuple(self._events((*loc, "event"), raw.get("event"))),
            means=Sides(self._words((*loc, "means")), self._words((*loc, "unlike"))),
            threshold=self._number(loc, raw, "threshold", 0.8, 1.0),
            hits=int(self._number(loc, raw, "hits", 1, 1000)),
            within_s=_DAY_S * self._number(loc, raw, "within_days", ONCE_IN_S / _DAY_S, 366),
            title=self._document.where(loc),
        )
        if not (rule.reads_text or rule.events or rule.means.yes or rule.when.is_enough):
            expected = (
                "contains、all、exact、regex、event、means 之一，或 when 里的类型、菜单、渠道"
            )
            self._complain(loc, "没有条件", expected)
        shown = {key: self._words((*loc, "examples", key)) for key in ("yes", "no")}
        self.examples.append((rule, loc, shown))
        return rule

    def _tag(self, loc: Loc, raw: dict[str, Any]) -> str:
        name = self._text(loc, raw, "tag")
        if name and name_problem(name):
            self._complain((*loc, "tag"), name, "组：名（全角冒号），各不超过 30 个字")
        elif name and self._groups is not None and name.partition("：")[0] not in self._groups:
            found = f"没有“{name.partition('：')[0]}”这一组"
            self._complain((*loc, "tag"), found, "config.yaml 的 tagging.groups 里有的组")
        return name

    def _phrasings(self, loc: Loc, lists: Lists) -> tuple[Phrasing, ...]:
        phrasings = self._read(loc, lists)
        for one in phrasings:
            if one.source.isalnum() and len(one.source) < 2:
                self._complain(loc, f"“{one.source}”太短，到处都会出现", "两个字以上")
        return tuple(phrasings)

    def _pattern(self, loc: Loc, raw: dict[str, Any]) -> Pattern | None:
        source = raw.get("regex")
        if source is None:
            return None
        try:
            return Pattern(str(source))
        except BadPattern as bad:
            found, expected = _WHY[bad.why]
            self._complain((*loc, "regex"), f"{source}（{found}：{bad.detail}）", expected)
            return None

    def _moods(self, loc: Loc, value: Any) -> frozenset[str]:
        if value is None:
            return USUAL
        if value == ANY_MOOD:
            return frozenset((*USUAL, "has", REFUSES, SAYS))
        named = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        for mood in named:
            if mood not in MOODS:
                self._complain(loc, str(mood), f"{'、'.join(MOODS)}，或 {ANY_MOOD}")
        if not named:
            self._complain(loc, "不是语气", f"{'、'.join(MOODS)}，或 {ANY_MOOD}")
        return frozenset(map(str, named))

    def _when(self, loc: Loc) -> Circumstances:
        values = self._mapping(loc)
        self._known_keys(loc, values, _WHEN)
        hours = values.get("hours")
        return Circumstances(
            msgtypes=frozenset(self._words((*loc, "msgtype"))),
            menu=tuple(self._words((*loc, "menu"))),
            channels=tuple(self._words((*loc, "channel"))),
            hours=self._hours((*loc, "hours"), hours) if hours is not None else None,
            weekdays=frozenset(self._weekdays((*loc, "weekdays"), values.get("weekdays"))),
            dates=(
                self._date((*loc, "from"), values.get("from")),
                self._date((*loc, "until"), values.get("until")),
            ),
        )

    def _events(self, loc: Loc, value: Any) -> Iterator[EventIs]:
        given = [value] if isinstance(value, dict) else value or []
        for one in given if isinstance(given, list) else [given]:
            name = one.get("name") if isinstance(one, dict) else None
            fields = one.get("fields", {}) if isinstance(one, dict) else None
            if not isinstance(name, str) or not isinstance(fields, dict):
                self._complain(loc, str(one), "{name: 事件名, fields: {字段: [值]}}")
                continue
            yield EventIs(name, {key: _texts(wanted) for key, wanted in fields.items()})


def _texts(value: Any) -> frozenset[str]:
    return frozenset(map(str, value if isinstance(value, list) else [value]))


def _digest(raw: dict[str, Any], lists: Lists) -> str:
    """What changes when the rule, or a list that it names, is written differently."""
    text = json.dumps(raw, ensure_ascii=False, sort_keys=True, default=str)
    named = {name: words for name, words in lists.items() if f"{{{name}}}" in text}
    whole = text + json.dumps(named, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(whole.encode(), digest_size=4).hexdigest()
