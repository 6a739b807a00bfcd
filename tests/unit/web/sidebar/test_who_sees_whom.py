"""Every address × every role × own and foreign customers (R-12.1)."""

from bot.model import Conversation, CustomerAdded
from bot.store import Unit
from bot.web.sidebar.endpoint import PATH
from tests.conftest import OpenChat
from tests.sidebar import STAFF, Office, opened_office
from tests.talk import Chat

READS = (
    "panel",
    "panels",
    "lines",
    "case",
    "person",
    "said",
    "result",
    "events",
    "materials",
    "remark",
    "knowledge",
)
SENDING = ("materials/ready", "materials/sent", "materials/send", "attachment", "remark")
CONSENT = ("consent/ask", "consent/asked", "knowledge/decide")
WRITES = (
    *("act", "sent", "reject", "tag", "suggest", "teach", "draft", "decide"),
    *(*SENDING, *CONSENT),
)
"""Of one customer each; while an address is in no table, `../test_every_route.py` fails."""

FOREIGN = Conversation("wk_shop", "wm_far")

SEES = {
    # who: (own, foreign) for reading, own for writing
    "zhangsan": ("yes", "no", "yes"),
    "lisi": ("yes", "no", "yes"),
    "boss": ("yes", "yes", "yes"),
    "south": ("no", "no", "no"),
    "editor": ("no", "no", "no"),
    "audit": ("yes", "yes", "looks"),
    "stranger": ("no", "no", "no"),
    "friend": ("no", "yes", "no"),
}


async def two_customers(chat: Chat) -> None:
    """One has an open case at the shop; the other is a friend of somebody else."""
    await chat.says("我要人工")
    await chat.store.vault.ready([FOREIGN.subject])
    unit = Unit()
    added = CustomerAdded(userid="friend", external_userid="wm_far", at=chat.clock.now())
    chat.store.contacts.happened(unit, added, chat.clock.now())
    await chat.store.database.commit(unit)


async def status(office: Office, userid: str, name: str, customer: str, account: str) -> int:
    browser = await office.signed_in(userid)
    about = {"customer": customer, "open_kfid": account, "client_id": "client-0001"}
    if name in WRITES:
        return (await browser.post(f"{PATH}/{name}", about)).status
    answer = await browser.get(f"{PATH}/{name}", **about)
    answer.close()
    return answer.status


async def test_every_address_every_role_own_and_foreign(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=STAFF)
    await two_customers(chat)
    async with opened_office(chat) as office:
        refused, own = {404}, chat.conversation
        for userid, (sees_own, sees_foreign, writes) in SEES.items():
            for name in READS:
                found = await status(office, userid, name, own.external_userid, own.open_kfid)
                assert (found in refused) == (sees_own == "no"), f"{userid} {name} own {found}"
                found = await status(office, userid, name, "wm_far", "")
                assert (found in refused) == (sees_foreign == "no"), f"{userid} {name} {found}"
            for name in WRITES:
                found = await status(office, userid, name, own.external_userid, own.open_kfid)
                wanted = {"yes": {200, 400, 409}, "no": {404}, "looks": {403}}[writes]
                assert found in wanted, f"{userid} {name} {found}"
                if sees_foreign == "no":
                    found = await status(office, userid, name, "wm_far", "")
                    assert found == 404, f"{userid} {name} foreign {found}"


async def test_what_a_browser_says_of_ids_opens_nothing(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=STAFF)
    await two_customers(chat)
    async with opened_office(chat) as office:
        own = chat.conversation.external_userid
        for customer, account in (
            ("wm_nobody", ""),
            ("", ""),
            ("wm_lan' OR 1=1 --", ""),
            ("../../etc/passwd", ""),
            ("w" * 65, ""),
            (own, "wk_other"),
            (own, "wk_shop' --"),
            ("wm_far", "wk_shop"),
        ):
            for name in READS:
                assert await status(office, "zhangsan", name, customer, account) == 404


async def test_whoever_is_no_longer_a_friend_sees_nothing_any_more(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=STAFF)
    await two_customers(chat)
    async with opened_office(chat) as office:
        assert await status(office, "friend", "panel", "wm_far", "") == 200
        await chat.store.database.execute("UPDATE relations SET deleted_at = 1")
        assert await status(office, "friend", "panel", "wm_far", "") == 404


async def test_a_case_that_is_over_lets_only_leaders_look(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=STAFF)
    await two_customers(chat)
    await chat.waits(hours=30)
    async with opened_office(chat) as office:
        where = chat.conversation
        for userid, wanted in (("zhangsan", 404), ("boss", 200), ("south", 404), ("audit", 200)):
            found = await status(office, userid, "panel", where.external_userid, where.open_kfid)
            assert found == wanted, userid
