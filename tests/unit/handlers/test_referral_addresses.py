"""A physical reward goes where the customer says; the address is kept sealed, then forgotten."""

from contextlib import suppress

import pytest

from bot.app import build_eraser
from bot.config import Campaign
from bot.errors import Unreadable
from bot.model import Emitted
from bot.model.tasks import TASK_ENDED, TaskState
from bot.store.erasures import Eraser
from handlers.referral import addresses, grants
from handlers.referral.addresses import Address
from handlers.referral.grants import Paid
from tests.conftest import OpenChat
from tests.referrals import SPRING, Fair

LAN = "wm_lan"
WHERE = "杭州市西湖区文三路1号2幢301室"
WHOLE = Address("王芳", "13800138000", WHERE)
CUP = {"cup": {"kind": "gift", "name": "杯子", "stock": 3}}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"王芳，13800138000，{WHERE}", WHOLE),
        (f"{WHERE} 王芳 138 0013 8000", WHOLE),
        (f"收货人：王芳\n电话：+86 138-0013-8000\n收货地址：{WHERE}", WHOLE),
        (f"13800138000 {WHERE}", Address("", "13800138000", WHERE)),
        ("王芳 13800138000", Address("王芳", "13800138000", "")),
    ],
)
def test_the_parts_are_read_in_any_order(text: str, wanted: Address) -> None:
    assert addresses.read(text) == wanted


@pytest.mark.parametrize(
    "text", ["运费多少钱", "你们在人民路有店吗", "我的进度", "订单 20261201138001380001 到哪了"]
)
def test_an_ordinary_question_is_no_address(text: str) -> None:
    assert not addresses.looks_like_one(text)


@pytest.fixture
async def fair(open_chat: OpenChat) -> Fair:
    described = SPRING | {"freeze_hours": 1, "rewards": SPRING["rewards"] | CUP}
    described |= {"tiers": [{"invites": 1, "reward": "cup"}]}
    fair = Fair(await open_chat(), Campaign.model_validate(described))
    await fair.opens()
    return fair


async def reached(fair: Fair) -> None:
    await fair.invites(LAN)
    await fair.adds("wm_f", by=LAN)
    await fair.chat.waits(hours=2)


async def asked(fair: Fair) -> list[tuple[str, str]]:
    tasks = await fair.store.tasks.of_customer(LAN)
    return [(one.task.kind, one.task.text) for one in tasks]


async def standing(fair: Fair) -> Paid:
    (one,) = await grants.grants_of(fair.store, [LAN])
    return one.standing


async def test_who_can_be_written_to_is_asked_and_a_member_gets_what_he_confirmed(
    fair: Fair,
) -> None:
    await fair.chat.says("你好")
    await reached(fair)
    assert any("收货人、手机号和详细地址" in one for one in fair.chat.replies)
    assert await asked(fair) == []
    await fair.chat.says(f"王芳 {WHERE}")
    assert "还缺手机号" in fair.chat.replies[-1]
    await fair.chat.says("手机 13800138000，文三路那个小区门口放")
    assert "王芳" in fair.chat.replies[-1]
    assert await asked(fair) == []  # nobody is sent anything that was not confirmed
    await fair.chat.taps("对，就寄这里")
    ((kind, text),) = await asked(fair)
    assert kind == "referral_address"
    assert "13800138000" in text
    await fair.chat.waits(hours=72)
    assert len(await asked(fair)) == 1  # the question is closed


async def test_what_is_stored_is_sealed(fair: Fair) -> None:
    await fair.chat.says("你好")
    await reached(fair)
    await fair.chat.says(f"王芳，13800138000，{WHERE}")
    (row,) = await fair.store.database.fetch("SELECT body FROM referral_addresses")
    assert b"13800138000" not in row["body"]
    (one,) = await grants.grants_of(fair.store, [LAN])
    found = await addresses.given(fair.store, one.id)
    assert found is not None
    assert (found.address, found.is_confirmed) == (WHOLE, False)


async def test_a_wrong_reading_is_forgotten_and_asked_again(fair: Fair) -> None:
    await fair.chat.says("你好")
    await reached(fair)
    await fair.chat.says(f"王芳，13800138000，{WHERE}")
    await fair.chat.taps("不对，我重新填")
    assert await fair.store.database.fetch("SELECT 1 FROM referral_addresses") == []
    assert "例如" in fair.chat.replies[-1]
    assert await asked(fair) == []


