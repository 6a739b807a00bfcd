"""How do config.yaml and environment become a `Config`, or a list of all that is wrong?"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config import schema
from bot.config.cross import cross_problems
from bot.config.environment import Draft, apply_environment, apply_secret_files
from bot.config.problems import ConfigErrors, Problem
from bot.config.requirements import missing_for_serve
from bot.config.section import Section
from bot.config.sections import Config
from bot.config.suggest import expected_key
from bot.config.yaml_file import Loc, path_text, read_document

_USERINFO = re.compile(r"(://)[^/@\s]*@")
_SHOWN = 40

_KINDS: Mapping[type, str] = {
    bool: "布尔值",
    int: "整数",
    float: "小数",
    str: "文本",
    list: "列表",
    dict: "一组键值",
    type(None): "空",
}
_EXPECTED: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "int_type": lambda _: "整数",
    "int_from_float": lambda _: "整数",
    "float_type": lambda _: "数字",
    "finite_number": lambda _: "有限的数字",
    "bool_type": lambda _: "true 或 false",
    "string_type": lambda _: "文本（像数字的要加引号）",
    "string_too_short": lambda _: "不为空的文本",
    "string_too_long": lambda ctx: f"不超过 {ctx['max_length']} 个字符",
    "tuple_type": lambda _: "列表（每行以 - 开头）",
    "too_short": lambda _: "至少一项",
    "mapping_type": lambda _: "一组键值",
    "dict_type": lambda _: "一组键值",
    "model_type": lambda _: "一组键值",
    "path_type": lambda _: "文件或文件夹的路径",
    "is_instance_of": lambda _: "文件或文件夹的路径",
    "greater_than": lambda ctx: f"大于 {ctx['gt']:g} 的数",
    "greater_than_equal": lambda ctx: f"不小于 {ctx['ge']:g} 的数",
    "less_than_equal": lambda ctx: f"不大于 {ctx['le']:g} 的数",
    "literal_error": lambda ctx: f"以下之一：{_plain_list(ctx['expected'])}",
    "value_error": lambda ctx: str(ctx["error"]),
}


@dataclass(frozen=True)
class Inspection:
    """All that can be said of a configuration, right or wrong.

    Args:
        config: ``None`` when there are problems.
        problems: everything that is wrong with what was given.
        missing: what `serve` needs and was not given.
        sources: the knowledge it names, as far as it can be read; one tuple per set of entries.
    """

    config: Config | None
    problems: list[Problem]
    missing: list[Problem] = field(default_factory=list)
    sources: list[tuple[Path, ...]] = field(default_factory=list)


def load_config(path: Path, environ: Mapping[str, str]) -> Config:
    """Read the configuration.

    Args:
        path: config.yaml; relative paths in it, and in variables, are relative to its folder.
        environ: the environment, e.g. ``os.environ``.

    Raises:
        ConfigErrors: with every problem at once.
    """
    inspection = inspect_config(path, environ)
    if inspection.config is None:
        raise ConfigErrors(inspection.problems)
    return inspection.config


def inspect_config(path: Path, environ: Mapping[str, str]) -> Inspection:
    """Read the configuration for `check`, which goes on to the next thing after a problem."""
    path = path.absolute()
    try:
        document = read_document(path)
    except ConfigErrors as error:
        return Inspection(None, error.problems)
    draft = Draft(document, path.parent, problems=document.problems)
    apply_secret_files(draft, environ)
    apply_environment(draft, environ)
    _drop_empty(document.values, Config)
    _open_sections(document.values)
    config, wrong = _validated(draft)
    problems = [*draft.problems, *wrong, *cross_problems(draft)]
    complained = {problem.path.removesuffix("_file") for problem in problems}
    missing = missing_for_serve(lambda key: draft.at(tuple(key.split("."))) is not None)
    return Inspection(
        config=None if problems else config,
        problems=problems,
        missing=[problem for problem in missing if problem.path not in complained],
        sources=_sources(draft),
    )


def _validated(draft: Draft) -> tuple[Config | None, list[Problem]]:
    try:
        return Config.model_validate(draft.document.values, context={"base": draft.base}), []
    except ValidationError as error:
        return None, [_problem(draft, found) for found in error.errors(include_url=False)]


def _sources(draft: Draft) -> list[tuple[Path, ...]]:
    accounts = draft.at(("accounts",))
    names = accounts if isinstance(accounts, dict) else {}
    listed = [draft.at(("knowledge", "sources"))]
    listed += [draft.at(("accounts", name, "knowledge")) for name in names]
    return [
        tuple(draft.base / source for source in sources if isinstance(source, str))
        for sources in listed
        if isinstance(sources, list)
    ]


def _drop_empty(values: dict[str, Any], section: type[Section]) -> None:
    """An empty value means "not given": the default holds, or the key is missing."""
    for key, annotation in schema.keys_of(section).items():
        if key not in values:
            continue
        value = values[key]
        if value in (None, "") and not isinstance(value, bool):
            del values[key]
        else:
            _drop_below(value, annotation)


def _drop_below(value: Any, annotation: Any) -> None:
    inner, item = schema.section_of(annotation), schema.section_of(schema.item_of(annotation))
    if inner is not None and isinstance(value, dict):
        _drop_empty(value, inner)
    elif item is not None and isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            if isinstance(part, dict):
                _drop_empty(part, item)


def _open_sections(values: dict[str, Any]) -> None:
    """Give each section that always exists a mapping, so that default paths are anchored too."""
    for key, info in Config.model_fields.items():
        if isinstance(info.default, Section):
            values.setdefault(key, {})


def _problem(draft: Draft, details: ErrorDetails) -> Problem:
    loc: Loc = tuple(part for part in details["loc"] if part != "[key]")
    where, value = draft.where(loc), details["input"]
    if details["type"] == "extra_forbidden":
        # The value stays unsaid: a misspelt key may hold a secret.
        return Problem(path_text(loc), "没有这个配置项", expected_key(loc), where)
    if details["type"] == "missing":
        return Problem(path_text(loc), "没有填写", _kind_expected(loc), where)
    if details["loc"] != loc:
        value = loc[-1]
    expected = _EXPECTED.get(details["type"], None)
    found = describe(value, secret=schema.is_secret(schema.annotation_at(loc)))
    return Problem(
        path_text(loc),
        found,
        expected(details.get("ctx", {})) if expected else details["msg"],
        where,
    )


def explained(error: ValidationError) -> list[str]:
    """What is wrong with a section that did not come from config.yaml, a line each."""
    lines = []
    for details in error.errors(include_url=False):
        where = path_text(tuple(part for part in details["loc"] if part != "[key]"))
        expected = _EXPECTED.get(details["type"])
        said = {"extra_forbidden": "没有这一项", "missing": "必须填写"}.get(details["type"])
        text = said or (expected(details.get("ctx", {})) if expected else details["msg"])
        lines.append(f"{where}：{text}" if where else text)
    return lines


def _plain_list(expected: str) -> str:
    """Pydantic's ``'a', 'b' or 'c'`` as people write it."""
    return expected.replace(" or ", ", ").replace("'", "").replace(", ", "、")


def _kind_expected(loc: Loc) -> str:
    kind = schema.bare(schema.annotation_at(loc))
    # An int may be written as a time of day.
    is_told = isinstance(kind, type) and kind is not int
    return _KINDS.get(kind, "这一项必须填写") if is_told else "这一项必须填写"


def describe(value: Any, *, secret: bool = False) -> str:
    """What was found, in few words; a secret, or a password inside an address, is not shown."""
    kind = _KINDS.get(type(value), "别的内容")
    if secret:
        return f"{kind}（内容不显示）"
    if isinstance(value, list | dict):
        return f"{kind}（{len(value)} 项）"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = _USERINFO.sub(r"\1…@", text)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if value is None:
        return kind
    return f"{kind} {shown!r}" if isinstance(value, str) else f"{kind} {shown}"
