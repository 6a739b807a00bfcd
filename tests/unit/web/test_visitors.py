"""A visitor is who the last proxy that we trust says, and is counted for a minute."""

from collections.abc import Sequence
from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from bot.web import visitors as counting
from bot.web.visitors import Visitors
from tests.talk import PlayedClock

PROXIES = [ip_network(one) for one in ("127.0.0.1/32", "10.0.0.0/8", "2001:db8:1::/48")]


class FakeTransport:
    """A connection from an address."""

    def __init__(self, peer: str) -> None:
        self._peer = peer

    def get_extra_info(self, name: str) -> object:
        return (self._peer, 1234) if name == "peername" else None


def asks(of: Visitors, peer: str, *told: str) -> str | None:
    headers = CIMultiDict([("X-Forwarded-For", one) for one in told])
    request = make_mocked_request("GET", "/", headers=headers, transport=FakeTransport(peer))
    address = of.address_of(request)
    return None if address is None else str(address)


@pytest.mark.parametrize(
    ("peer", "told", "expected"),
    [
        ("8.8.8.8", (), "8.8.8.8"),
        ("8.8.8.8", ("1.1.1.1",), "8.8.8.8"),  # whoever is no proxy of ours may write anything
        ("127.0.0.1", ("8.8.8.8",), "8.8.8.8"),
        ("127.0.0.1", ("1.1.1.1, 8.8.8.8",), "8.8.8.8"),  # the first was written by the visitor
        ("127.0.0.1", ("1.1.1.1", "8.8.8.8, 10.1.2.3"), "8.8.8.8"),
        ("127.0.0.1", ("8.8.8.8:4711",), "8.8.8.8"),
        ("2001:db8:1::5", ("[2606:4700::1]:443",), "2606:4700::1"),
        ("::ffff:127.0.0.1", ("::ffff:8.8.8.8",), "8.8.8.8"),
        ("127.0.0.1", (), None),
        ("127.0.0.1", ("1.1.1.1, unknown",), None),  # what is before it nobody vouches for
        ("127.0.0.1", ("10.9.9.9",), None),
        ("192.168.1.1", ("8.8.8.8",), None),  # a proxy that nobody has named
        ("", (), None),
    ],
)
def test_who_asks_is_told_by_whom_we_trust(
    peer: str, told: Sequence[str], expected: str | None
) -> None:
    assert asks(Visitors(PlayedClock(), 5, PROXIES), peer, *told) == expected


def test_an_address_has_so_many_a_minute_and_a_phone_has_one() -> None:
    clock = PlayedClock()
    of = Visitors(clock, 2)

    def too_often(peer: str) -> bool:
        return of.too_often(make_mocked_request("GET", "/", transport=FakeTransport(peer)))

    assert [too_often("8.8.8.8") for _ in range(4)] == [False, False, True, True]
    assert not too_often("8.8.4.4")
    v6 = ("2606:4700::1", "2606:4700::2", "2606:4700::3", "2606:4700:0:1::1")
    assert [too_often(one) for one in v6] == [False, False, True, False]
    clock.reach(clock.now() + 59)
    assert too_often("8.8.8.8")
    clock.reach(clock.now() + 1)
    assert not too_often("8.8.8.8")
    assert [too_often("10.1.1.1") for _ in range(9)] == [False] * 9


def test_no_more_addresses_are_kept_than_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_KEPT", 3)
    of = Visitors(PlayedClock(), 1)
    for number in range(9):
        transport = FakeTransport(f"8.8.8.{number}")
        assert not of.too_often(make_mocked_request("GET", "/", transport=transport))
    assert len(of._seen) == 3
    assert b"8.8.8" not in b"".join(of._seen)
