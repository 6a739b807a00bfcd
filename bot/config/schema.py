"""Which keys exist, and what kind of value has each? The sections themselves say it."""

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from bot.config.section import Section
from bot.config.sections import Config
from bot.config.yaml_file import Loc


def bare(annotation: Any) -> Any:
    """An annotation without ``Annotated`` and without ``| None``."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return bare(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        options = [arg for arg in typing.get_args(annotation) if arg is not types.NoneType]
        return bare(options[0]) if len(options) == 1 else annotation
    return annotation


def section_of(annotation: Any) -> type[Section] | None:
    """The section a key opens, if it opens one."""
    kind = bare(annotation)
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def keys_of(section: type[Section]) -> dict[str, Any]:
    """The keys of a section as they are written in YAML, with their annotations."""
    return {field.alias or name: field.annotation for name, field in section.model_fields.items()}


def item_of(annotation: Any) -> Any:
    """What a list or a mapping of names holds, or None for anything else."""
    kind = bare(annotation)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return args[0]
    return args[1] if origin is Mapping else None


def is_list(annotation: Any) -> bool:
    """Whether a key takes a list."""
    return typing.get_origin(bare(annotation)) is tuple


def is_secret(annotation: Any) -> bool:
    """Whether a key holds a secret, or a list of them."""
    return bare(annotation) is SecretStr or bare(item_of(annotation)) is SecretStr


def annotation_at(loc: Loc) -> Any:
    """The annotation of a location, or None where no such key exists."""
    annotation: Any = Config
    for part in loc:
        section = section_of(annotation)
        annotation = keys_of(section).get(str(part)) if section else item_of(annotation)
        if annotation is None:
            return None
    return annotation


def all_paths(section: type[Section] = Config, prefix: Loc = ()) -> Iterator[Loc]:
    """Every key of the contract outside lists and mappings of names."""
    for key, annotation in keys_of(section).items():
        yield (*prefix, key)
        if inner := section_of(annotation):
            yield from all_paths(inner, (*prefix, key))
