"""Do the arguments that somebody filled in fit what a tool's configuration permits?"""

import re
from collections.abc import Mapping
from typing import Any

from bot.config.tools import Tool
from bot.errors import ToolFailed

_INTEGER = re.compile(r"-?\d{1,15}", re.ASCII)


def checked(tool: Tool, given: Mapping[str, Any]) -> dict[str, str | int]:
    """The arguments, if they are what the tool's configuration permits.

    Raises:
        ToolFailed: one is unknown, missing, of another type, too long or of another form.
    """
    if set(given) - set(tool.arguments):  # its name is a model's word, which is not logged
        raise ToolFailed("arguments", "one is not configured")
    found: dict[str, str | int] = {}
    for name, argument in tool.arguments.items():
        value = given.get(name)
        if value is None or value == "":
            if argument.required:
                raise ToolFailed("arguments", f"{name} is missing")
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ToolFailed("arguments", f"{name} is not of type {argument.type}")
        text = str(value).strip()
        if len(text) > argument.max_length or not text.isprintable():
            raise ToolFailed("arguments", f"{name} is too long or unprintable")
        if argument.type == "integer" and not _INTEGER.fullmatch(text):
            raise ToolFailed("arguments", f"{name} is no integer")
        if argument.pattern and not re.fullmatch(argument.pattern, text):
            raise ToolFailed("arguments", f"{name} has another form")
        found[name] = int(text) if argument.type == "integer" else text
    return found
