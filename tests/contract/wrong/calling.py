"""Which mistakes can a product make in its requests: tokens, ids, retries, encoding?"""

import asyncio
import json
import secrets
from types import SimpleNamespace
from typing import Any

import pytest

from bot.delivery.outcomes import Ended, Later
from bot.delivery.send import Sender
from bot.errors import Throttled
from bot.model import Conversation
from bot.wecom import client, transport
from bot.wecom.client import WeComClient
from bot.wecom.kf import Kf
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport
from simulator.world import World
from tests.contract.wrong import acts
from tests.contract.wrong.run import Variant


def _bodies(patch: pytest.MonkeyPatch, change: Any) -> None:
    """Let every body be changed on its way out."""
    original = Transport.exchange

    async def exchange(it: Transport, api: Any, params: Any, body: Any = None) -> Any:
        return await original(it, api, params, change(params, body) if body else body)

    patch.setattr(Transport, "exchange", exchange)


def no_msgid(patch: pytest.MonkeyPatch, _world: World) -> None:
    def without(_params: Any, body: Any) -> Any:
        return {key: value for key, value in body.items() if key != "msgid"}

    _bodies(patch, without)


def new_msgid_for_each_try(patch: pytest.MonkeyPatch, _world: World) -> None:
    original = Kf.send

    async def send(kf: Kf, conversation: Conversation, _msgid: str, payload: Any) -> str:
        return await original(kf, conversation, secrets.token_hex(8), payload)

    patch.setattr(Kf, "send", send)


def one_msgid_for_all(patch: pytest.MonkeyPatch, _world: World) -> None:
    original = Kf.send

    async def send(kf: Kf, conversation: Conversation, _msgid: str, payload: Any) -> str:
        return await original(kf, conversation, "the_msgid", payload)

    patch.setattr(Kf, "send", send)


def token_in_body(patch: pytest.MonkeyPatch, _world: World) -> None:
    _bodies(patch, lambda params, body: body | {"access_token": params.get("access_token")})


def escaped_unicode(patch: pytest.MonkeyPatch, _world: World) -> None:
    ascii_only = SimpleNamespace(encode=lambda body: json.dumps(body).encode(), decode=json.loads)
    encoder = SimpleNamespace(json=ascii_only, DecodeError=ValueError)
    patch.setattr(transport, "msgspec", encoder)


def new_token_for_each_call(patch: pytest.MonkeyPatch, _world: World) -> None:
    get = AccessTokens.get

    async def fresh(tokens: AccessTokens) -> str:
        tokens.invalidate(if_equals=tokens._held.value)
        return await get(tokens)

    patch.setattr(AccessTokens, "get", fresh)


def keeps_a_dead_token(patch: pytest.MonkeyPatch, _world: World) -> None:
    patch.setattr(client, "TOKEN_CODES", frozenset())


def hammers_a_blocked_api(patch: pytest.MonkeyPatch, _world: World) -> None:
    with_retries = WeComClient._with_retries

    async def at_once(it: WeComClient, *args: Any) -> Any:
        while True:
            try:
                return await with_retries(it, *args)
            except Throttled:
                await asyncio.sleep(0.01)

    patch.setattr(WeComClient, "_with_retries", at_once)
    patch.setattr(client._Traffic, "closed_until", lambda _traffic: None)


def gives_up_at_once(patch: pytest.MonkeyPatch, _world: World) -> None:
    """A message that WeCom did not take the first time is forgotten."""
    patch.setattr(client, "TRIES", 1)
    retry = Sender._try

    async def once(sender: Sender, parcel: Any) -> Any:
        outcome = await retry(sender, parcel)
        return Ended("dead", error=outcome.error) if isinstance(outcome, Later) else outcome

    patch.setattr(Sender, "_try", once)


VARIANTS = {
    "no_msgid": Variant("sends without msgid", "no_msgid", no_msgid, [acts.welcome]),
    "new_msgid_for_each_try": Variant(
        "makes a new msgid for each try", "doubled", new_msgid_for_each_try, [acts.answer_lost]
    ),
    "one_msgid_for_all": Variant(
        "uses a msgid again for something else",
        "msgid_reused_with_other_body",
        one_msgid_for_all,
        [acts.two_accounts],
    ),
    "gives_up_at_once": Variant(
        "does not try again when WeCom is busy", "lost", gives_up_at_once, [acts.busy_moments]
    ),
    "hammers_a_blocked_api": Variant(
        "calls on while 45009 blocks it",
        "hammering_while_throttled",
        hammers_a_blocked_api,
        [acts.throttled],
    ),
    "new_token_for_each_call": Variant(
        "fetches a token for each call",
        "token_flood",
        new_token_for_each_call,
        [acts.burst, acts.repeats],
    ),
    "keeps_a_dead_token": Variant(
        "does not replace a token that WeCom refuses",
        "dead_token",
        keeps_a_dead_token,
        [acts.expired_token],
    ),
    "token_in_body": Variant(
        "sends the token in the body", "token_in_body", token_in_body, [acts.welcome]
    ),
    "escaped_unicode": Variant(
        "escapes characters in bodies", "escaped_unicode", escaped_unicode, [acts.welcome]
    ),
}
"""By name."""
