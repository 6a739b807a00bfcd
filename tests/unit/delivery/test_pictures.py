"""Which pictures are uploaded, and which are refused before WeCom sees them?"""

from pathlib import Path

import pytest

from bot.commands.dialogue import PlayedMedia
from bot.delivery.pictures import KEPT_S, Pictures
from bot.errors import Misconfigured
from bot.store import Store
from tests.talk import PlayedClock

JPG = b"\xff\xd8\xff\xe0" + bytes(20)


class FakeWeb:
    """Gives `content` for every address; read `asked`."""

    def __init__(self, content: bytes) -> None:
        self.content, self.asked = content, list[str]()

    async def __call__(self, url: str, max_bytes: int) -> bytes:
        """The content."""
        self.asked.append(url)
        return self.content


async def test_an_address_is_fetched_and_uploaded_once_in_sixty_hours(
    store: Store, clock: PlayedClock
) -> None:
    media, web = PlayedMedia(), FakeWeb(JPG)
    pictures = Pictures(store, media, clock, web)
    url = "https://example.com/shop/%E5%B0%BA.jpeg?v=1"
    assert await pictures.media_id(url) == await pictures.media_id(url) == "media-1"
    assert len(web.asked) == 1
    clock.reach(clock.now() + KEPT_S + 1)
    assert await pictures.media_id(url) == "media-2"


async def test_the_same_picture_under_two_names_is_uploaded_once(
    store: Store, clock: PlayedClock, tmp_path: Path
) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(JPG)
    media = PlayedMedia()
    pictures = Pictures(store, media, clock)
    ids = {await pictures.media_id(str(tmp_path / name)) for name in ("a.jpg", "b.jpg")}
    assert ids == {"media-1"}


async def test_a_picture_that_was_changed_is_uploaded_anew(
    store: Store, clock: PlayedClock, tmp_path: Path
) -> None:
    file, pictures = tmp_path / "a.jpg", Pictures(store, PlayedMedia(), clock)
    file.write_bytes(JPG)
    await pictures.media_id(str(file))
    file.write_bytes(JPG + b"!")
    assert await pictures.media_id(str(file)) == "media-2"


@pytest.mark.parametrize("content", [b"", b"GIF89a" + bytes(9), b"<html>", bytes(3 * 1024 * 1024)])
async def test_what_is_no_small_jpg_or_png_is_refused(
    store: Store, clock: PlayedClock, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(Misconfigured):
        await Pictures(store, PlayedMedia(), clock).media_id(str(tmp_path / "a.png"))


async def test_a_file_that_is_gone_and_an_address_without_network_are_refused(
    store: Store, clock: PlayedClock, tmp_path: Path
) -> None:
    for source in (str(tmp_path / "gone.png"), "https://example.com/a.png"):
        with pytest.raises(Misconfigured):
            await Pictures(store, PlayedMedia(), clock).media_id(source)
