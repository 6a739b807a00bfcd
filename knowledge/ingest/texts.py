"""How do texts from other programs become clean text of ours?"""

import hashlib
import re
import unicodedata

from knowledge.fold import exact_key, fold

_ZERO_WIDTH = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\ufffc]")
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = re.compile("[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_MANY_LINES = re.compile(r"\n{3,}")

# Letters, digits and signs in full width read oddly; Chinese punctuation stays as it is.
_WIDE_SIGNS = "＃＄％＆＊＋－．／＜＝＞＠＿"  # noqa: RUF001
_NARROW = {
    code: code - 0xFEE0
    for code in range(0xFF01, 0xFF5F)
    if chr(code).isalnum() or chr(code) in _WIDE_SIGNS
}


def clean(text: str) -> str:
    """The text without what nobody sees: one width, no stray spaces, at most one empty line."""
    text = text.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    text = _CONTROL.sub("", _ZERO_WIDTH.sub("", text)).translate(_NARROW)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """The cleaned text in one line."""
    return " ".join(clean(text).split())


def question_key(text: str) -> str:
    """What two ways of writing the same question share."""
    return exact_key(fold(text))


def stable_id(*parts: str) -> str:
    """An id that depends on these texts alone."""
    return "i" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:15]
