"""Which process fetches a token or a ticket, and how do the others come by it (wecom-api §1.2)?

One that is fetched lies on a shelf, sealed with a key that only a holder of the secret can make:
who reads the shelf learns nothing, and who writes to it can give us only an older one of ours.
"""

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.ports import Shelf

REFRESH_EARLY_S = 300.0
CLAIM_S = 5.0
"""Who fetches has this long before another one tries, too; that is harmless, only one too many."""

_LOOK_AGAIN_S = 0.05
_TIMES = struct.Struct("!dd")
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Credential:
    """A token or a ticket.

    Args:
        value: never in a log, never in a browser.
        expires_at: Unix seconds.
        refresh_at: when the next one is fetched, while this one still serves.
    """

    value: str
    expires_at: float
    refresh_at: float

    @classmethod
    def lasting(cls, value: str, now: float, lifetime_s: float) -> "Credential":
        """One that was issued now."""
        early_s = min(REFRESH_EARLY_S, lifetime_s / 2)
        return cls(value, now + lifetime_s, now + lifetime_s - early_s)


NOTHING = Credential("", 0.0, 0.0)


class NoShelf:
    """The shelf of a process that is alone: nothing lies there, and it may fetch everything."""

    async def look(self, name: str) -> bytes | None:
        """Nothing."""
        return None

    async def put(self, name: str, sealed: bytes, seconds: float) -> None:
        """Nobody would take it."""

    async def claim(self, name: str, seconds: float) -> bool:
        """Always."""
        return True

    async def release(self, name: str) -> None:
        """There is no claim."""


class Credentials:
    """What one secret gives, fetched by one process for all.

    Args:
        clock: Unix seconds.
        sleep: waits between two looks at the shelf.
    """

    def __init__(
        self,
        shelf: Shelf | None,
        corp_id: str,
        secret: str,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._shelf: Shelf = shelf or NoShelf()
        self._clock, self._sleep = clock, sleep
        known = f"{corp_id}\0{secret}".encode()
        self._id = _derived(known, b"concierge shelf name").hex()[:24]
        self._cipher = AESGCM(_derived(known, b"concierge shelf key"))

    async def obtain(
        self,
        name: str,
        fetch: Callable[[], Awaitable[Credential]],
        held: Credential,
        refused: str = "",
    ) -> Credential:
        """The next one: another process' if it has fetched one, else our own.

        Args:
            fetch: asks WeCom; what it raises is raised.
            held: the one in use. While it is valid nobody waits for another process: it comes back.
            refused: of this value WeCom says that it is none, whatever its time.
        """
        give_up_at = self._clock() + 2 * CLAIM_S
        while True:
            if (found := await self._look(name, refused)) is not None:
                return found
            if await self._shelf.claim(self._place(name), CLAIM_S):
                break
            if self._clock() < held.expires_at:
                return held
            if self._clock() >= give_up_at:
                return await fetch()
            await self._sleep(_LOOK_AGAIN_S)
        try:
            # put between our look and our claim
            return await self._look(name, refused) or await self._fetch(name, fetch)
        finally:
            await self._shelf.release(self._place(name))

    async def _fetch(self, name: str, fetch: Callable[[], Awaitable[Credential]]) -> Credential:
        fetched = await fetch()
        place, lasts_s = self._place(name), fetched.expires_at - self._clock()
        await self._shelf.put(place, self._sealed(place, fetched), lasts_s)
        return fetched

    async def _look(self, name: str, refused: str) -> Credential | None:
        """What lies there, if it is ours and not due for the next one."""
        place = self._place(name)
        sealed = await self._shelf.look(place)
        found = self._opened(place, sealed) if sealed is not None else None
        if found is None or found.value == refused or self._clock() >= found.refresh_at:
            return None
        return found

    def _place(self, name: str) -> str:
        return f"{name}:{self._id}"

    def _sealed(self, place: str, one: Credential) -> bytes:
        nonce = os.urandom(_NONCE)
        plain = _TIMES.pack(one.expires_at, one.refresh_at) + one.value.encode()
        return nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def _opened(self, place: str, sealed: bytes) -> Credential | None:
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
            return Credential(plain[_TIMES.size :].decode(), *_TIMES.unpack_from(plain))
        except (InvalidTag, ValueError, struct.error):  # of another secret, or nothing of ours
            return None


def _derived(known: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=use).derive(known)
