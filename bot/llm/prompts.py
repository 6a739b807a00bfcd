"""What is a chat model told, and which version of it? Texts of `prompts/llm`."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from bot.errors import Misconfigured

DEFAULT_TONE = "default"


class Prompt(msgspec.Struct, frozen=True):
    """Instructions for the model.

    Args:
        version: changes with the text; kept beside what was said because of it.
    """

    text: str
    version: str

    @classmethod
    def of(cls, text: str) -> "Prompt":
        """The prompt of a text."""
        return cls(text, hashlib.sha256(text.encode()).hexdigest()[:8])


def read_prompt(folder: Path, *names: str) -> Prompt:
    """The prompt of one file, or of several one after another.

    Args:
        names: paths below the folder.

    Raises:
        Misconfigured: one is missing.
    """
    texts = []
    for name in names:
        try:
            texts.append((folder / name).read_text("utf-8").strip())
        except (OSError, UnicodeError) as error:
            raise Misconfigured(f"prompts/llm/{name} cannot be read: {error}") from error
    return Prompt.of("\n\n".join(texts))


def tone_file(tone: str) -> str:
    """Where the tone of an account is described, below the folder of prompts."""
    return f"tones/{tone}.md"


def read_tones(folder: Path, tones: Iterable[str]) -> Mapping[str, Prompt]:
    """The rules of writing in each of these tones, and in the usual one.

    Raises:
        Misconfigured: a file is missing.
    """
    wanted = {DEFAULT_TONE, *tones}
    return {tone: read_prompt(folder, "write.md", tone_file(tone)) for tone in wanted}


def read_texts(folder: Path, name: str) -> Mapping[str, str]:
    """Short texts by name.

    Raises:
        Misconfigured: the file is missing, or holds something else.
    """
    try:
        return msgspec.yaml.decode((folder / name).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError) as error:
        raise Misconfigured(f"prompts/llm/{name} cannot be read: {error}") from error
