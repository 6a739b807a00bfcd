"""Is a tag about sensitive matters refused where nobody is asked about it by itself?"""

import pytest

from benchmarks.lexicon.labelled import shipped
from bot.app.sensitive import refuse_sensitive, sensitive_tags, separate_groups
from bot.config import Tagging
from bot.errors import Misconfigured
from bot.routing import Router, Says, Stage, Turn
from tests.conftest import OpenChat

GROUPS = [
    {"name": "关注", "purpose": "service"},
    {"name": "健康", "purpose": "sensitive"},
    {"name": "家庭", "purpose": "service"},
]
TAGGING = Tagging.model_validate({"groups": GROUPS})


def found(*tags: str) -> list[str]:
    return [one.found for one in sensitive_tags(TAGGING, shipped(), tags)]


def test_sensitive_tags_need_a_group_with_a_purpose_of_its_own() -> None:
    assert separate_groups(TAGGING) == {"健康"}
    assert found("关注：运费", "健康：糖尿病") == []
    assert found("家庭：宝宝月龄") == ["“家庭：宝宝月龄”是敏感信息（未成年人）"]


def test_start_up_stops_for_a_sensitive_group() -> None:
    tagging = Tagging.model_validate({"groups": [{"name": "宗教信仰"}]})
    with pytest.raises(Misconfigured, match=r"宗教信仰.*敏感信息"):
        refuse_sensitive(tagging, shipped(), [])
    with pytest.raises(Misconfigured, match="孕期"):
        refuse_sensitive(TAGGING, shipped(), ["家庭：孕期"])


async def test_a_behaviour_cannot_put_one_on_either(open_chat: OpenChat) -> None:
    router = Router("toy", stage=Stage.GUARD)

    @router.message(Says("greeting.thanks"))
    async def tag(turn: Turn) -> None:
        turn.tag("家庭：孕期")
        turn.tag("家庭：新房")
        turn.settle("noted")

    chat = await open_chat(more=[router], tagging={"groups": GROUPS})
    await chat.says("谢谢")
    assert await chat.store.tags.names_of(chat.conversation.external_userid, chat.clock.now()) == {
        "家庭：新房"
    }
