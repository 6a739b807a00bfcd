"""How is a page of ours allowed to use WeCom's JS-SDK (wecom-api §6.4, §6.5)?"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.errors import RetryLater
from bot.wecom.apis import AGENT_TICKET, CORP_TICKET, Api
from bot.wecom.client import WeComClient

TicketKind = Literal["corp", "agent"]

REFRESH_EARLY_S = 300.0
LIFETIME_S = 7200.0


@dataclass(frozen=True, slots=True)
class Signature:
    """What `config` and `agentConfig` are called with; ``nonceStr`` is WeCom's spelling."""

    timestamp: int
    nonceStr: str  # noqa: N815
    signature: str


def signature(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """The sha1 of the four values in WeCom's order, none of them URL-encoded (§6.5).

    Args:
        url: of the page as the browser shows it, without ``#`` and what follows.
    """
    signed = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class _Ticket:
    value: str = ""
    refresh_at: float = 0.0
    expires_at: float = 0.0
    refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)


class JsSdk:
    """Signs addresses of pages; each ticket is fetched once for its life (100 an hour, §6.4).

    Args:
        clock: Unix seconds.
    """

    def __init__(self, client: WeComClient, clock: Callable[[], float]) -> None:
        self._client, self._clock = client, clock
        self._tickets: dict[TicketKind, _Ticket] = {"corp": _Ticket(), "agent": _Ticket()}

    async def sign(self, kind: TicketKind, url: str) -> Signature:
        """A signature for one page address.

        Args:
            kind: ``corp`` for `config`, ``agent`` for `agentConfig`; they are never the same.

        Raises:
            WeComError: there is no ticket, and WeCom gives none.
        """
        ticket, nonce, at = await self._ticket(kind), secrets.token_hex(8), int(self._clock())
        return Signature(at, nonce, signature(ticket, nonce, at, url))

    async def _ticket(self, kind: TicketKind) -> str:
        held = self._tickets[kind]
        async with held.refreshing:
            if self._clock() >= held.refresh_at:
                try:
                    await self._refresh(kind, held)
                except RetryLater:
                    if self._clock() >= held.expires_at:
                        raise
            return held.value

    async def _refresh(self, kind: TicketKind, held: _Ticket) -> None:
        api: Api = CORP_TICKET if kind == "corp" else AGENT_TICKET
        params = {"type": "agent_config"} if kind == "agent" else {}
        answer = await self._client.call(api, params=params)
        value = answer.get("ticket")
        if not isinstance(value, str) or not value:
            raise RetryLater(api.path, 0, "no ticket in the answer")
        lifetime_s = min(max(float(answer.get("expires_in", LIFETIME_S)), 60.0), LIFETIME_S)
        held.value, held.expires_at = value, self._clock() + lifetime_s
        held.refresh_at = held.expires_at - min(REFRESH_EARLY_S, lifetime_s / 2)
