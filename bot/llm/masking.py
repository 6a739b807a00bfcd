"""What must not leave the house in a request to a model? Personal numbers in customers' words.

Only what has a form of its own is recognised: e-mail addresses, identity, bank card, telephone and
order numbers. Names and addresses are not.
"""

import re
import unicodedata

_GAP = r"[\s\-]?"
_EMAIL = r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}"
_IDENTITY = (
    rf"(?<!\d)[1-9]\d{{5}}{_GAP}(?:19|20)\d\d{_GAP}(?:0[1-9]|1[0-2]){_GAP}"
    rf"(?:0[1-9]|[12]\d|3[01]){_GAP}\d{{3}}[\dXx](?!\d)"
)
_CARD = rf"(?<![A-Za-z\d])(?:\d{_GAP}){{15,18}}\d(?!\d)"
_MOBILE = rf"(?<!\d)(?:\+?86{_GAP})?1[3-9](?:{_GAP}\d){{9}}(?!\d)"
_LANDLINE = rf"(?<!\d)0\d{{2,3}}{_GAP}\d{{7,8}}(?!\d)"
_NAMED_ORDER = (  # with the word before it, six characters are enough
    r"((?:订单|运单|快递|单号)(?:编?号码?)?[是为]?[:#\s]{0,2})"
    r"(?=(?:[A-Za-z\-]{0,20}\d){4})[A-Za-z\d][A-Za-z\d\-]{5,}"
)
_LONG_NUMBER = r"(?<![A-Za-z\d])[A-Za-z]{0,8}\d(?:-?\d){8,}[A-Za-z\d]*"

# In this order: an identity number would pass for a card, a card for an order.
_KINDS = tuple(
    (re.compile(pattern, re.ASCII), mask)
    for pattern, mask in (
        (_EMAIL, "[邮箱]"),
        (_IDENTITY, "[身份证号]"),
        (_CARD, "[银行卡号]"),
        (_MOBILE, "[手机号]"),
        (_LANDLINE, "[电话]"),
        (_NAMED_ORDER, r"\g<1>[单号]"),
        (_LONG_NUMBER, "[单号]"),
    )
)


def mask(text: str) -> str:
    """The text with personal numbers replaced by their kind; there is no way back."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    for pattern, name in _KINDS:
        text = pattern.sub(name, text)
    return text
