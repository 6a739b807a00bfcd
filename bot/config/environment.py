"""Which values come from the environment or from secret files, over those of config.yaml?

``CONCIERGE_<SECTION>__<KEY>`` gives one scalar (a list of scalars is separated by commas) and wins
over the file; for secrets ``…_FILE`` and ``<key>_file`` name a file that holds the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.config import schema
from bot.config.problems import Problem
from bot.config.section import Section
from bot.config.sections import Config
from bot.config.suggest import expected_key
from bot.config.yaml_file import Document, Loc, path_text

PREFIX = "CONCIERGE_"
_MAX_SECRET_BYTES = 16 * 1024
_TRUTHS = dict.fromkeys(("true", "1", "yes", "on"), True)
_WORDS = _TRUTHS | dict.fromkeys(("false", "0", "no", "off"), False)


@dataclass
class Draft:
    """Values on their way to validation, and where each came from."""

    document: Document
    base: Path
    origins: dict[Loc, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def where(self, loc: Loc) -> str:
        """The source of a value, or of the nearest mapping around it."""
        for end in range(len(loc), 0, -1):
            if origin := self.origins.get(loc[:end]):
                return origin
        return self.document.where(loc)

    def at(self, loc: Loc) -> Any:
        """The unvalidated value of a location, or None."""
        value: Any = self.document.values
        for part in loc:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def put(self, loc: Loc, value: Any, origin: str) -> None:
        """Lay a value over what the file says; a wrong shape in the file is left to be reported."""
        target: Any = self.document.values
        for part in loc[:-1]:
            if target.get(part) is None:
                target[part] = {}
            target = target[part]
            if not isinstance(target, dict):
                return
        target[loc[-1]] = value
        self.origins[loc] = origin

    def complain(self, loc: Loc, found: str, expected: str, where: str = "") -> None:
        """Add a problem."""
        self.problems.append(Problem(path_text(loc), found, expected, where or self.where(loc)))


def apply_secret_files(draft: Draft, environ: Mapping[str, str]) -> None:
    """Replace each ``<key>_file`` by what the file holds, unless the environment gives the key."""
    _replace_in(draft, Config, draft.document.values, (), _given(environ))


def apply_environment(draft: Draft, environ: Mapping[str, str]) -> None:
    """Lay the variables of the environment over the file."""
    for name, text in sorted(environ.items()):
        if name.startswith(PREFIX) and text:
            _apply(draft, name, text, environ)


def _given(environ: Mapping[str, str]) -> frozenset[str]:
    """Paths, in lower case, of which a variable gives the value or the file."""
    names = (name for name, text in environ.items() if name.startswith(PREFIX) and text)
    paths = (name[len(PREFIX) :].lower().replace("__", ".") for name in names)
    return frozenset(path.removesuffix("_file") for path in paths)


def _replace_in(
    draft: Draft,
    section: type[Section],
    values: dict[str, Any],
    loc: Loc,
    given: frozenset[str],
) -> None:
    for key, annotation in schema.keys_of(section).items():
        here = (*loc, key)
        inner, file_key = schema.section_of(annotation), f"{key}_file"
        if inner is not None and isinstance(values.get(key), dict):
            _replace_in(draft, inner, values[key], here, given)
        named = schema.section_of(schema.item_of(annotation))
        if named is not None and isinstance(values.get(key), dict):
            for name, below in values[key].items():
                if isinstance(below, dict):
                    _replace_in(draft, named, below, (*here, name), given)
        if not schema.is_secret(annotation) or file_key not in values:
            continue
        file_loc, name = (*loc, file_key), values.pop(file_key)
        if name in (None, "") or path_text(here) in given:
            continue
        if values.get(key) not in (None, ""):
            draft.complain(file_loc, f"{key} 与 {file_key} 都写了", "只写其中一个")
        elif not isinstance(name, str):
            draft.complain(file_loc, "不是文本", "一个文件的路径")
        else:
            _put_from_file(draft, here, annotation, name, draft.where(file_loc))


def _apply(draft: Draft, name: str, text: str, environ: Mapping[str, str]) -> None:
    segments = name[len(PREFIX) :].split("__")
    origin = f"环境变量 {name}"
    loc, annotation = _resolve(draft, segments)
    if annotation is not None:
        if schema.section_of(annotation) or schema.section_of(schema.item_of(annotation)):
            draft.complain(loc, "环境变量只能给出单个值", "在 config.yaml 里写这一节", origin)
        else:
            draft.put(loc, _coerced(text, annotation), origin)
        return
    if segments[-1].lower().endswith("_file"):
        loc, annotation = _resolve(draft, [*segments[:-1], segments[-1][: -len("_FILE")]])
        if annotation is not None and schema.is_secret(annotation):
            if environ.get(name[: -len("_FILE")]):
                draft.complain(loc, f"{name} 与不带 _FILE 的变量都给了", "只给其中一个", origin)
            else:
                _put_from_file(draft, loc, annotation, text, origin)
            return
    # One word without "__" may be anybody's: an orchestrator sets CONCIERGE_PORT for a service of
    # that name.
    if len(segments) > 1:
        loc = tuple(part.lower() for part in segments)
        draft.complain(loc, "没有这个配置项", expected_key(loc), origin)


def _resolve(draft: Draft, segments: list[str]) -> tuple[Loc, Any]:
    """What a variable's name means; the annotation is None when there is no such key."""
    loc: Loc = ()
    annotation: Any = Config
    for segment in segments:
        section = schema.section_of(annotation)
        if section is not None:
            loc = (*loc, segment.lower())
            annotation = schema.keys_of(section).get(segment.lower())
        else:
            loc = (*loc, _own_spelling(draft, loc, segment))
            annotation = None if schema.is_list(annotation) else schema.item_of(annotation)
        if annotation is None:
            return loc, None
    return loc, annotation


def _own_spelling(draft: Draft, loc: Loc, name: str) -> str:
    """A name under a mapping as the file spells it; variables are often written in upper case."""
    values = draft.at(loc)
    known = values if isinstance(values, dict) else {}
    return next((key for key in known if key.lower() == name.lower()), name)


def _coerced(text: str, annotation: Any) -> Any:
    """A variable's text as the type of its key; what does not fit stays text, to be reported."""
    if schema.is_list(annotation):
        item = schema.item_of(annotation)
        return [_coerced(part.strip(), item) for part in text.split(",") if part.strip()]
    kind = schema.bare(annotation)
    if kind is bool:
        return _WORDS.get(text.strip().lower(), text)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text


def _put_from_file(draft: Draft, loc: Loc, annotation: Any, name: str, origin: str) -> None:
    path = draft.base / name
    where = f"{origin}，文件 {name}"
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_SECRET_BYTES + 1)
        text = raw.decode("utf-8-sig").strip() if len(raw) <= _MAX_SECRET_BYTES else ""
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        draft.complain(loc, f"读不到文件（{error.strerror}）", "一个可读的文件", where)
        return
    if not text:
        draft.complain(loc, "文件是空的、过大或不是文本", "文件里只有这个值", where)
        return
    draft.put(loc, text.split() if schema.is_list(annotation) else text, where)
