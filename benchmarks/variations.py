"""How else would customers put the same question, and how often is what asked?

The authored sets word every question once. In a company's log the same few things are asked again
and again in slightly different words. `Wording` makes such words out of a question, by what people
do when they type or dictate: politeness, particles, synonyms, words left out or added, clauses
turned round, the name of what they bought, traditional characters, sounds confused, fingers
slipping. `Traffic` draws questions as they come in: few things often, most things seldom (Zipf).

The same seed gives the same questions. Nothing here was taken from anybody's log, and none of it
is used by the product: what the product evens out itself (`knowledge.fold`) it has to earn.
"""

import importlib.util
import json
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from knowledge.evaluate import Labelled, Type
from knowledge.fold import exact_key, fold

CHANGES = {1: 35, 2: 35, 3: 20, 4: 10}  # how many things differ, and how often of a hundred
ZIPF = 1.0  # the n-th most frequent thing is asked 1/n as often as the first
_TRIES = 40

_OPENINGS = (
    "请问 请问一下 你好 您好， 在吗， 在不在 麻烦问一下 想问下 想问一下 咨询一下 问一下 客服你好，"
    " 亲， 老板， 你好， 哈喽 那个 诶 打扰一下， 我想问问 想了解一下 帮我看下"
).split()
_CLOSINGS = "谢谢 ，谢谢 ，谢谢啦 ，急 ，在线等 ，麻烦了 ，求回复 ，挺急的 ，辛苦 ，多谢 ，盼回复".split()
_PARTICLES = "呢 啊 吗 呀 哦 嘛 吧 哈 哇 呗 咧 噢 的呢 的呀 来着".split()
_FILLERS = "就是 那个 然后 到底 其实 好像 就 嗯 呃 现在 我这边 我这儿 这边".split()
_CONTEXTS = (
    "我是新用户 昨天问过没人理 我朋友让我问的 上次忘了问 第一次用 刚看到 帮家里人问的 我在外地"
    " 前两天还好好的 研究半天了 我不太懂这个 之前没弄过 看了半天没找着 别人说法不一样 刚想起来"
).split()
_NAMES = "青禾 小满Pro 云雀2代 木白X3 拾光 半夏 南枝mini 山岚 一苇S 听雨款 白露 北辰A5".split()
_POINTING = "这个 那个 这款 那款 这种 那种 这东西 那东西".split()
_LEFT_OUT = (
    "的 了 就 都 也 还 那 我 我的 你们 一下 是 给 到底 这个 那个 请问 一个 有点 还是 会 把 又 再 然后"
).split()

# Words of one line mean the same in a customer's question.
_SYNONYMS = """
怎么 咋 怎样 如何
什么 啥
多久 多长时间 几天 多少天
多少钱 什么价 几块钱 啥价
可以 能 行
能不能 可不可以 能否 可以不可以
怎么办 咋办 怎么处理 怎么弄 如何处理
为什么 为啥 怎么 凭什么
什么时候 啥时候 几时 哪天
现在 目前 眼下 这会儿
刚才 刚刚 刚
昨天 昨儿 昨日
今天 今儿 今日
明天 明儿 明日
老是 总是 一直 每次都
东西 商品 货 物品
买 购买 入手 拍
收到 拿到 到手
弄 搞 整 办
需要 要 得 必须
坏了 不好使了 出毛病了 不行了
便宜 划算 实惠
合适 合不合适 行不行
很多 好多 不少
特别 非常 太 好
但是 可是 不过 但
如果 要是 万一 假如
我们 咱们 咱
你们 你家 你们家 贵公司 咱家
孩子 小孩 娃 宝宝
我妈 老妈 妈妈 母亲
我爸 老爸 爸爸 父亲
老婆 媳妇 爱人
账号 账户 帐号
登录 登陆 登
人工 客服 真人
送 配送 派送 送过来
寄 邮 寄出
快递 包裹 件 物流
发票 票据
优惠 折扣 便宜 活动
优惠券 券 折扣券
下单 拍下 下的单 买
订单 单子 单
更换 调换 换
取消 撤销
修改 改 改一下 变更
绑定 绑 关联
手机 电话 手机上
费用 钱
退款 退钱 把钱退我
便宜点 少点 优惠点
说 讲
看 瞧 看看
知道 晓得
想 打算 准备
联系 找
用 使用 使
一样 相同 一个样
必须 一定要 非得
马上 立刻 赶紧 立马
已经 都 早就
里面 里头
上面 上头
地方 位置 哪块
失败 不成功 没成功 弄不了
提示 显示 跳出来 弹出
打开 点开 进
关掉 关闭 停掉 关
忘了 忘记了 不记得了 记不得
丢了 不见了 找不到了 弄丢了
"""

