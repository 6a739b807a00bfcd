"""A code that was drawn is read again as what it says, with logo and caption too."""

import base64
import io
import re
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from bot.web.code_images import Look, Undrawable, draw_png, draw_svg
from bot.wecom.code_pictures import read_code

URL = "https://work.weixin.qq.com/kf/kfc0123456789abcdef?enc_scene=ENCGFSDF567DF&scene_param=a%3D1"


def a_logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (300, 300), "#d4380d").save(out, "PNG")
    return out.getvalue()


every_look = pytest.mark.parametrize(
    "look",
    [
        Look(),
        Look(caption="SCAN ME"),
        Look(logo=a_logo()),
        Look(caption="A < B & C", logo=a_logo()),
    ],
)


@every_look
def test_a_png_is_read_as_what_it_says(look: Look) -> None:
    assert read_code(draw_png(URL, look)) == URL


def test_a_png_for_a_phone_far_away_is_read_too() -> None:
    with Image.open(io.BytesIO(draw_png(URL, Look(logo=a_logo())))) as drawn:
        small = drawn.convert("L").resize((160, 160))
    assert [one.text for one in zxingcpp.read_barcodes(small)] == [URL]


_COMMAND = re.compile(r"([MmhHvz])([-\d. ]*)")


def rasterised(svg: bytes) -> bytes:
    """What a browser shows of an SVG of ours: filled rectangles, strokes of a path, pictures.

    Whatever else it may hold, such as the caption, is left out; an unknown command fails.
    """
    root = ElementTree.fromstring(svg)
    picture = Image.new("RGB", (int(root.attrib["width"]), int(root.attrib["height"])), "#777")
    _draw(picture, root, 1.0)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _draw(picture: Image.Image, element: ElementTree.Element, scale: float) -> None:
    brush = ImageDraw.Draw(picture)
    for one in element:
        name, has = one.tag.rpartition("}")[2], one.attrib
        if name == "g":
            (factor,) = re.findall(r"scale\(([\d.]+)\)", has["transform"])
            _draw(picture, one, scale * float(factor))
        elif name == "svg":
            _draw(picture, one, scale)
        elif name in {"rect", "image"}:
            x, y = float(has.get("x", 0)) * scale, float(has.get("y", 0)) * scale
            w, h = float(has["width"]) * scale, float(has["height"]) * scale
            if name == "rect":
                brush.rectangle((x, y, x + w - 1, y + h - 1), fill=has["fill"])
            else:
                data = base64.b64decode(has["href"].partition("base64,")[2])
                logo = Image.open(io.BytesIO(data)).resize((int(w), int(h)))
                picture.paste(logo, (int(x), int(y)), logo)
        elif name == "path":
            _path(brush, has, scale)


def _path(brush: ImageDraw.ImageDraw, has: Mapping[str, str], scale: float) -> None:
    """Filled: the box of its points. Stroked: each line is one module high."""
    x = y = 0.0
    points: list[tuple[float, float]] = []
    for command, numbers in _COMMAND.findall(has["d"]):
        values = [float(one) for one in re.findall(r"-?[\d.]+", numbers)]
        before = x
        match command:
            case "M":
                x, y = values
            case "m":
                x, y = x + values[0], y + values[1]
            case "h":
                x += values[0]
                if "stroke" in has:
                    low, high = min(before, x) * scale, max(before, x) * scale - 1
                    box = (low, (y - 0.5) * scale, high, (y + 0.5) * scale - 1)
                    brush.rectangle(box, fill=has["stroke"])
            case "v":
                y += values[0]
        points.append((x * scale, y * scale))
    assert not re.sub(r"[Mmhvz\d\s.\-]", "", has["d"]), "a command that is not drawn here"
    if "fill" in has:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        brush.rectangle((min(xs), min(ys), max(xs) - 1, max(ys) - 1), fill=has["fill"])


@every_look
def test_an_svg_is_read_as_what_it_says(look: Look) -> None:
    assert read_code(rasterised(draw_svg(URL, look))) == URL


def test_an_svg_of_another_address_is_another_code() -> None:
    assert read_code(rasterised(draw_svg(URL + "b"))) == URL + "b"


def test_an_svg_escapes_its_caption_and_runs_nothing() -> None:
    svg = draw_svg(URL, Look(caption="抖音<投放>&", logo=a_logo())).decode()
    assert "抖音&lt;投放&gt;&amp;" in svg
    assert "<script" not in svg
    assert "data:image/png;base64," in svg


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
