"""Which key was probably meant by one that does not exist?"""

from difflib import get_close_matches

from bot.config import schema
from bot.config.section import Section
from bot.config.yaml_file import Loc, path_text


def expected_key(loc: Loc) -> str:
    """What to write for an unknown key: the nearest name, the home of that name, or all names."""
    section = schema.section_of(schema.annotation_at(loc[:-1]))
    names = sorted(_names(section)) if section else []
    written = str(loc[-1])
    if near := get_close_matches(written, names, n=1):
        return f"{path_text((*loc[:-1], near[0]))}（是不是想写它？）"
    if homes := [path_text(path) for path in schema.all_paths() if path[-1] == written]:
        return f"{'、'.join(homes)}（是不是写错了位置？）"
    return f"以下之一：{'、'.join(names)}" if names else "已有的配置项"


def _names(section: type[Section]) -> list[str]:
    names: list[str] = []
    for key, annotation in schema.keys_of(section).items():
        names += [key, f"{key}_file"] if schema.is_secret(annotation) else [key]
    return names
