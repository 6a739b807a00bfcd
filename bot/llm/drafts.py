"""Which object did a model write, amid whatever else it wrote?"""

import json
import re
from typing import TypeVar

import msgspec

Form = TypeVar("Form", bound=msgspec.Struct)

_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)
_MOST_WRITTEN = 20_000
"""Characters that are searched; an object of the permitted length is far shorter."""

_TRIES = 20


def draft_in(text: str, form: type[Form]) -> Form | None:
    """The last object of a text that has this form."""
    text = _THOUGHTS.sub("", text)[-_MOST_WRITTEN:]
    decoder, at, found = json.JSONDecoder(), 0, None
    for _ in range(_TRIES):
        at = text.find("{", at)
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
            found, at = msgspec.convert(value, form, strict=True), end
        except msgspec.ValidationError:
            at = end
        except (ValueError, RecursionError):
            at += 1
    return found
