"""Which words must be watched in this deployment, from which lists, and what is wrong with those?

`prompts/lexicon.yaml` comes first, then `safety.lists` in their order, then what was imported; a
later list has the last word.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from bot.config import Config, Safety
from bot.config.problems import ConfigErrors, Problem
from bot.config.yaml_file import Document, Loc, path_text, read_document
from bot.errors import Misconfigured
from bot.policy.lexicon import Decision, Direction, Lexicon, WordGroup, pieces_of
from knowledge.ingest.sheets import WORKBOOKS, Sheet, decode, read_csv, read_workbook
from knowledge.ingest.skips import UnreadableFile

LEXICON = Path(__file__).resolve().parents[2] / "prompts" / "lexicon.yaml"
IMPORTED = "lexicon"
"""Folder beside the database in which imported lists are kept."""

MOST_WORDS = 60_000
_LONGEST = 50
_YAML = (".yaml", ".yml")
_TABLES = (".csv", ".tsv", *WORKBOOKS)
_SUFFIXES = (*_YAML, ".txt", *_TABLES)

_KEYS = ("name", "decision", "direction", "words", "allow", "denied_by")
_COLUMNS = {
    "word": "词",
    "kind": "类别",
    "decision": "处理",
    "direction": "方向",
    "instead": "替换",
}
_DECISIONS = {"放行": "allow", "替换": "mask", "人看": "review", "不发": "block"}
_DIRECTIONS = {"说": "out", "听": "in", "模型": "model", "标签": "tag"}
_WORD = f"至少一个字或数字、不超过 {_LONGEST} 个字的词"


class FileProblem(NamedTuple):
    """What is wrong, and in which file."""

    file: Path
    problem: Problem


def lexicon_in(
    safety: Safety, more: Sequence[Path] = (), *, shipped: Path = LEXICON
) -> tuple[Lexicon, list[FileProblem]]:
    """The lexicon of these lists, without what has a problem, and the problems.

    Args:
        more: further lists, or folders of such.
    """
    problems: list[FileProblem] = []
    groups: list[WordGroup] = []
    for file in files_in([shipped, *safety.lists, *more]):
        read, wrong = groups_in(file, Decision(safety.list_decision))
        groups += read
        problems += (FileProblem(file, one) for one in wrong)
    words = sum(len(group.words) for group in groups)
    if words > MOST_WORDS:
        found = Problem("", f"所有词表共 {words} 个词", f"最多 {MOST_WORDS} 个")
        problems.append(FileProblem(shipped, found))
    return Lexicon(groups), problems


def build_lexicon(config: Config) -> Lexicon:
    """The lexicon of this deployment.

    Raises:
        Misconfigured: a list has a problem.
    """
    return _built(config.safety, tuple(imported_lists(config)), stamps_of(config))


def stamps_of(config: Config) -> tuple[tuple[str, tuple[int, int]], ...]:
    """What changes when any of the lists does."""
    paths = [LEXICON, *config.safety.lists, *imported_lists(config)]
    return tuple((str(one), _changed_at(one)) for one in files_in(paths))


@lru_cache(maxsize=4)
def _built(safety: Safety, more: tuple[Path, ...], _stamps: object) -> Lexicon:
    """Building again what did not change costs a fifth of a second with many words."""
    lexicon, problems = lexicon_in(safety, more)
    if problems:
        said = [f"  · {one.file.name}：{one.problem}" for one in problems]
        raise Misconfigured("\n".join(["词表有问题：", *said]))
    return lexicon


def forbids_of(lexicon: Lexicon) -> Callable[[str], bool]:
    """Whether a model must not say a text: nobody has read it before."""
    return lambda text: lexicon.check(text, direction=Direction.MODEL).decision != Decision.ALLOW


def lexicon_folder(config: Config) -> Path:
    """Where imported lists are kept."""
    return config.storage.files / IMPORTED


def imported_lists(config: Config) -> list[Path]:
    """The folder of imported lists, if there is one."""
    folder = lexicon_folder(config)
    return [folder] if folder.is_dir() else []


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Every list; of a folder those that are one, by name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.iterdir() if one.suffix.lower() in _SUFFIXES)
        else:
            yield path


def groups_in(file: Path, decision: Decision) -> tuple[list[WordGroup], list[Problem]]:
    """The groups of words of one list.

    Args:
        decision: for words of which the list does not say what to do.
    """
    suffix = file.suffix.lower()
    try:
        if suffix in _YAML:
            return _Groups(read_document(file)).read()
        if suffix == ".txt":
            lines = decode(file.read_bytes()).splitlines()
            cells = [[line.partition("#")[0].strip()] for line in lines]
            return _rows_in(file, [[_COLUMNS["word"]], *cells], decision)
        if suffix in _TABLES:
            sheets = _sheets(file)
            return _rows_in(file, sheets[0].rows if sheets else [], decision)
    except ConfigErrors as error:
        return [], list(error.problems)
    except (OSError, UnreadableFile) as error:
        return [], [Problem("", f"读不了（{error}）", "能读的词表")]
    return [], [Problem("", f"{suffix or '没有后缀'}", f"{'、'.join(_SUFFIXES)} 之一")]


def _sheets(file: Path) -> list[Sheet]:
    if file.suffix.lower() in WORKBOOKS:
        return read_workbook(file, file.name, [])
    return read_csv(file.read_bytes())


def _changed_at(file: Path) -> tuple[int, int]:
    try:
        stat = file.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)


# ---------------------------------------------------------------------- one row, one word


def _rows_in(
    file: Path, rows: Sequence[Sequence[str]], decision: Decision
) -> tuple[list[WordGroup], list[Problem]]:
    """Words of a table, by class, what is done and where; the first row names the columns."""
    problems: list[Problem] = []
    head = list(rows[0]) if rows else []
    places = {key: head.index(name) for key, name in _COLUMNS.items() if name in head}
    if "word" not in places:
        expected = f"第一行是列名，至少有“{_COLUMNS['word']}”"
        return [], [Problem("", f"第一行是 {'、'.join(head) or '空的'}", expected)]
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    for number, row in enumerate(rows[1:], 2):
        cell = {key: row[at].strip() for key, at in places.items() if at < len(row)}
        word = cell.get("word", "")
        if not word:
            continue
        done = _DECISIONS.get(cell.get("decision", ""), cell.get("decision", ""))
        where = _DIRECTIONS.get(cell.get("direction", ""), cell.get("direction", ""))
        key = (cell.get("kind") or file.stem, done or decision.value, where or Direction.OUT)
        wrong = _wrong(word, key[1], key[2])
        if wrong:
            problems.append(Problem(f"第 {number} 行", *wrong))
        else:
            groups.setdefault(key, {})[word] = cell.get("instead", "")
    return [
        WordGroup(*(kind, Decision(done), words, frozenset({Direction(where)})), source=file.name)
        for (kind, done, where), words in groups.items()
    ], problems


def _wrong(word: str, decision: str, direction: str) -> tuple[str, str] | None:
    if not _is_word(word):
        return word, _WORD
    if decision not in list(Decision):
        return decision, "处理：放行、替换、人看、不发"
    if direction not in list(Direction):
        return direction, "方向：说、听、模型、标签"
    return None


def _is_word(word: object) -> bool:
    return isinstance(word, str) and len(word) <= _LONGEST and all(pieces_of(word))


# ---------------------------------------------------------------------- groups with all they have


class _Groups:
    """A YAML list being read."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._problems = list(document.problems)

    def read(self) -> tuple[list[WordGroup], list[Problem]]:
        for key in self._document.values:
            if key != "groups":
                self._problem((key,), "没有这个键", "只有 groups")
        groups = self._document.values.get("groups")
        if not isinstance(groups, list):
            self._problem(("groups",), "不是列表", "每组以 - 开头")
            groups = []
        read = [self._group(("groups", at), raw) for at, raw in enumerate(groups)]
        return [group for group in read if group is not None], self._problems

    def _group(self, loc: Loc, raw: Any) -> WordGroup | None:
        if not isinstance(raw, dict):
            self._problem(loc, "不是一组键值", f"有 {'、'.join(_KEYS)}")
            return None
        for key in raw:
            if key not in _KEYS:
                self._problem((*loc, key), "没有这个键", "、".join(_KEYS))
        name = raw.get("name")
        if not isinstance(name, str) or not name.strip():
            self._problem((*loc, "name"), "没有填写", "这一类的名字")
            return None
        listed = raw.get("words", [])
        instead = listed if isinstance(listed, dict) else {}
        words = self._words((*loc, "words"), list(listed) if instead else listed)
        return WordGroup(
            name=name,
            decision=Decision(self._one_of((*loc, "decision"), raw, list(Decision), "review")),
            words={word: str(instead.get(word) or "") for word in words},
            directions=frozenset(self._directions(loc, raw)),
            allow=tuple(self._words((*loc, "allow"), raw.get("allow", []))),
            denied_by=tuple(self._words((*loc, "denied_by"), raw.get("denied_by", []))),
            source=self._document.name,
        )

    def _directions(self, loc: Loc, raw: dict[str, Any]) -> Iterator[Direction]:
        given = raw.get("direction", Direction.OUT)
        for one in given if isinstance(given, list) else [given]:
            allowed = list(Direction)
            yield Direction(
                self._one_of((*loc, "direction"), {"direction": one}, allowed, Direction.OUT)
            )

    def _one_of(self, loc: Loc, raw: dict[str, Any], allowed: Sequence[str], usual: str) -> str:
        value = raw.get(str(loc[-1]), usual)
        if value in allowed:
            return str(value)
        self._problem(loc, str(value), f"{'、'.join(allowed)} 之一")
        return usual

    def _words(self, loc: Loc, listed: Any) -> list[str]:
        if not isinstance(listed, list):
            self._problem(loc, "不是词的列表", "每行以 - 开头（像数字的要加引号）")
            return []
        for index, word in enumerate(listed):
            if not _is_word(word):
                self._problem((*loc, index), str(word), f"{_WORD}（像数字的要加引号）")
        return [word for word in listed if _is_word(word)]

    def _problem(self, loc: Loc, found: str, expected: str) -> None:
        where = self._document.where(loc)
        self._problems.append(Problem(path_text(loc), found, expected, where))
