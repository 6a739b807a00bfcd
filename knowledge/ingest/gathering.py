"""Which entries does one origin give? What repeats is merged, what contradicts itself is told."""

import contextlib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from knowledge.entries import FaqEntry
from knowledge.fields import READERS, FaultError, dates_crossed
from knowledge.ingest.columns import LABELS
from knowledge.ingest.html_text import html_to_text
from knowledge.ingest.skips import Skip, UnreadableFile
from knowledge.ingest.texts import clean, one_line, question_key, stable_id

_TAGS = re.compile(r"</?(?:p|br|div|span|a|img|strong|b|ul|ol|li|table)\b[^>]*>", re.IGNORECASE)
_MAX_SIMILAR = 200
_SHOWN = 20


class Gathered(msgspec.Struct):
    """An entry and where it stands."""

    entry: FaqEntry
    place: str


class Gathering:
    """Collects what one origin gives.

    Args:
        origin: its stable name; ids depend on it.
        file: its name as the operator knows it.
    """

    def __init__(self, origin: str, file: str) -> None:
        self.origin, self.file = origin, file
        self.skips: list[Skip] = []
        self._found: dict[tuple[str, str], Gathered] = {}
        self._ids: dict[str, str] = {}
        self._parts: Counter[str] = Counter()
        self._last = ("", "")

    @property
    def found(self) -> list[Gathered]:
        """Every entry, in order."""
        return list(self._found.values())

    def skip(self, place: str, why: str) -> None:
        """Tell that a place gave nothing."""
        self.skips.append(Skip(self.file, place, why))

    def add(self, place: str, values: Mapping[str, Any]) -> None:
        """Take an entry, or tell why not.

        Args:
            values: as in a file of entries; `id` may be missing.
        """
        question = one_line(str(values.get("question", "")))
        answer = str(values.get("answer", ""))
        answer = self._plain(answer)
        similar = tuple(values.get("similar", ()))
        if not question and not answer:
            self._more_phrasings(similar)
        elif not question:
            self.skip(place, f"没有问题（回答：{_short(answer)}）")
        elif not answer:
            self.skip(place, f"没有回答（问题：{_short(question)}）")
        else:
            read = dict(values) | {"question": question, "answer": answer, "similar": []}
            try:
                entry = self._entry(read)
            except FaultError as fault:
                self.skip(place, f"{fault.found}；应为：{fault.expected}（{_short(question)}）")
            else:
                self._keep(place, entry, similar)

    def _plain(self, answer: str) -> str:
        """The answer as text; some tables hold what a web editor has written."""
        with contextlib.suppress(UnreadableFile):
            if _TAGS.search(answer):
                return html_to_text(answer)
        return clean(answer)

    def _entry(self, values: Mapping[str, Any]) -> FaqEntry:
        read: dict[str, Any] = {}
        for key, value in values.items():
            try:
                read[key] = READERS[key](value)
            except FaultError as fault:
                name = LABELS.get(key, key)
                raise FaultError(f"{name}：{fault.found}", fault.expected) from None
        if crossed := dates_crossed(read):
            raise crossed
        return FaqEntry(**{"id": "", "source": self.file} | read)

    def _keep(self, place: str, entry: FaqEntry, similar: tuple[str, ...]) -> None:
        whom = "|".join((*entry.audience, "", *entry.channels, "", *entry.for_tags))
        asked = question_key(entry.question) or entry.question
        key = (asked, whom)
        if entry.kind == "passage":
            self._parts[asked] += 1
            key = (asked, f"part {self._parts[asked]}")
        if first := self._found.get(key):
            self._last = key
            if first.entry.answer == entry.answer:
                self.skip(place, f"与{first.place}重复，已合并（{_short(entry.question)}）")
                self._more_phrasings((entry.question, *similar))
            else:
                self.skip(
                    place, f"与{first.place}是同一个问题，回答却不同（{_short(entry.question)}）"
                )
            return
        entry_id = entry.id or stable_id(
            self.origin, *map(str, key if isinstance(key, tuple) else ())
        )
        if entry_id in self._ids:
            self.skip(place, f"编号 {entry_id} 与{self._ids[entry_id]}的相同")
            return
        self._ids[entry_id] = place
        self._found[key] = Gathered(msgspec.structs.replace(entry, id=entry_id, place=place), place)
        self._last = key
        self._more_phrasings(similar)

    def _more_phrasings(self, texts: tuple[str, ...]) -> None:
        """Add phrasings to the entry before, each once."""
        one = self._found.get(self._last)
        if one is None or not texts:
            return
        known = {question_key(text) for text in one.entry.questions}
        more: list[str] = []
        for text in map(one_line, texts):
            if text and (key := question_key(text)) not in known:
                known.add(key)
                more.append(text)
        similar = (*one.entry.similar, *more)[:_MAX_SIMILAR]
        one.entry = msgspec.structs.replace(one.entry, similar=similar)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
