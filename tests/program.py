"""What does the program's own text say that it writes down? Codes, found where they are made."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Every module of the program, by its path."""
    found = (p for room in ("bot", "handlers", "knowledge") for p in (ROOT / room).rglob("*.py"))
    return tuple((p.relative_to(ROOT).as_posix(), ast.parse(p.read_text("utf-8"))) for p in found)


def literal(value: ast.expr) -> list[str]:
    """The string that stands there, if one does."""
    match value:
        case ast.Constant(value=str(text)):
            return [text]
    return []


@cache
def constants(inside: str = "") -> dict[str, frozenset[str]]:
    """The strings that names of modules stand for.

    Args:
        inside: beginning of the path of the modules that are looked at.
    """
    found: dict[str, set[str]] = {}
    for _, module in (one for one in modules() if one[0].startswith(inside)):
        for one in module.body:
            if isinstance(one, ast.Assign):
                target, value = one.targets[0], one.value
                pairs = [(target, value)]
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    pairs = list(zip(target.elts, value.elts, strict=True))
                for name, text in pairs:
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, set()).update(literal(text))
    return {name: frozenset(texts) for name, texts in found.items()}


def strings(value: ast.expr) -> Iterator[str]:
    """The strings that an expression can be, as far as its own text tells."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from (*strings(value.body), *strings(value.orelse))
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield from constants().get(name, ())
        case _:
            pass


@cache
def calls() -> dict[str, list[tuple[str, ast.Call]]]:
    """Every call by the name of what is called, each with the path of its module."""
    found: dict[str, list[tuple[str, ast.Call]]] = {}
    for path, module in modules():
        for one in ast.walk(module):
            if isinstance(one, ast.Call) and isinstance(one.func, ast.Name | ast.Attribute):
                name = one.func.id if isinstance(one.func, ast.Name) else one.func.attr
                found.setdefault(name, []).append((path, one))
    return found


def said(function: str, argument: int | str, inside: str = "") -> set[str]:
    """The strings with which something is called, by place or by name.

    Args:
        inside: beginning of the path of the modules that are looked at.
    """
    found: set[str] = set()
    for path, one in calls()[function]:
        if isinstance(argument, str):
            given = [word.value for word in one.keywords if word.arg == argument]
        else:
            given = one.args[argument : argument + 1]
        if path.startswith(inside):
            found.update(text for value in given for text in strings(value))
    return found


def named(name: str, inside: str = "") -> set[str]:
    """The strings that a variable is made to be."""
    return {
        text
        for path, module in modules()
        if path.startswith(inside)
        for one in ast.walk(module)
        if isinstance(one, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in one.targets)
        for text in strings(one.value)
    }


def returned(path: str) -> set[str]:
    """The strings that functions of a module return."""
    module = dict(modules())[path]
    return {
        text
        for one in ast.walk(module)
        if isinstance(one, ast.Return) and one.value is not None
        for text in strings(one.value)
    }


def matched(pattern: str, path: str) -> set[str]:
    """What a pattern finds in a file: for codes that stand in SQL."""
    return set(re.findall(pattern, (ROOT / path).read_text("utf-8")))
