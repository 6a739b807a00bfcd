"""What does a QR code say that WeCom gives as a picture only (wecom-api §4.4, §4.10)?"""

import io

import zxingcpp
from PIL import Image, UnidentifiedImageError

MOST_BYTES = 1 << 20
_MOST_PIXELS = 4_000_000


def read_code(picture: bytes) -> str:
    """The text of the one QR code in a picture; empty when it shows none, or several.

    WeCom's pictures hold an address that may be drawn again with a logo and a caption.
    """
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return ""
            grey = opened.convert("L")
    except (UnidentifiedImageError, OSError, ValueError):
        return ""
    found = {one.text for one in zxingcpp.read_barcodes(grey) if one.text}
    return found.pop() if len(found) == 1 else ""
