"""Which company does one meet when nobody says otherwise? A shop with two accounts."""

from collections.abc import Callable
from time import time

from simulator.credentials import Credentials
from simulator.records import Account, Options, Servicer
from simulator.ways import GroupMember
from simulator.world import World

PRESALE = "wkYunqi_presale_0000000000000001"
AFTERSALE = "wkYunqi_aftersale_00000000000002"
GROUP = "wrYunqi_members_0000000000000001"

_ACCOUNT_NAMES = ("售前咨询", "售后服务", "会员中心", "企业采购", "门店服务")
_ACCOUNT_IDS = (PRESALE, AFTERSALE)
_MEMBERS = {
    "zhangsan": "张敏",
    "lisi": "李航",
    "wangwu": "王倩",
    "zhaoliu": "赵磊",
    "sunqi": "孙悦",
}
_SERVICERS = (("zhangsan", "lisi"), ("wangwu", "lisi", "zhaoliu"))
_CUSTOMERS = (
    ("wmYunqi_customer_0000000000000001", "林小满"),
    ("wmYunqi_customer_0000000000000002", "阿哲"),
    ("wmYunqi_customer_0000000000000003", "周周的妈妈"),
)


def shop(
    *,
    accounts: int = 2,
    credentials: Credentials | None = None,
    options: Options | None = None,
    clock: Callable[[], float] = time,
    seed: int = 0,
) -> World:
    """The demo company 云栖优选, open for business."""
    world = World(credentials, options=options, clock=clock, seed=seed)
    world.members.update(_MEMBERS)
    for index in range(accounts):
        account = _account(index)
        world.accounts[account.open_kfid] = account
    for external_userid, nickname in _CUSTOMERS:
        world.add_customer(nickname, external_userid)
    open_group(world)
    return world


def open_group(world: World) -> None:
    """The company's customer group, with two of its customers and some others in it."""
    group = world.ways.new_group(GROUP, "zhangsan", members=4)
    group.name, group.staff = "云栖会员福利群", ["lisi"]
    now = world.now()
    group.members += [
        GroupMember(external_userid=external_userid, join_time=now)
        for external_userid, _ in _CUSTOMERS[:2]
    ]


def _account(index: int) -> Account:
    known = index < len(_ACCOUNT_IDS)
    open_kfid = _ACCOUNT_IDS[index] if known else f"wkYunqi_account_{index + 1:016d}"
    suffix = "" if index < len(_ACCOUNT_NAMES) else f" {index + 1}"
    name = f"云栖优选·{_ACCOUNT_NAMES[index % len(_ACCOUNT_NAMES)]}{suffix}"
    userids = _SERVICERS[index % len(_SERVICERS)]
    servicers = {userid: Servicer(userid) for userid in userids}
    return Account(open_kfid=open_kfid, name=name, servicers=servicers)
