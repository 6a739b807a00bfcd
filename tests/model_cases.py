"""How does a model lie, and how does an honest one speak? Cases of `tests/unit/llm/*.jsonl`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app import forbids_of, lexicon_in
from bot.config import Safety

FOLDER = Path(__file__).parent / "unit" / "llm"
LEAKED = "%PROMPT%"
"""Stands for a piece of the model's instructions."""
FORBIDS = forbids_of(lexicon_in(Safety())[0])
"""What no model may say, as it is shipped."""


@dataclass(frozen=True)
class Case:
    """One answer of a model.

    Args:
        passages: what it was given, id → (question, answer).
        raw: what it writes, word for word; empty = `trouble` says what happens instead.
        poison: what must not reach the customer.
        shown: what the customer should read of an honest answer.
        finish: its finish_reason.
    """

    kind: str
    question: str
    passages: dict[str, tuple[str, str]]
    raw: str = ""
    trouble: str = ""
    poison: tuple[str, ...] = ()
    shown: str = ""
    finish: str = "stop"
    says: dict[str, Any] = field(default_factory=dict)


def lies(leaked: str, *names: str) -> list[Case]:
    """Every lie.

    Args:
        leaked: piece of the instructions that a leaking model repeats.
        names: files, by default the first one.
    """
    return [case for name in names or ("lies.jsonl",) for case in _cases(name, leaked)]


def honest(*names: str) -> list[Case]:
    """Every honest answer."""
    return [case for name in names or ("honest.jsonl",) for case in _cases(name, "")]


@dataclass(frozen=True)
class Soft:
    """A passage, and what models make of it without a number, a contact or a promise."""

    passage: str
    question: str
    honest: tuple[str, ...]
    lies: tuple[str, ...]


def soft(name: str) -> list[Soft]:
    """Answers whose truth hangs on words alone."""
    return [
        Soft(one["passage"], one["question"], tuple(one["honest"]), tuple(one["lies"]))
        for one in _lines(name)
    ]


def _cases(name: str, leaked: str) -> Sequence[Case]:
    passages = {one["id"]: (one["question"], one["answer"]) for one in _lines("passages.jsonl")}
    cases = []
    for line in _lines(name):
        says = line.get("says", {})
        raw = line.get("raw", "%SAYS%" if says else "")
        raw = raw.replace("%SAYS%", json.dumps(says, ensure_ascii=False)).replace(LEAKED, leaked)
        altered = line.get("injected", {})
        given = {one: passages[one] for one in line["passages"]}
        cases.append(
            Case(
                kind=line["kind"],
                question=line["question"],
                passages={k: (q, altered.get(k, a)) for k, (q, a) in given.items()},
                raw=raw,
                trouble=line.get("trouble", ""),
                poison=tuple(one.replace(LEAKED, leaked) for one in line.get("poison", ())),
                shown=line.get("shown", says.get("answer", "")),
                finish=line.get("finish", "stop"),
                says=says,
            )
        )
    return cases


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]
