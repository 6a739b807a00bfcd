"""What does the bot say, and which words trigger it? Texts of `prompts/replies/*.yaml`, by key.

A key is ``<file>.<name>``. Words match a customer's text after folding: plain ones anywhere in it,
``=word`` only as the whole message, and ``!word`` forbids a match.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

import yaml

from bot.errors import Misconfigured
from knowledge.fold import even_out

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_IGNORED = re.compile(r"[\W_]+")
_POLITE_TAIL = re.compile(r"(?:吗|呢|吧|啊|呀|哦|哈|啦|嘛|哟|了|谢谢)+$")


def fold(text: str) -> str:
    """The form in which words are compared: one width, case and script, only letters."""
    return _IGNORED.sub("", even_out(text))


@dataclass(frozen=True, slots=True)
class WordList:
    """Trigger words of one key, folded once."""

    whole: frozenset[str]
    inside: tuple[str, ...]
    never: tuple[str, ...]

    @classmethod
    def parse(cls, words: Iterable[str]) -> "WordList":
        """Sort words by their mark."""
        listed = list(words)
        return cls(
            frozenset(fold(word) for word in listed if word.startswith("=")),
            tuple(fold(word) for word in listed if word[:1] not in "=!"),
            tuple(fold(word) for word in listed if word.startswith("!")),
        )

    def match(self, text: str) -> bool:
        """Whether the customer's text triggers."""
        folded = fold(text)
        if not folded or any(word in folded for word in self.never):
            return False
        if folded in self.whole or _POLITE_TAIL.sub("", folded) in self.whole:
            return True
        return any(word in folded for word in self.inside)


class Phrases:
    """Replies and trigger words by key.

    Args:
        replies: ``{"escalation.queued": "…{minutes}…"}``.
        words: ``{"escalation.request": ["转人工", "=人工", "!人工费"]}``.
    """

    def __init__(self, replies: Mapping[str, str], words: Mapping[str, Iterable[str]]) -> None:
        self._replies = dict(replies)
        self._words = {key: WordList.parse(listed) for key, listed in words.items()}

    @classmethod
    def load(cls, folder: Path) -> "Phrases":
        """Read every file of a folder.

        Raises:
            Misconfigured: a file is not as `prompts/README.md` says.
        """
        replies: dict[str, str] = {}
        words: dict[str, list[str]] = {}
        for path in sorted(folder.glob("*.yaml")):
            try:
                content = yaml.load(path.read_text("utf-8"), _Loader) or {}  # noqa: S506 — safe
                replies |= {f"{path.stem}.{k}": str(v) for k, v in content["replies"].items()}
                words |= {f"{path.stem}.{k}": list(v) for k, v in content.get("words", {}).items()}
            except (yaml.YAMLError, KeyError, AttributeError, TypeError) as error:
                raise Misconfigured(f"prompts/{path.name} cannot be read: {error}") from error
        return cls(replies, words)

    @property
    def replies(self) -> Mapping[str, str]:
        """Every text by its key, with its placeholders."""
        return MappingProxyType(self._replies)

    def saying(self, replies: Mapping[str, str]) -> "Phrases":
        """The same with other texts."""
        other = Phrases({**self._replies, **replies}, {})
        other._words = self._words
        return other

    def say(self, key: str, **values: object) -> str:
        """The text of a key with its placeholders filled.

        Raises:
            Misconfigured: nobody wrote that text, or it names a value that is not supplied.
        """
        try:
            return self._replies[key].format_map(values).strip()
        except KeyError as error:
            raise Misconfigured(f"prompts: reply {key} lacks {error}") from error

    def heard(self, key: str, text: str) -> bool:
        """Whether a text contains the trigger words of a key.

        Raises:
            Misconfigured: nobody wrote those words.
        """
        if key not in self._words:
            raise Misconfigured(f"prompts: no words for {key}")
        return self._words[key].match(text)

    def placeholders(self, key: str) -> set[str]:
        """Names of the values that the text of a key asks for."""
        return {name for _, name, _, _ in Formatter().parse(self._replies[key]) if name}

    @property
    def files(self) -> set[str]:
        """Names of the files that texts were read from."""
        return {key.partition(".")[0] for key in (*self._replies, *self._words)}

    def has_words(self, key: str) -> bool:
        """Whether somebody wrote trigger words under this key."""
        return key in self._words

    def has_reply(self, key: str) -> bool:
        """Whether somebody wrote a text under this key."""
        return key in self._replies

    def word(self, group: str, code: str) -> str:
        """A code as people read it: the text ``<group>_<code>``, empty = nobody wrote any."""
        return self.say(key) if self.has_reply(key := f"{group}_{code}") else ""
