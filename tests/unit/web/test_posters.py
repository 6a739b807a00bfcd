"""A poster can be read by phones and people, whatever is written on it."""

import io
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from bot.web.code_images import Undrawable
from bot.web.posters import HEIGHT, WIDTH, Poster, draw_poster

ADDRESS = "https://u.wechat.com/kfcAbCdEf012345"


def opened(poster: Poster) -> Image.Image:
    return Image.open(io.BytesIO(draw_poster(poster)))


@pytest.mark.parametrize("who", ["", "Lan invites you", "A" * 200, "Lan\u200b\x00 invites"])
def test_the_code_is_read_whoever_invites(who: str) -> None:
    picture = opened(Poster(ADDRESS, "Spring", who, ("Scan me",)))
    assert picture.size == (WIDTH, HEIGHT)
    assert [one.text for one in zxingcpp.read_barcodes(picture)] == [ADDRESS]


def test_the_code_is_read_on_any_background(tmp_path: Path) -> None:
    for number, ink in enumerate(("black", "#c02020")):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (1000, 1500), ink).save(file)
        picture = opened(Poster(ADDRESS, "Spring", background=file))
        assert [one.text for one in zxingcpp.read_barcodes(picture)] == [ADDRESS]


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"no picture")
    with pytest.raises(Undrawable, match=r"a\.png"):
        draw_poster(Poster(ADDRESS, "Spring", background=file))


def test_a_poster_is_small_enough_for_wecom() -> None:
    assert len(draw_poster(Poster(ADDRESS, "Spring", "Lan", ("Scan", "Until")))) < 2 << 20
