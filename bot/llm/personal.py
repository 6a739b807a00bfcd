"""Which parts of a text are somebody's personal data, and of what kind?

Numbers, addresses of e-mail and accounts have a form of their own; where two forms are alike (a
bank card, an order, a bar code) the word before decides, and without one it counts as personal.
Postal addresses are found by a road or a building with a number, names where they were told, or
after a word such as 收件人: best effort (R-15.6). `python -m benchmarks.masking` measures.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from bot.llm.addresses import addresses
from bot.llm.folding import fold

LABELS = {
    "phone": "手机号",
    "landline": "电话",
    "id_card": "身份证号",
    "bank_card": "银行卡号",
    "email": "邮箱",
    "order": "订单号",
    "wechat": "微信号",
    "qq": "QQ号",
    "address": "地址",
    "name": "姓名",
    "typed": "原文",
}
"""What the model is told of each kind; `typed` is text that looks like one of our placeholders."""


class Found(NamedTuple):
    """A part of a text that is personal; `kind` is a key of `LABELS`."""

    start: int
    end: int
    kind: str


_TYPED = rf"[\[【〔]\s?(?:{'|'.join(LABELS.values())})\s?\d+\s?[\]】〕]"

_GAP = r"[\s\-./_]{1,2}"
_MAY = r"[\s\-./_]{0,2}"

_EMAIL = r"[a-z0-9._%+\-]{1,64}@[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){1,4}"
_IDENTITY = rf"(?<!\d)[1-9](?:{_MAY}\d){{16}}{_MAY}[\dx](?![\da-z])"
_OLD_IDENTITY = r"(?<!\d)[1-9]\d{14}(?!\d)"
_PARCEL = (  # carriers whose numbers people copy with spaces
    r"(?<![a-z\d])(?:sf|yt|jt|jd[a-z]{0,2}|zto?|sto|yd|dpk?|yz)"
    r"[ \-]?\d(?:[ \-]?\d){11,14}(?!\d)"
)
_MOBILE = (
    rf"(?<!\d)(?:\(?(?:\+|00)?86\)?{_MAY}(?:\(0\){_MAY})?)?(?:1[3-9]\d(?:\d{{8}}|{_GAP}\d{{4}}{_GAP}\d{{4}}|{_GAP}\d{{8}}"
    rf"|\d{{4}}{_GAP}\d{{4}}|{_GAP}\d{{3}}{_GAP}\d{{5}})|1{_GAP}[3-9](?:{_GAP}\d){{9}})(?!\d)"
)
_ODDLY_SPACED = rf"(?<!\d)(?<!\d[\s\-./_])1{_MAY}[3-9](?:{_MAY}\d){{9}}(?!{_MAY}\d)"
_ABROAD = rf"(?<![a-z\d+])(?:\+|00)(?!86)[1-9]\d{{0,2}}(?:{_MAY}\(?\d{{2,4}}\)?){{2,4}}(?!\d)"
_EXTENSION = r"(?:(?:\s?转\s?|-|\s?ext\.?\s?)\d{1,6})?"
_LOCAL = rf"[2-9]\d{{2,3}}{_MAY}\d{{4}}{_EXTENSION}(?!\d)"
_LANDLINE = (
    rf"(?<!\d)(?:\(0(?:10|2\d|[3-9]\d\d)\)|\+?86{_GAP}0?(?:10|2\d|[3-9]\d\d)"
    rf"|0(?:10|2\d|[3-9]\d\d)){_MAY}{_LOCAL}"
)
_LOCAL_NAMED = rf"(?:座机|固话|电话|tel)(?:号码?)?[是为:\s]{{0,3}}(?P<it>{_LOCAL})"
_CARD = (
    rf"(?<![a-z\d])(?:\d{{16,19}}|\d{{4}}(?:{_GAP}\d{{4}}){{3}}(?:{_GAP}\d{{1,3}})?"
    rf"|\d{{6}}{_GAP}\d{{10,13}})(?![\da-z])"
)
_ACCOUNT = r"[a-z][a-z\d_\-]{5,19}(?![a-z\d_\-])"
_CHAT = r"(?:微信|v信|威信|薇信|wechat|[wv]x)"
_WECHAT = (
    r"(?<![a-z])(?:(?P<own>wxid_[a-z\d]{4,30})"
    rf"|{_CHAT}(?:(?:号|id|账号)\s?[是为:]{{0,2}}|\s?[是为:])\s{{0,2}}(?P<it>{_ACCOUNT})"
    rf"|(?:{_CHAT}|加v|加我)\s{{0,2}}(?P<that>(?=[a-z\-]{{1,19}}[\d_]){_ACCOUNT}))"
)
_QQ = r"(?<![a-z])(?:qq|扣扣|企鹅)(?:号码?)?\s{0,2}[是为:]{0,2}\s{0,2}(?P<it>[1-9]\d{4,10})(?!\d)"
_NUMBERED = r"(?=(?:[a-z\-]{0,20}\d){4})[a-z\d][a-z\d\-]{4,40}[a-z\d]"
_ORDER_WORD = (
    r"(?:(?:订|运|快递|物流|售后|退货|退款|换货|包裹)单|快递|物流|包裹|单号"
    r"|(?<![a-z])order|tracking)"
)
_ORDER = re.compile(
    rf"{_ORDER_WORD}\s?(?P<sure>(?:编?号码?|no\.?|number|id)?\s{{0,2}}[是为给:#\])]{{0,3}})\s{{0,2}}"
    rf"(?P<it>{_NUMBERED})",
    re.IGNORECASE,
)
_NEXT_ORDER = re.compile(rf"\s{{0,2}}[、,和跟及/&]\s{{0,2}}({_NUMBERED})", re.IGNORECASE)
_LETTERED = r"(?:(?<![a-z\d])(?!ems[a-z])|(?<=ems))[a-z]{1,8}\d(?:-?\d){8,}[a-z\d]*"
_BARE = r"(?<!\d)\d{10,}[a-z\d]*"
_SURNAMES = (  # more than half of all people have one of these
    "欧阳|司马|上官|诸葛|慕容|王|李|张|刘|陈|杨|黄|赵|吴|周|徐|孙|马|朱|胡|郭|何|高|林|罗|郑|梁|谢|宋|唐|许"
    "|韩|冯|邓|曹|彭|曾|肖|田|董|袁|潘|于|蒋|蔡|余|杜|叶|程|苏|魏|吕|丁|任|沈|姚|卢"
    "|姜|崔|钟|谭|陆|汪|范|金|石|廖|贾|夏|韦|付|方|白|邹|孟|熊|秦|邱|江|尹|薛"
)
_NAMED = (
    r"(?:收件人|收货人|联系人|持卡人|姓名|户名|名字叫|我叫)[是为:\s]{0,3}"
    rf"(?P<it>(?:{_SURNAMES})[\u4e00-\u9fff]{{1,2}}?)"
    r"(?=[^\u4e00-\u9fff]|$|电话|手机|地址|先生|女士)"
)

_BEFORE = 14
_MEANING = re.compile(
    r"(?P<order>订单|单号|运单|快递|物流|包裹|[后货这]单|tracking|order|顺丰|[圆中申]通|韵达|极兔|京东|邮政|德邦)"
    r"|(?P<bank>卡号|银行|[蓄用记]卡|卡|账号|账户|[工农中建交招]行)|(?P<phone>手机|电话|(?<![单卡证])号码|联系|tel|打)|(?P<identity>身份证|证件)"
    r"|(?P<code>条形?码|编码|货号|款号|型号|商品|sku|isbn|ean|[券惠换活伪溯管]码|口令|卡密"
    r"|批[号次]|版本|标准|备案|许可)",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\s?(?:元|块|万|亿|分|个|件|人|次|%|积分)")
_DATE = re.compile(r"(?:19|20)\d\d-?(?:0?[1-9]|1[0-2])-?(?:0?[1-9]|[12]\d|3[01])")
_PUBLIC = re.compile(r"[48]00\d{7}|(?:gb|iso|iec|en)\d.*", re.IGNORECASE)  # hotlines, standards
_LONGEST_LINK = 500
_LINKABLE = re.compile(r"[\w\-./?=&%#:+~]+", re.ASCII)
_TAKEN = "\0"  # stands for what has been found, so that nothing is found twice


Spans = Callable[[str], Iterator[tuple[int, int]]]


def find(text: str, names: Sequence[str] = ()) -> list[Found]:
    """The personal data of a text, in order and without overlaps; time grows with its length.

    Args:
        names: of people this conversation is about, as far as we were told.
    """
    folded = fold(text)
    rest = folded.text
    found: list[Found] = []
    for kind, spans in (*_FIRST, ("name", _told(names)), *_THEN):
        pieces, done = [], 0
        for start, end in spans(rest):
            if start >= done and _TAKEN not in rest[start:end]:
                found.append(Found(*folded.span(start, end), kind))
                pieces += [rest[done:start], _TAKEN * (end - start)]
                done = end
        rest = "".join((*pieces, rest[done:]))
    return _apart(sorted(found))


def _apart(found: list[Found]) -> list[Found]:
    """One instead of two that share a sign, as those may that fold to several."""
    apart: list[Found] = []
    for one in found:
        if apart and one.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(one.end, apart[-1].end))
        else:
            apart.append(one)
    return apart


def _matches(pattern: str, means: Callable[[re.Match[str]], bool] = lambda _match: True) -> Spans:
    compiled = re.compile(pattern, re.IGNORECASE)

    def spans(text: str) -> Iterator[tuple[int, int]]:
        for match in compiled.finditer(text):
            if means(match):
                yield match.span(match.lastgroup or 0)

    return spans


def _told(names: Sequence[str]) -> Spans:
    folded = sorted({name for told in names if len(name := fold(told).text.strip()) > 1}, key=len)
    either = "|".join(
        rf"(?<![a-z]){re.escape(name)}(?![a-z])" if name.isascii() else re.escape(name)
        for name in reversed(folded)
    )
    return _matches(either) if folded else lambda _text: iter(())


def _orders(text: str) -> Iterator[tuple[int, int]]:
    """Numbers after a word such as 订单号, and those listed after them."""
    for match in _ORDER.finditer(text):
        number = match["it"]
        sure = match["sure"].strip() or sum(map(str.isdigit, number)) >= 6
        if not sure or (not match["sure"].strip() and _DATE.fullmatch(number)):
            continue
        if _COUNTED.match(text, match.end()):
            continue
        yield match.span("it")
        following = _NEXT_ORDER.match(text, match.end())
        while following:
            yield following.span(1)
            following = _NEXT_ORDER.match(text, following.end())


def _meaning(match: re.Match[str]) -> str | None:
    """What the nearest word before the digits says they are."""
    at = match.start() + next(i for i, sign in enumerate(match.group()) if sign.isdigit())
    nearest = None
    for word in _MEANING.finditer(match.string, max(0, at - _BEFORE), at):
        nearest = word.lastgroup
    return nearest


def _digits(match: re.Match[str]) -> str:
    return "".join(filter(str.isdigit, match.group()))


def _is_identity(match: re.Match[str]) -> bool:
    number = "".join(filter(str.isalnum, match.group())).upper()
    born = number[6:14]
    try:
        date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    total = sum(int(sign) * pow(2, 17 - i, 11) for i, sign in enumerate(number[:17]))
    right = "10X98765432"[total % 11] == number[17]
    # People mistype; but an order number may hold something like a date.
    return born[:2] in ("19", "20") and (right or _meaning(match) not in ("order", "code"))


def _is_said(meaning: str) -> Callable[[re.Match[str]], bool]:
    return lambda match: _meaning(match) == meaning


def _is_abroad(match: re.Match[str]) -> bool:
    return 9 <= len(_digits(match)) <= 15


def _is_card(match: re.Match[str]) -> bool:
    number, meaning = _digits(match), _meaning(match)
    if meaning in ("order", "code"):
        return False
    return meaning == "bank" or number.startswith("62") or (number[0] in "3456" and _luhn(number))


def _luhn(number: str) -> bool:
    doubled = (int(sign) * (1 + i % 2) for i, sign in enumerate(reversed(number)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _is_number_of_theirs(match: re.Match[str]) -> bool:
    """Not that of a product, a coupon, a sum of money, a hotline, a standard or a link."""
    meaning = _meaning(match)
    if meaning == "order":
        return True
    if meaning == "code" or _COUNTED.match(match.string, match.end()):
        return False
    number = match.group()
    return not (_PUBLIC.fullmatch(number) or _is_bar_code(number) or _is_in_link(match))


def _is_bar_code(number: str) -> bool:
    if len(number) != 13 or not number.startswith(("69", "978", "979")) or not number.isdigit():
        return False
    return sum(int(sign) * (1 + i % 2 * 2) for i, sign in enumerate(number)) % 10 == 0


def _is_in_link(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - _LONGEST_LINK) : match.start()]
    word = _LINKABLE.match(before[::-1])  # backwards, as a search for its end would be slow
    return word is not None and any(mark in word.group() for mark in ("//:", ".www"))


# In this order: an identity number would pass for a card, a card for an order.
_FIRST: tuple[tuple[str, Spans], ...] = (
    ("typed", _matches(_TYPED)),
    ("email", _matches(_EMAIL)),
    ("order", _matches(_PARCEL)),
    ("id_card", _matches(_IDENTITY, _is_identity)),
    ("phone", _matches(_MOBILE)),
    ("phone", _matches(_ABROAD, _is_abroad)),
    ("phone", _matches(_ODDLY_SPACED, _is_said("phone"))),
    ("landline", _matches(_LANDLINE)),
    ("landline", _matches(_LOCAL_NAMED)),
)
_THEN: tuple[tuple[str, Spans], ...] = (
    ("wechat", _matches(_WECHAT)),
    ("qq", _matches(_QQ)),
    ("bank_card", _matches(_CARD, _is_card)),
    ("order", _matches(_CARD, _is_said("order"))),
    ("order", _orders),
    ("id_card", _matches(_OLD_IDENTITY, _is_said("identity"))),
    ("order", _matches(_LETTERED, _is_number_of_theirs)),
    ("order", _matches(_BARE, _is_number_of_theirs)),
    ("address", addresses),
    ("name", _matches(_NAMED)),
)
