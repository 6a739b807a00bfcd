"""Does a summary for the staff say only what was said, by whom it was said?"""

import json

import pytest

from bot.app import MODEL_PROMPTS
from bot.config import Llm
from bot.llm.caller import Said
from bot.llm.grounding import Grounding, Words
from bot.llm.prompts import read_prompt
from bot.llm.summariser import Spoken, Summariser
from bot.telemetry import Metrics
from knowledge.fold import even_out
from tests.model_cases import FORBIDS

SHOES: list[Spoken] = [
    ("customer", "我上周三买的跑鞋到现在还没收到，订单号 20261118003123"),
    ("bot", "现货 48 小时内发出，偏远地区 3 到 5 天送达。"),
    ("customer", "都 8 天了！你们之前答应过赔我 50 元运费的"),
    ("customer", "能不能帮我查下到哪了，我电话 13812345678"),
]
RETURN: list[Spoken] = [
    ("customer", "羊毛衫洗了一次就缩水，想退货"),
    ("bot", "签收后 7 天内，在订单页点“申请退货”。"),
    ("customer", "我签收十天了，页面上没有申请退货"),
    ("servicer", "您好，我帮您看一下，请发两张照片"),
    ("customer", "照片发了，能退吗"),
]
BANK: list[Spoken] = [
    ("customer", "我今天早上发现卡里少了 2300 块，不是我转的"),
    ("bot", "请先在手机银行里挂失，再联系我们。"),
    ("customer", "已经挂失了，钱能追回来吗"),
]
HONEST = [
    (SHOES, "跑鞋 8 天没收到，想查到哪了", "现货 48 小时内发出"),
    (SHOES, "客户反映上周三买的跑鞋还没收到，要求查物流到哪了，称之前答应过赔 50 元运费", ""),
    (SHOES, "跑鞋没收到，订单号 [订单号1]，电话 [手机号1]", "偏远地区 3 到 5 天送达"),
    (SHOES, "客户询问跑鞋为何还没收到，要求查一下", "机器人答复现货 48 小时内发出"),
    (SHOES, "跑鞋一直没到，要赔 50 元运费", ""),
    (RETURN, "羊毛衫洗一次缩水，签收十天，页面没有申请退货，问能不能退", "签收后 7 天内申请退货"),
    (RETURN, "羊毛衫缩水想退货，已签收十天，照片已发", "同事请他发两张照片"),
    (RETURN, "羊毛衫洗了缩水要退货，页面上没有申请退货", "在订单页点“申请退货”，签收后 7 天内"),
    (RETURN, "客户希望退掉缩水的羊毛衫，照片发了", "我帮您看一下，请发两张照片"),
    (BANK, "早上发现卡里少了 2300 块，不是本人转的，已经挂失，问钱能不能追回", "先在手机银行挂失"),
    (BANK, "卡里少了 2300 块，不是自己转的，想知道钱能追回来吗", ""),
    (BANK, "客户称卡里少了 2300 块，已挂失", "请先在手机银行里挂失，再联系我们"),
]
LIES = [
    (SHOES, "跑鞋 18 天没收到", ""),
    (SHOES, "跑鞋没收到，要求赔 500 元", ""),
    (SHOES, "跑鞋没收到", "答应赔 50 元运费"),
    (SHOES, "跑鞋没收到", "已为客户补发"),
    (SHOES, "跑鞋没收到", "48 小时内送达，超时免费"),
    (SHOES, "跑鞋没收到", "24 小时内发出"),
    (SHOES, "跑鞋没收到，电话 13900000000", ""),
    (SHOES, "跑鞋没收到，请加微信 abc123456 处理", ""),
    (SHOES, "跑鞋没收到，订单号 [单号7]", ""),
    (SHOES, "跑鞋已经收到，对颜色不满意", ""),
    (SHOES, "客户骂人，是职业打假人", ""),
    (SHOES, "跑鞋没收到，" + "已经催了好多次，" * 20, ""),
    (RETURN, "羊毛衫缩水想退货", "答应全额退款"),
    (RETURN, "羊毛衫缩水想退货", "签收后 15 天内可以退货"),
    (RETURN, "羊毛衫缩水，要求假一赔十", ""),
    (RETURN, "羊毛衫缩水想退货", "同事已登记，明天回电"),
    (RETURN, "羊毛衫掉色发霉，孩子过敏", ""),
    (BANK, "卡里少了 23000 块", ""),
    (BANK, "卡里少了 2300 块", "保证追回"),
    (BANK, "卡里少了 2300 块", "银行三个工作日内赔付"),
    (BANK, "客户把密码告诉了陌生人", ""),
    (BANK, "卡里少了 2300 块，见 https://evil.example/x", ""),
    ([BANK[0]], "卡里少了 2300 块", "请先在手机银行里挂失"),
]


class Played(Summariser):
    """Writes what it is told to."""

    says, whole = "", True

    async def ask(self, instructions: str, request: str) -> Said:
        self.request = request
        return Said(text=self.says, whole=self.whole, tokens=7)


@pytest.fixture(scope="module")
def played() -> Played:
    words = Words.load(MODEL_PROMPTS / "words.yaml", even_out)
    return Played(
        Llm(base_url="http://127.0.0.1:9/v1", model="played"),
        read_prompt(MODEL_PROMPTS, "sum_up.md"),
        Grounding(words, even_out, FORBIDS),
        Metrics(),
        words=words.summary,
    )


def written(wants: str, told: str) -> str:
    return json.dumps({"wants": wants, "told": told}, ensure_ascii=False)


@pytest.mark.parametrize(("lines", "wants", "told"), LIES)
async def test_what_nobody_said_is_not_shown(
    played: Played, lines: list[Spoken], wants: str, told: str
) -> None:
    played.says = written(wants, told)
    summed = await played.sum_up(lines)
    assert (summed.wants, summed.told) == ("", "")
    assert summed.refused


async def test_honest_summaries_get_through(played: Played) -> None:
    lost = []
    for lines, wants, told in HONEST:
        played.says = written(wants, told)
        summed = await played.sum_up(lines)
        if not summed.wants:
            lost.append((summed.refused, wants, told))
    assert len(lost) <= len(HONEST) * 0.1, lost


async def test_what_is_personal_leaves_masked_and_comes_back(played: Played) -> None:
    played.says = written("跑鞋没收到，电话 [手机号1]", "")
    summed = await played.sum_up(SHOES)
    assert "13812345678" not in played.request
    assert summed.wants == "跑鞋没收到，电话 13812345678"
    assert summed.tokens == 7
    assert summed.prompt


@pytest.mark.parametrize(
    "says",
    ["", "好的，小结如下：跑鞋没收到", '{"wants": "跑鞋没收到"}', '{"wants": 3, "told": ""}'],
)
async def test_what_has_not_the_form_is_refused(played: Played, says: str) -> None:
    played.says = says
    assert (await played.sum_up(SHOES)).refused == "form"


async def test_a_summary_that_was_cut_off_is_refused(played: Played) -> None:
    played.says, played.whole = written("跑鞋没收到", ""), False
    assert (await played.sum_up(SHOES)).refused == "form"
    played.whole = True


async def test_with_nothing_to_say_there_is_no_summary(played: Played) -> None:
    played.says = written("", "")
    summed = await played.sum_up([("customer", "转人工")])
    assert (summed.wants, summed.refused) == ("", "")