# Characters of one group sound alike: what input methods and dictation mix up.
_SOUNDS = (
    "的得地 在再 做作坐 换还 账帐涨 订定顶 是事试式 有又右 没每美 买卖 到道倒 里理李 完玩晚 己几记机 以已一 他她它"
    " 应该因 收手受 费非飞 钱前千 票飘漂 快块筷 递弟第 单担但 退腿推 款宽 货或获 码马吗 号好浩 会回汇 员元圆 券劝全"
    " 用拥永 期其起 限先线 包保报 邮有油 发法 查差茶 询寻讯 量两亮 价加家 格个各 质制之 修休秀 登灯等 录路陆 改该"
    " 名明命 字自子 电店点 话化画 地第低 址只直 时十实 间见件 支知只 付复副 银引 行型形 卡咖 积机急 分份粉 绑帮榜"
    " 扣口 税睡水 申身深 请清情 核和合 通同统 过国 户护互 证正整 新心信 密米 显现 示是市 失师 败白摆 版板办 升生声"
).split()

_CLAUSES = re.compile(r"[，,。；;！!？?\s]+")
_END = re.compile(r"[？?。！!~…\s]+$")
_LAST_PARTICLE = re.compile(rf"(?:{'|'.join(sorted(_PARTICLES, key=len, reverse=True))})$")
_NUMERALS = dict(zip("一二两三四五六七八九十", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10), strict=True))
_COUNTED = re.compile(
    rf"(?<![{''.join(_NUMERALS)}百千万第])([{''.join(_NUMERALS)}])(?=[天年个次件块元月号岁斤折遍种])"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")

Change = Callable[[str, random.Random], str]


class Wording:
    """Puts questions differently.

    Args:
        dice: decides everything.
    """

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def other(self, text: str) -> str:
        """The question as somebody else might put it; now and then just the same."""
        times = self._dice.choices(list(CHANGES), list(CHANGES.values()))[0]
        kinds = list(HOW)
        for _ in range(times):
            kind = self._dice.choices(kinds, [HOW[one] for one in kinds])[0]
            text = kind(text, self._dice) or text
        return text

    def fresh(self, text: str, known: set[str]) -> str | None:
        """The question in words whose `exact_key` is not among these, if some are found."""
        for _ in range(_TRIES):
            other = self.other(text)
            if exact_key(fold(other)) not in known:
                return other
        return None


class Intent(NamedTuple):
    """Something customers want, in the ways they were first heard to ask for it."""

    entry: str | None
    kind: Type
    texts: tuple[str, ...]


class Halves(NamedTuple):
    """A set's intents, each with half of its wordings: disjoint."""

    heard: list[Intent]
    unheard: list[Intent]


def halves(labels: Sequence[Labelled], dice: random.Random) -> Halves:
    """Split every entry's questions in two; what no entry answers is an intent a question.

    The larger half, where they are not equal, is heard. An intent that was authored once only is
    heard or unheard, not both.
    """
    groups: dict[tuple[str, Type], list[str]] = {}
    for label in labels:
        groups.setdefault((label.faq_id or label.query, label.kind), []).append(label.query)
    found = Halves([], [])
    for (name, kind), texts in groups.items():
        entry = name if kind == "in" else None
        dice.shuffle(texts)
        middle = len(texts) // 2 + (len(texts) % 2 if len(texts) > 1 else dice.randint(0, 1))
        for some, half in ((texts[:middle], found.heard), (texts[middle:], found.unheard)):
            if some:
                half.append(Intent(entry, kind, tuple(some)))
    return found


class Traffic:
    """Questions as they come in.

    Args:
        intents: what is asked for.
        ranks: how often, by the entry or the (only) text of an intent: 1 = most often.
        dice: decides everything.
    """

    def __init__(
        self, intents: Sequence[Intent], ranks: dict[str, int], dice: random.Random
    ) -> None:
        self._dice, self._wording = dice, Wording(dice)
        self._intents = list(intents)
        self._often = _often(self._intents, ranks)

    def next(self, known: set[str] | None = None) -> tuple[Intent, str]:
        """An intent and how a customer puts it.

        Args:
            known: `exact_key` of texts that it must not be; ``None`` = whatever it is.
        """
        while True:
            intent = self._dice.choices(self._intents, self._often)[0]
            text = self._dice.choice(intent.texts)
            if known is None:
                return intent, self._wording.other(text)
            if other := self._wording.fresh(text, known):
                return intent, other


def ranked(intents: Sequence[Intent], dice: random.Random) -> dict[str, int]:
    """Which intents are asked for often: a rank of each within its kind, by chance."""
    names: dict[Type, list[str]] = {}
    for intent in intents:
        names.setdefault(intent.kind, []).append(_name(intent))
    ranks: dict[str, int] = {}
    for some in names.values():
        distinct = sorted(set(some))
        dice.shuffle(distinct)
        ranks |= {name: rank for rank, name in enumerate(distinct, 1)}
    return ranks


def _often(intents: Sequence[Intent], ranks: dict[str, int]) -> list[float]:
    """Zipf within a kind; the kinds are as frequent together as they are in the set."""
    often = [ranks[_name(intent)] ** -ZIPF for intent in intents]
    total: dict[Type, float] = {}
    texts: dict[Type, int] = {}
    for intent, weight in zip(intents, often, strict=True):
        total[intent.kind] = total.get(intent.kind, 0) + weight
        texts[intent.kind] = texts.get(intent.kind, 0) + len(intent.texts)
    return [w * texts[i.kind] / total[i.kind] for i, w in zip(intents, often, strict=True)]


def _name(intent: Intent) -> str:
    return intent.entry or intent.texts[0]


# ---------------------------------------------------------------------- what people do


def politely(text: str, dice: random.Random) -> str:
    """With a greeting or thanks, or without the one that was there."""
    for opening in sorted(_OPENINGS, key=len, reverse=True):
        if text.startswith(opening):
            return text.removeprefix(opening)
    if dice.random() < 0.7:
        return dice.choice(_OPENINGS) + text
    return _END.sub("", text) + dice.choice(_CLOSINGS)


def with_particle(text: str, dice: random.Random) -> str:
    """Another particle at the end, or none."""
    bare = _LAST_PARTICLE.sub("", _END.sub("", text))
    return bare + dice.choice(["", "", *_PARTICLES])


def with_synonym(text: str, dice: random.Random) -> str:
    """One word in place of another that means the same."""
    found = [(word, group) for group in _groups() for word in group if word in text]
    if not found:
        return text
    word, group = dice.choice(found)
    return text.replace(word, dice.choice([other for other in group if other != word]), 1)


def shorter(text: str, dice: random.Random) -> str:
    """Without a word that can be spared."""
    found = [word for word in _LEFT_OUT if word in text]
    return text.replace(dice.choice(found), "", 1) if found else text


def hesitating(text: str, dice: random.Random) -> str:
    """With a word that says nothing, before one of the clauses."""
    starts = [0, *(found.end() for found in _CLAUSES.finditer(text) if found.end() < len(text))]
    at = dice.choice(starts)
    return text[:at] + dice.choice(_FILLERS) + text[at:]


def turned_round(text: str, dice: random.Random) -> str:
    """The clauses in another order; of a single one, the beginning at the end."""
    clauses = [clause for clause in _CLAUSES.split(text) if clause]
    if len(clauses) > 1:
        dice.shuffle(clauses)
        return "，".join(clauses)
    words = [word for word in _words(clauses[0])] if clauses else []
    if len(words) < 4:
        return text
    at = dice.randint(1, min(3, len(words) - 2))
    return "".join(words[at:]) + "".join(words[:at])


def with_context(text: str, dice: random.Random) -> str:
    """With something told before or after that changes nothing."""
    told = dice.choice(_CONTEXTS)
    return f"{told}，{text}" if dice.random() < 0.7 else f"{_END.sub('', text)}，{told}"


def naming(text: str, dice: random.Random) -> str:
    """With the name of what was bought."""
    name = dice.choice(_NAMES)
    for word in _POINTING:
        if word in text:
            return text.replace(word, name, 1)
    return dice.choice((f"{name}{text}", f"我的{name}，{text}", f"{_END.sub('', text)}，{name}"))


def by_sound(text: str, dice: random.Random) -> str:
    """A character or two that sound like the right ones, and as dictated, no punctuation."""
    for _ in range(dice.choice((1, 1, 2))):
        found = [(at, group) for at, c in enumerate(text) for group in _SOUNDS if c in group]
        if found:
            at, group = dice.choice(found)
            other = dice.choice([c for c in group if c != text[at]])
            text = text[:at] + other + text[at + 1 :]
    return _CLAUSES.sub("", text) if dice.random() < 0.5 else text


def slipping(text: str, dice: random.Random) -> str:
    """Two characters turned round, one missing, or one twice."""
    places = [at for at in range(len(text) - 1) if _HAN.match(text[at])]
    if len(places) < 5:
        return text
    at = dice.choice(places)
    one, two = text[at], text[at + 1]
    instead = dice.choice((two + one, two, one + one + two))
    return text[:at] + instead + text[at + 2 :]


def traditional(text: str, _dice: random.Random) -> str:
    """In traditional characters."""
    return text.translate(_traditional())


def punctuated(text: str, dice: random.Random) -> str:
    """With other punctuation, or none."""
    between = dice.choice((" ", "", "，", "。"))
    clauses = [clause for clause in _CLAUSES.split(text) if clause]
    return between.join(clauses) + dice.choice(("", "？", "??", "?", "~", "。。。", "！"))


def in_digits(text: str, _dice: random.Random) -> str:
    """Small numbers in digits."""
    return _COUNTED.sub(lambda found: str(_NUMERALS[found[1]]), text)


HOW: dict[Change, int] = {
    with_synonym: 24,
    politely: 14,
    with_particle: 12,
    shorter: 12,
    turned_round: 8,
    by_sound: 8,
    hesitating: 6,
    with_context: 5,
    naming: 4,
    slipping: 4,
    punctuated: 4,
    traditional: 3,
    in_digits: 2,
}
"""What people do, and how often it is that, of about a hundred changes."""


@cache
def _groups() -> list[list[str]]:
    return [line.split() for line in _SYNONYMS.split("\n") if line.strip()]


def _words(clause: str) -> list[str]:
    import rjieba  # noqa: PLC0415

    return list(rjieba.cut(clause))


@cache
def _traditional() -> dict[int, str]:
    """The table of zhconv, read as `knowledge.fold` reads the other one."""
    spec = importlib.util.find_spec("zhconv")
    assert spec is not None and spec.submodule_search_locations, "zhconv is missing"
    path = Path(spec.submodule_search_locations[0]) / "zhcdict.json"
    table = json.loads(path.read_bytes())["zh2Hant"]
    return {ord(old): new for old, new in table.items() if len(old) == 1 and len(new) == 1}
