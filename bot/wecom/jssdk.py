"""How is a page of ours allowed to use WeCom's JS-SDK (wecom-api §6.4, §6.5)?"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from bot.errors import RetryLater
from bot.wecom.apis import AGENT_TICKET, CORP_TICKET, Api
from bot.wecom.client import WeComClient
from bot.wecom.credentials import NOTHING, Credential, Credentials

TicketKind = Literal["corp", "agent"]

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
    held: Credential = NOTHING
    refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)


class JsSdk:
    """Signs addresses of pages; each ticket is fetched once for its life (100 an hour, §6.4).

    Args:
        clock: Unix seconds.
        credentials: of the app whose client this is.
    """

    def __init__(
        self, client: WeComClient, clock: Callable[[], float], credentials: Credentials
    ) -> None:
        self._client, self._clock, self._credentials = client, clock, credentials
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
        ticket = self._tickets[kind]
        async with ticket.refreshing:
            if self._clock() >= ticket.held.refresh_at:
                obtain = self._credentials.obtain
                try:
                    fetch = partial(self._fetch, kind)
                    ticket.held = await obtain(f"ticket {kind}", fetch, ticket.held)
                except RetryLater:
                    if self._clock() >= ticket.held.expires_at:
                        raise
            return ticket.held.value

    async def _fetch(self, kind: TicketKind) -> Credential:
        api: Api = CORP_TICKET if kind == "corp" else AGENT_TICKET
        params = {"type": "agent_config"} if kind == "agent" else {}
        answer = await self._client.call(api, params=params)
        value = answer.get("ticket")
        if not isinstance(value, str) or not value:
            raise RetryLater(api.path, 0, "no ticket in the answer")
        lifetime_s = min(max(float(answer.get("expires_in", LIFETIME_S)), 60.0), LIFETIME_S)
        return Credential.lasting(value, self._clock(), lifetime_s)
