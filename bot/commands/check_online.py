"""Does WeCom agree with the configuration? Token, allow-list, accounts, staff and the callback.

Each question is asked even when another failed, except where it needs its answer. The staff named
in the configuration get one test message: WeCom tells who can be reached only when it is sent one.
"""

import re
from collections.abc import Awaitable, Callable
from typing import TextIO

import aiohttp

from bot.app.contacts import contact_apis
from bot.config import Config
from bot.delivery.lanes import SystemClock
from bot.errors import (
    ConciergeError,
    Misconfigured,
    NotAuthorised,
    Rejected,
    Unreachable,
    WeComError,
)
from bot.telemetry import Metrics
from bot.wecom.client import WeComClient
from bot.wecom.kf import Kf, KfAccount
from bot.wecom.staff import StaffMessages
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport, new_session

IP_NOT_ALLOWED = 60020  # wecom-api §1.4
TEST_MESSAGE = "【Concierge】这是一条连通检查消息，收到说明通知正常，不用回复。"
CALLBACK_TIMEOUT_S = 5.0

_FROM_IP = re.compile(r"from ip: ?([0-9a-fA-F.:]+)")


class _Online:
    """The questions, and how many of the answers were bad."""

    def __init__(self, config: Config, session: aiohttp.ClientSession, out: TextIO) -> None:
        self._config, self._session, self._out = config, session, out
        transport = Transport(session, config.wecom.api_base)
        secret = config.wecom.secret.get_secret_value()
        self._tokens = AccessTokens(transport, config.wecom.corp_id, secret)
        client = WeComClient(transport, self._tokens)
        self._kf = Kf(client)
        self._staff = StaffMessages(client, config.wecom.agent_id)
        clock, metrics = SystemClock(), Metrics()
        self._contact_apis = contact_apis(config, client, transport, clock, metrics)
        self.bad = 0

    async def ask_all(self) -> None:
        if await self._ask("取得 access_token", self._token):
            await self._ask("客服账号", self._accounts)
            await self._ask("员工通知", self._reach_staff)
            await self._ask("客户联系", self._contacts)
        await self._ask("回调地址", self._callback)

    async def _ask(self, title: str, question: Callable[[], Awaitable[str]]) -> bool:
        try:
            answer = await question()
        except ConciergeError as error:
            self.bad += 1
            print(f"✗ {title}：{explain(error)}", file=self._out)
            return False
        print(f"✓ {title}：{answer}", file=self._out)
        return True

    async def _token(self) -> str:
        await self._tokens.get()
        return "corp_id 与 secret 正确"

    async def _accounts(self) -> str:
        accounts = {account.open_kfid: account for account in await self._kf.list_accounts()}
        wanted = self._config.wecom.kf_accounts or tuple(accounts)
        if not wanted:
            raise Misconfigured("应用看不到任何客服账号：在「微信客服 → API」里授权给该应用")
        if unseen := [name for name in wanted if name not in accounts]:
            raise Misconfigured(f"应用看不到 {'、'.join(unseen)}（wecom.kf_accounts）")
        if barred := [name for name in wanted if not accounts[name].manage_privilege]:
            raise Misconfigured(f"应用没有管理权限：{'、'.join(barred)}；在「微信客服 → API」授权")
        return "；".join([await self._account(accounts[name]) for name in wanted])

    async def _account(self, account: KfAccount) -> str:
        servicers = await self._kf.list_servicers(account.open_kfid)
        return f"{account.name or account.open_kfid}（{len(servicers.receiving)} 人正在接待）"

    async def _reach_staff(self) -> str:
        userids = [member.userid for member in self._config.staff]
        if not userids:
            return "没有配置 staff，需要人工时只通知企业微信里的接待人员，不一定收得到"
        delivered = await self._staff.send_text(userids, TEST_MESSAGE, key="check")
        if lost := [name for name in userids if name.lower() in delivered.invalid]:
            raise Misconfigured(f"通知不到 {'、'.join(lost)}：不存在，或不在应用的可见范围内")
        return f"已向 {len(userids)} 人发出一条测试消息"

    async def _contacts(self) -> str:
        """Whose secret may call; that nobody's may is bad only where it is wanted."""
        enabled = self._config.contacts.enabled
        if enabled is False:
            return "contacts.enabled 是 false，不使用"
        refusal: Rejected | Misconfigured | None = None
        for identity, api in self._contact_apis.items():
            try:
                members = await api.contacts.members()
            except (Rejected, Misconfigured) as error:
                refusal = error
            else:
                by = "应用的 Secret" if identity == "app" else "contacts.secret"
                return f"许可（用{by}），{len(members)} 位成员可以有客户"
        assert refusal is not None
        if enabled:
            raise refusal
        return "企业微信不许可，不使用；要用，在「客户联系 → 客户 → API」里加入该应用"

    async def _callback(self) -> str:
        public_url = self._config.server.public_url
        if public_url is None:
            return "没有配置 server.public_url，未检查"
        address = f"{public_url}/healthz"
        timeout = aiohttp.ClientTimeout(total=CALLBACK_TIMEOUT_S)
        try:
            async with self._session.get(address, timeout=timeout) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Misconfigured(f"{address} 访问不到（{type(error).__name__}）") from error
        if status != 200:
            raise Misconfigured(f"{address} 回答 HTTP {status}，应为 200：serve 在运行吗？")
        return f"{public_url} 可以访问"


async def check_online(config: Config, out: TextIO) -> int:
    """Ask, print each answer, and return how many were bad."""
    print("\n询问企业微信：", file=out)
    async with new_session() as session:
        online = _Online(config, session, out)
        await online.ask_all()
    return online.bad


def explain(error: ConciergeError) -> str:
    """What an operator can do about an error."""
    if not isinstance(error, WeComError):
        return str(error)
    if error.errcode == IP_NOT_ALLOWED:
        found = _FROM_IP.search(error.errmsg)
        ip = found.group(1) if found else "本机的出口 IP"
        return f"{ip} 不在「企业可信 IP」里（60020）：应用管理 → 该应用 → 企业可信 IP"
    if isinstance(error, Unreachable):
        return f"企业微信没有回答（{error.endpoint}）：检查网络与 wecom.api_base"
    if isinstance(error, NotAuthorised):
        return f"应用没有权限：{error.endpoint} errcode={error.errcode} {error.errmsg}"
    return str(error)
