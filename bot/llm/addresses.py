"""Where in a text does a postal address begin and end? Best effort.

An address is recognised by its end, a road or a building with a number; a town or a road alone is
what people ask about. From there it is followed to the left as far as the words may be part of it.
"""

import re
from collections.abc import Iterator

_HAN = r"[\u4e00-\u9fff]"
_UNIT = (
    r"(?:\s?[a-z]?\d{1,4}[a-z]?(?:号楼|号院|(?:[号栋幢座]|[层楼室户组])|单元)|\s?[a-z东西南北](?:[座栋区]|单元)"
    rf"|\s?{_HAN}{{2,8}}?(?:小区|大厦|广场|中心|公寓|花园))"
)
_ROOM = r"(?:\s?[a-z]?\d{1,4}(?:-\d{1,4}){0,3}(?!\s?[\d元块月年天点]))"
_ROAD = (
    r"(?:路|街|大道|巷|弄|胡同|村|(?<![知味报通频])(?<![赛管渠跑轨])道)"
    r"(?:(?:[东南西北中]|[一二三四五])段)?[甲乙丙]?\d{1,5}(?:号院|[号弄院组])"
)
_BUILDING = (
    r"(?<![\da-z])\d{1,3}(?:号楼|[栋幢座])"
    r"(?:\s?[\da-z一二三四]{1,2}单元)?\s?\d{3,4}室?(?!\d)"
)
_ANCHOR = re.compile(rf"(?:{_ROAD}|{_BUILDING}){_UNIT}{{0,6}}{_ROOM}?", re.IGNORECASE)

_LONGEST = 30
_LEFT = re.compile(rf"{_HAN}{{1,{_LONGEST}}}$")
_STOP = re.compile(
    r"改成|换成|公司|单位|那家|收货|你家|您家|贵店|们|到|在|是|住|址|寄|送|给|往|至"
    r"|收|的|了|我|你|您|他|她|请|帮|把|去|要|换|改|写|填|错|(?<!解)放"
)
_PROVINCE = re.compile(
    r"北京|上海|天津|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南"
    r"|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_OURS = ("们", "你家", "您家", "贵店")
_SHOP = re.compile(r"的?(?:那家|这家)?(?:[门分]?店|专柜)")


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each address in a folded text; that of a shop, ours, is none."""
    for anchor in _ANCHOR.finditer(text):
        start, ours = _beginning(text, anchor.start())
        if not ours and not _SHOP.match(text, anchor.end()):
            yield start, anchor.end()


def _beginning(text: str, anchor: int) -> tuple[int, bool]:
    """Where the address of this anchor begins, and whether it is said to be ours."""
    left = _LEFT.search(text[max(0, anchor - _LONGEST) : anchor])
    if left is None:
        return anchor, False
    words = left.group()
    start, ours = 0, False
    for stop in _STOP.finditer(words):
        start, ours = stop.end(), stop.group() in _OURS
    province = _PROVINCE.search(words, start)
    if province is not None:
        start = province.start()
    return anchor - len(words) + start, ours and province is None
