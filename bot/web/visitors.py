"""Who asks, as far as an address can tell, and has he asked too often?

In memory and bounded: an address is kept as a keyed hash for a minute, and nowhere else.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web

from bot.ports import Clock

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

WINDOW_S = 60.0
MOST_KEPT = 10_000
"""Addresses that are remembered; whoever came first makes room for another."""

_V6_PREFIX = 64
"""What one phone or household has of IPv6 at least."""


class Visitors:
    """Counts what each visitor asks for.

    Args:
        per_minute: how much one may ask for.
        trusted: proxies whose ``X-Forwarded-For`` is believed, and nobody else's.
    """

    def __init__(self, clock: Clock, per_minute: int, trusted: Collection[Network] = ()) -> None:
        self._clock, self._most, self._trusted = clock, per_minute, tuple(trusted)
        self._secret = secrets.token_bytes(16)
        self._seen: OrderedDict[bytes, tuple[float, int]] = OrderedDict()

    def too_often(self, request: web.Request) -> bool:
        """Count a request; whether its visitor has had as many as he may have this minute."""
        address = self.address_of(request)
        if address is None:
            return False
        key, now = self._key(address), self._clock.now()
        since, count = self._seen.get(key, (now, 0))
        if now - since >= WINDOW_S:
            since, count = now, 0
            self._seen.pop(key, None)
        if count >= self._most:
            return True
        self._seen[key] = (since, count + 1)
        while len(self._seen) > MOST_KEPT:
            self._seen.popitem(last=False)
        return False

    def address_of(self, request: web.Request) -> Address | None:
        """The visitor's address; ``None`` = nobody we believe has told it.

        A list of proxies is read from its end: each says from whom it has the request, and what a
        visitor writes there himself stands before that. An address of a private network is a proxy
        that nobody has named, and may bring anybody.
        """
        told = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
        address = _read(request.remote or "")
        while address is not None and self._is_trusted(address):
            address = _read(told.pop()) if told else None
        return address if address is not None and address.is_global else None

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _key(self, address: Address) -> bytes:
        if isinstance(address, IPv6Address):
            address = IPv6Network((address, _V6_PREFIX), strict=False).network_address
        return hashlib.blake2b(address.packed, key=self._secret, digest_size=16).digest()


def _read(text: str) -> Address | None:
    """An address as a proxy writes it, with a port or without; ``None`` = it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
