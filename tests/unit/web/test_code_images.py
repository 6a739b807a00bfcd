"""A code that was drawn is read again as what it says, with logo and caption too."""

import io
import re

import pytest
import zxingcpp
from PIL import Image

from bot.web.code_images import Look, Undrawable, draw_png, draw_svg
from bot.wecom.code_pictures import read_code

URL = "https://work.weixin.qq.com/kf/kfc0123456789abcdef?enc_scene=ENCGFSDF567DF&scene_param=a%3D1"


def a_logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (300, 300), "#d4380d").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "look",
    [
        Look(),
        Look(caption="SCAN ME"),
        Look(logo=a_logo()),
        Look(caption="A < B & C", logo=a_logo()),
    ],
)
def test_a_png_is_read_as_what_it_says(look: Look) -> None:
    assert read_code(draw_png(URL, look)) == URL


def test_a_png_for_a_phone_far_away_is_read_too() -> None:
    with Image.open(io.BytesIO(draw_png(URL, Look(logo=a_logo())))) as drawn:
        small = drawn.convert("L").resize((160, 160))
    assert [one.text for one in zxingcpp.read_barcodes(small)] == [URL]


def test_an_svg_holds_the_modules_and_escapes_its_caption() -> None:
    svg = draw_svg(URL, Look(caption="抖音<投放>&", logo=a_logo())).decode()
    assert "抖音&lt;投放&gt;&amp;" in svg
    assert "<script" not in svg
    assert "data:image/png;base64," in svg
    assert re.fullmatch(r"<svg .*</svg>", svg, re.DOTALL)


def test_what_cannot_be_drawn_is_refused() -> None:
    for look in (Look(caption="x" * 41), Look(caption="a\nb"), Look(logo=b"GIF89a")):
        with pytest.raises(Undrawable):
            draw_png(URL, look)
        with pytest.raises(Undrawable):
            draw_svg(URL, look)
    with pytest.raises(Undrawable):
        draw_png("x" * 5000)


def test_a_picture_without_one_code_says_nothing() -> None:
    blank = io.BytesIO()
    Image.new("RGB", (50, 50), "white").save(blank, "PNG")
    for picture in (b"", b"not a picture", blank.getvalue()):
        assert read_code(picture) == ""
