"""How is the poster drawn that a customer shows to friends?"""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from bot.web.code_images import FONTS, Undrawable, draw_png

WIDTH, HEIGHT = 720, 1080
_CODE = 360
_MARGIN = 60
_INK, _PALE, _PAPER = "#1f1f1f", "#8a8a8a", "#ffffff"
_MOST_PIXELS = 20_000_000
_SMALLEST = 16
"""Of a line that does not fit, in pixels."""


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on a poster.

    Args:
        content: what the QR code says.
        title: of the campaign.
        who: line that names who invites, empty = nobody.
        lines: under the code, each on its own.
        background: picture behind it all, ``None`` = white.
        font: file with Chinese characters, ``None`` = wherever one is found.
    """

    content: str
    title: str
    who: str = ""
    lines: tuple[str, ...] = ()
    background: Path | None = None
    font: Path | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: int
    top: int
    ink: str = _INK


def draw_poster(poster: Poster) -> bytes:
    """A poster as PNG, 720 × 1080.

    Raises:
        Undrawable: the background is no picture, or there is no font.
    """
    picture = _paper(poster.background)
    pen = ImageDraw.Draw(picture)
    _write(pen, poster, _Line(poster.title, 56, 150))
    _write(pen, poster, _Line(poster.who, 34, 240, _PALE))
    code = Image.open(io.BytesIO(draw_png(poster.content))).convert("RGB")
    code = code.resize((_CODE, _CODE), Image.Resampling.NEAREST)
    left, top = (WIDTH - _CODE) // 2, 340
    picture.paste("white", (left - 20, top - 20, left + _CODE + 20, top + _CODE + 20))
    picture.paste(code, (left, top))
    for number, line in enumerate(poster.lines):
        _write(pen, poster, _Line(line, 30, top + _CODE + 90 + 52 * number))
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _paper(background: Path | None) -> Image.Image:
    if background is None:
        return Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    try:
        with Image.open(background, formats=("PNG", "JPEG")) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise Undrawable(f"{background} is too large")
            return opened.convert("RGB").resize((WIDTH, HEIGHT))
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise Undrawable(f"{background} is neither PNG nor JPEG") from error


def _write(pen: ImageDraw.ImageDraw, poster: Poster, line: "_Line") -> None:
    """A line in the middle, smaller when it would not fit; what cannot be printed is left out."""
    text, size = "".join(char for char in line.text if char.isprintable()), line.size
    if not text:
        return
    font = _font(poster, size, text)
    while size > _SMALLEST and font.getlength(text) > WIDTH - 2 * _MARGIN:
        size -= 2
        font = _font(poster, size, text)
    pen.text((WIDTH // 2, line.top), text, line.ink, font=font, anchor="mm")


def _font(poster: Poster, size: int, text: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for file in (poster.font,) if poster.font else map(Path, FONTS):
        if file.is_file():
            try:
                return ImageFont.truetype(str(file), size)
            except OSError as error:
                raise Undrawable(f"{file} is no font") from error
    if text.isascii():
        return ImageFont.load_default(size=size)
    raise Undrawable("no font with Chinese characters is installed")