async def test_who_says_nothing_for_two_days_is_called(fair: Fair) -> None:
    await fair.chat.says("你好")
    await reached(fair)
    await fair.chat.waits(hours=49)
    ((kind, text),) = await asked(fair)
    assert (kind, "确认收货地址" in text) == ("referral_gift", True)


async def test_who_cannot_be_written_to_is_called_at_once(fair: Fair) -> None:
    await reached(fair)
    assert [kind for kind, _ in await asked(fair)] == ["referral_gift"]


async def test_an_address_of_somebody_to_whom_nothing_is_owed_is_not_ours(fair: Fair) -> None:
    await fair.chat.says(f"王芳，13800138000，{WHERE}")
    assert not fair.chat.handled_by.startswith("referral")
    assert await fair.store.database.fetch("SELECT 1 FROM referral_addresses") == []


async def test_after_it_was_sent_the_address_is_kept_thirty_days(fair: Fair) -> None:
    await fair.chat.says("你好")
    await reached(fair)
    await fair.chat.says(f"王芳，13800138000，{WHERE}")
    await fair.chat.taps("对，就寄这里")
    (one,) = await fair.store.tasks.of_customer(LAN)
    where = fair.chat.conversation
    told = {"by": one.task.member, "at": fair.clock.now(), "task_id": one.task.id}
    data = told | {"kind": one.task.kind, "ref": one.task.ref, "state": TaskState.SENT}
    ended = Emitted(
        name=TASK_ENDED,
        data=data,
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
    )
    await fair.chat.receives(ended)
    assert await standing(fair) is Paid.GIVEN
    await fair.chat.waits(hours=29 * 24)
    assert await fair.store.database.fetch("SELECT 1 FROM referral_addresses")
    await fair.chat.waits(hours=2 * 24)
    assert await fair.store.database.fetch("SELECT 1 FROM referral_addresses") == []


async def everything(fair: Fair, eraser: Eraser) -> str:
    """What whoever has the database and its keys can read, sealed or not."""
    vault, found = fair.store.vault, list[str]()
    for table in eraser.tables:
        for row in await fair.store.database.scan(f"SELECT * FROM {table.name}"):
            values = dict(row)
            whose = str(values.get("subject") or f"customer:{values.get('external_userid')}")
            found.append(str(list(values.values())))
            for value in values.values():
                if isinstance(value, bytes):
                    await vault.ready([whose])
                    with suppress(Unreadable):
                        found.append(vault.open(whose, value).decode("utf-8", "replace"))
    return "\n".join(found)


async def test_erasing_somebody_forgets_his_address_and_the_task_that_holds_his_phone(
    fair: Fair,
) -> None:
    await fair.chat.says("你好")
    await reached(fair)
    await fair.chat.says(f"王芳，13800138000，{WHERE}")
    await fair.chat.taps("对，就寄这里")
    engine = fair.chat.engine
    eraser = build_eraser(engine.config, fair.store, engine.routers)
    plain = await everything(fair, eraser)
    assert "13800138000" in plain, "the task of whoever sends it"
    rows = await fair.store.database.fetch("SELECT text FROM staff_tasks")
    assert all(b"13800138000" not in row["text"] for row in rows)
    await eraser.carry_out(await eraser.ask(LAN, by="test", now=fair.clock.now()))
    left = await everything(fair, eraser)
    for told in ("13800138000", "王芳", "文三路"):
        assert told not in left, told
    for table in ("referral_addresses", "referral_receipts", "staff_tasks", "referral_grants"):
        assert await fair.store.database.fetch(f"SELECT 1 FROM {table}") == [], table


async def test_a_gift_that_is_taken_back_leaves_no_address(fair: Fair) -> None:
    await fair.chat.says("你好")
    await reached(fair)
    await fair.chat.says(f"王芳，13800138000，{WHERE}")
    await fair.leaves("wm_f")
    assert await standing(fair) is Paid.WITHDRAWN
    assert await fair.store.database.fetch("SELECT 1 FROM referral_addresses") == []
    await fair.chat.waits(hours=72)
    assert await asked(fair) == []
