"""How is a QR code drawn, with a logo in its middle and a caption under it?"""

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

SCALE = 12
"""Pixels of one module."""

BORDER = 4
"""Quiet zone, in modules: scanners need it."""

_LOGO_SHARE = 0.2
"""Of the width: about 4 % of the modules, of which level H restores 30 %."""

_MOST_LOGO_BYTES = 2 << 20
_MOST_CAPTION = 40
_CAPTION_MODULES = 4

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
"""Where a font with Chinese characters usually lies."""


class Undrawable(Exception):
    """Logo, caption or font are not such that they can be drawn"""


@dataclass(frozen=True, slots=True)
class Look:
    """What a code looks like beside its modules.

    Args:
        caption: one line under it, at most 40 characters.
        logo: a picture, PNG or JPEG, ``None`` = none.
        font: file of the caption's font in a PNG, ``None`` = wherever one is found.
    """

    caption: str = ""
    logo: bytes | None = None
    font: Path | None = None


def draw_svg(content: str, look: Look | None = None) -> bytes:
    """A code as SVG.

    Raises:
        Undrawable: the logo is no picture, or the caption too long.
    """
    look = look or Look()
    _check(look)
    code = _code(content, look)
    modules = code.symbol_size(border=BORDER)[0]
    width, height = modules * SCALE, (modules + _below(look)) * SCALE
    inner = io.BytesIO()
    code.save(
        inner, kind="svg", scale=SCALE, border=BORDER, xmldecl=False, light="#fff", dark="#000"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}"><rect width="{width}" height="{height}" fill="#fff"/>',
        inner.getvalue().decode(),
    ]
    if look.logo is not None:
        parts.append(_svg_logo(_logo(look.logo), int(width)))
    if look.caption:
        at = (modules + _CAPTION_MODULES / 2 - 1) * SCALE
        parts.append(
            f'<text x="{width / 2:g}" y="{at:g}" text-anchor="middle" font-size="{2 * SCALE}"'
            f' font-family="PingFang SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif"'
            f' fill="#000">{escape(look.caption)}</text>'
        )
    return "".join((*parts, "</svg>")).encode()


def draw_png(content: str, look: Look | None = None) -> bytes:
    """A code as PNG.

    Raises:
        Undrawable: the logo is no picture, the caption too long, or there is no font for it.
    """
    look = look or Look()
    _check(look)
    code = _code(content, look)
    plain = io.BytesIO()
    code.save(plain, kind="png", scale=SCALE, border=BORDER)
    drawn = Image.open(io.BytesIO(plain.getvalue())).convert("RGB")
    width = drawn.width
    picture = Image.new("RGB", (width, width + _below(look) * SCALE), "white")
    picture.paste(drawn, (0, 0))
    if look.logo is not None:
        logo = _logo(look.logo)
        logo.thumbnail((int(width * _LOGO_SHARE), int(width * _LOGO_SHARE)))
        room = Image.new("RGB", (logo.width + SCALE, logo.height + SCALE), "white")
        room.paste(logo, (SCALE // 2, SCALE // 2), logo)
        picture.paste(room, ((width - room.width) // 2, (width - room.height) // 2))
    if look.caption:
        font = _font(look)
        middle = (width // 2, width + (_CAPTION_MODULES * SCALE) // 2 - SCALE)
        ImageDraw.Draw(picture).text(middle, look.caption, "black", font=font, anchor="mm")
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _code(content: str, look: Look) -> segno.QRCode:
    level = "h" if look.logo is not None else "m"
    try:
        return segno.make_qr(content, error=level, boost_error=False)
    except segno.DataOverflowError as error:
        raise Undrawable("the address is too long for a QR code") from error


def _check(look: Look) -> None:
    if len(look.caption) > _MOST_CAPTION or not look.caption.isprintable():
        raise Undrawable(f"a caption is one line of at most {_MOST_CAPTION} characters")


def _below(look: Look) -> int:
    return _CAPTION_MODULES if look.caption else 0


def _logo(content: bytes) -> Image.Image:
    if len(content) > _MOST_LOGO_BYTES:
        raise Undrawable("the logo is larger than 2 MB")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
            return opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise Undrawable("the logo is neither PNG nor JPEG") from error


def _svg_logo(logo: Image.Image, width: int) -> str:
    side = int(width * _LOGO_SHARE)
    logo.thumbnail((4 * side, 4 * side))
    out = io.BytesIO()
    logo.save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode()
    at, room = (width - side) / 2, side + SCALE
    return (
        f'<rect x="{(width - room) / 2:g}" y="{(width - room) / 2:g}" width="{room}"'
        f' height="{room}" fill="#fff"/><image x="{at:g}" y="{at:g}" width="{side}"'
        f' height="{side}" href="data:image/png;base64,{data}"/>'
    )


def _font(look: Look) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if look.font is None and look.caption.isascii():
        return ImageFont.load_default(size=2 * SCALE)
    for file in (look.font,) if look.font else map(Path, FONTS):
        if file.is_file():
            try:
                return ImageFont.truetype(str(file), 2 * SCALE)
            except OSError as error:
                raise Undrawable(f"{file} is no font") from error
    raise Undrawable("no font with Chinese characters is installed: name one, or draw an SVG")
