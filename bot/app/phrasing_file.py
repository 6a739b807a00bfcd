"""How is a file of phrasings read: lists of words, slips, ways of speaking?

Several files of `prompts/` are made of the same parts; whoever reads one goes on from here.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.config.problems import Problem
from bot.config.yaml_file import Document, Loc, path_text
from knowledge.fold import even_out
from knowledge.grammar import BadPhrasing, Phrasing, any_of, read_phrasing
from knowledge.speech import Manner, Scope, mended

Lists = Mapping[str, list[str]]

_SCOPE = ("before", "inside", "after", "anywhere", "never", "within", "follows")
_WITHIN = 8  # characters before a phrasing in which a scope's word counts
_WHY = {
    "bracket": ("括号不成对，或有嵌套", "(甲|乙)、{词表名}，不嵌套"),
    "list": ("没有这个词表，或它是空的", "lists 里有的名字"),
    "empty": ("没有一处是必须出现的字", "至少一处文字、选择或词表，选择里没有空项"),
    "anchor": ("^ 或 $ 的位置不对", "^ 只在开头，$ 只在末尾"),
}
_LIST = "词的列表，每行以 - 开头（像数字的要加引号）"


class PhrasingFile:
    """One file being read; `problems` grows meanwhile.

    Args:
        document: the file.
        manner: how texts are read, if another file says so.
    """

    def __init__(self, document: Document, manner: Manner | None = None) -> None:
        self._document = document
        self.problems: list[Problem] = []
        self._manner = manner or Manner(None, {}, re.compile("(?!)"), None)

    def _read_manner(self) -> Manner:
        read_as = self._mapping(("read_as",))
        for said, meant in read_as.items():
            if not isinstance(meant, str) or not meant.strip():
                self._complain(("read_as", said), "右边没有文字", "写法: 读作")
        instead = {even_out(old): even_out(str(new)) for old, new in read_as.items() if new}
        openers, closers, emphasis = (
            [even_out(word) for word in self._words((key,))]
            for key in ("openers", "closers", "emphasis")
        )
        courtesies = rf"^{any_of(openers)}+|{any_of(closers)}+$" if openers and closers else "(?!)"
        return Manner(
            re.compile(any_of(instead)) if instead else None,
            instead,
            re.compile(courtesies),
            re.compile(any_of(emphasis)) if emphasis else None,
        )

    def _lists(self) -> dict[str, list[str]]:
        return {
            name: [self._even(word) for word in self._words(("lists", name))]
            for name in self._mapping(("lists",))
        }

    def _scope(self, loc: Loc, lists: Lists, more: tuple[str, ...] = ()) -> Scope:
        values = self._mapping(loc)
        self._known_keys(loc, values, (*_SCOPE, *more))
        within = values.get("within", _WITHIN)
        if not isinstance(within, int) or not 0 < within <= 40:
            self._complain((*loc, "within"), f"{within}", "1–40 的整数，字")
            within = _WITHIN
        parts = {key: tuple(self._read((*loc, key), lists)) for key in _SCOPE if key != "within"}
        return Scope(name=str(loc[-1]), within=within, **parts)

    def _read(self, loc: Loc, lists: Lists) -> list[Phrasing]:
        read = []
        for index, text in enumerate(self._words(loc)):
            try:
                phrasing = read_phrasing(text, lists, self._even)
            except BadPhrasing as bad:
                found, expected = _WHY[bad.why]
                self._complain((*loc, index), f"{text}（{found}：{bad.detail}）", expected)
                continue
            read.append(phrasing)
        return read

    def _even(self, text: str) -> str:
        return mended(even_out(text), self._manner)

    def _at(self, loc: Loc) -> Any:
        value: Any = self._document.values
        for part in loc:
            if isinstance(value, list) and isinstance(part, int):
                value = value[part]
            else:
                value = value.get(part) if isinstance(value, dict) else None
        return value

    def _mapping(self, loc: Loc) -> dict[str, Any]:
        value = self._at(loc)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._complain(loc, "不是一组键值", "键: 内容")
            return {}
        return value

    def _words(self, loc: Loc) -> list[str]:
        value = self._at(loc)
        if value is None:
            return []
        if not isinstance(value, list):
            self._complain(loc, "不是列表", _LIST)
            return []
        for index, word in enumerate(value):
            if not isinstance(word, str) or not word.strip():
                self._complain((*loc, index), "没有文字", _LIST)
        return [word for word in value if isinstance(word, str) and word.strip()]

    def _known_keys(self, loc: Loc, values: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in values:
            if key not in known:
                self._complain((*loc, key), "没有这个键", f"只有 {'、'.join(known)}")

    def _complain(self, loc: Loc, found: str, expected: str) -> None:
        problem = self._problem(loc, found, expected)
        if problem not in self.problems:
            self.problems.append(problem)

    def _problem(self, loc: Loc, found: str, expected: str) -> Problem:
        return Problem(path_text(loc), found, expected, self._document.where(loc))
