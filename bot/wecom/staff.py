"""How do members get an app message, and how does a card of theirs change (wecom-api §5)?"""

import hashlib
import time
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from bot.errors import Misconfigured, Throttled
from bot.model.cards import Card
from bot.wecom.apis import STAFF_SEND, STAFF_UPDATE_CARD
from bot.wecom.cards import template_card
from bot.wecom.client import WeComClient
from bot.wecom.limits import platform_limits
from bot.wecom.rates import Rates
from bot.wecom.split import clean, split_text
from bot.wecom.transport import Answer

_SPREAD_S = 7_200  # the interval may be up to 4 h


class Delivered(msgspec.Struct, frozen=True):
    """What became of a message to members.

    Args:
        msgids: one per part sent, for a recall within 24 h.
        invalid: userids WeCom cannot reach, lower-cased.
        held_back: userids whose 30 a minute are used; WeCom would drop theirs silently.
        response_code: of a card, changes it once; empty when WeCom gave none.
    """

    msgids: tuple[str, ...] = ()
    invalid: frozenset[str] = frozenset()
    held_back: tuple[str, ...] = ()
    response_code: str = ""


class StaffMessages:
    """Messages of the app to members.

    Args:
        rates: shared with whoever else sends them for the app, by default nobody.
        clock: Unix seconds.
    """

    def __init__(
        self,
        client: WeComClient,
        agent_id: int,
        *,
        rates: Rates | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._agent_id = agent_id
        self._rates = rates or Rates(clock=clock)

    async def send_text(self, userids: Iterable[str], text: str, *, key: str) -> Delivered:
        """Send a text, in parts when it is long.

        Args:
            userids: who gets it.
            text: what to say.
            key: names this message; a repeat with the same key is dropped by WeCom, the same
                text under another key is not.

        Raises:
            Misconfigured: a userid that would reach everybody.
            Throttled: every one of them has had as many messages as WeCom delivers.
            WeComError: as the client; 81013 when none of them can be reached.
        """
        limits = platform_limits().staff
        pieces = split_text(clean(text), limits.text_bytes)
        reachable, held_back = self._admit(_distinct(userids), len(pieces))
        msgids: list[str] = []
        invalid: set[str] = set()
        for begin in range(0, len(reachable), limits.recipients):
            to = "|".join(reachable[begin : begin + limits.recipients])
            for piece in pieces:
                body = self._body(to, key, "text", {"content": piece}) | {"safe": 0}
                answer = await self._client.call(STAFF_SEND, body=body)
                msgids.append(str(answer.get("msgid", "")))
                invalid |= _unreached(answer)
        return Delivered(tuple(msgids), frozenset(invalid), tuple(held_back))

    async def send_card(
        self, userids: Iterable[str], card: Card, *, task_id: str, key: str
    ) -> Delivered:
        """Send a card; all its copies are one card, so it goes out in one call.

        Args:
            userids: who gets it; those beyond the thousandth are held back.
            task_id: of this card, never used before.
            key: as for a text.

        Raises:
            Misconfigured, Throttled, WeComError: as for a text.
        """
        most = platform_limits().staff.recipients
        wanted = _distinct(userids)
        reachable, held_back = self._admit(wanted[:most], 1)
        content = template_card(card, task_id=task_id)
        body = self._body("|".join(reachable), key, "template_card", content)
        answer = await self._client.call(STAFF_SEND, body=body)
        return Delivered(
            (str(answer.get("msgid", "")),),
            frozenset(_unreached(answer)),
            (*held_back, *wanted[most:]),
            str(answer.get("response_code") or ""),
        )

    async def update_card(
        self,
        response_code: str,
        card: Card | None = None,
        *,
        replace_name: str = "",
        userids: Iterable[str] = (),
        task_id: str = "",
    ) -> None:
        """Change a card that was sent.

        Args:
            card: what it becomes, ``None`` = its buttons become `replace_name`.
            userids: whose copies change, none = everybody's.

        Raises:
            Misconfigured: a userid that would reach everybody.
            WeComError: as the client; the code for a used code is not documented.
        """
        whose = _distinct(userids)
        body: dict[str, Any] = {"userids": whose} if whose else {"atall": 1}
        body |= {"agentid": self._agent_id, "response_code": response_code}
        if card is None:
            body["button"] = {"replace_name": replace_name}
        else:
            body["template_card"] = template_card(card, task_id=task_id, replace_name=replace_name)
        await self._client.call(STAFF_UPDATE_CARD, body=body)

    def _body(self, to: str, key: str, msgtype: str, content: dict[str, Any]) -> dict[str, Any]:
        # WeCom compares whole requests (wecom-api §5.8): the key goes into the interval
        spread = zlib.crc32(key.encode()) % _SPREAD_S
        return {
            "touser": to,
            "msgtype": msgtype,
            "agentid": self._agent_id,
            msgtype: content,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": platform_limits().staff.duplicate_window_s + spread,
        }

    def _admit(self, userids: list[str], messages: int) -> tuple[list[str], list[str]]:
        full_until = {userid: self._full_until(userid, messages) for userid in userids}
        held_back = [userid for userid in userids if full_until[userid] is not None]
        if userids and len(held_back) == len(userids):
            first_free = min(at for at in full_until.values() if at is not None)
            raise Throttled(STAFF_SEND.path, None, "members' own limit", retry_at=first_free)
        return [userid for userid in userids if full_until[userid] is None], held_back

    def _full_until(self, userid: str, messages: int) -> float | None:
        limits = platform_limits().staff
        whose = hashlib.sha256(userid.lower().encode()).hexdigest()[:16]
        rate = self._rates.of(
            f"staff {self._agent_id} {whose}",
            (limits.per_member_minute, 60),
            (limits.per_member_hour, 3600),
        )
        return rate.take(messages)


def _distinct(userids: Iterable[str]) -> list[str]:
    """Each once; userids are case-insensitive (wecom-api §0)."""
    found: dict[str, str] = {}
    for userid in userids:
        if "|" in userid or userid.lower() == "@all":
            raise Misconfigured(f"{userid!r} is not one member's userid")
        if userid:
            found.setdefault(userid.lower(), userid)
    return list(found.values())


def _unreached(answer: Answer) -> set[str]:
    """Who does not get it: unknown, out of sight, or without a licence (wecom-api §5.8)."""
    return _listed(answer.get("invaliduser")) | _listed(answer.get("unlicenseduser"))


def _listed(value: object) -> set[str]:
    return {part.lower() for part in str(value or "").split("|") if part}
