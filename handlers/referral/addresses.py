"""Where is a physical reward to be sent? Read from what the customer writes, and kept sealed."""

import re
from dataclasses import dataclass

import msgspec

from bot.model import Conversation
from bot.store import Statement, Store

KEPT_S = 30 * 86_400.0
"""So long after it was sent the address is kept, for what comes back."""

_PHONE = re.compile(r"(?<!\d)(?:\+?86[\s-]?)?(1[3-9]\d[\s-]?\d{4}[\s-]?\d{4})(?!\d)")
_PLACES = frozenset(
    [
        "省",
        "市",
        "区",
        "县",
        "镇",
        "乡",
        "村",
        "路",
        "街",
        "道",
        "巷",
        "弄",
        "号",
        "栋",
        "幢",
        "座",
        "楼",
        "室",
        "屯",
        "旗",
        "州",
    ]
)
"""Characters with which parts of an address end."""

_NAMED = re.compile(
    r"(?:收货人|收件人|姓名|名字|联系人)\s*(?:是|叫|为)?\s*[:：]?\s*([\u4e00-\u9fff·]{2,6})"
)
_LABELS = re.compile(
    r"(?:收货人|收件人|姓名|名字|联系人|联系电话|手机号码?|电话号?码?|手机|收货地址|收件地址|详细地址|地址)"
    r"\s*(?:是|叫|为)?\s*[:：]?"
)
_PARTS = re.compile(r"[\s,，、;；。|/]+")
_ONLY_NAME = re.compile(r"[\u4e00-\u9fff·]{2,4}")
_SHORTEST = 6
_FEWEST_PLACES = 2


class Address(msgspec.Struct, frozen=True):
    """Whom and where; an empty part was not said."""

    name: str = ""
    phone: str = ""
    address: str = ""

    @property
    def lacks(self) -> tuple[str, ...]:
        """Which parts are missing."""
        return tuple(key for key in ("name", "phone", "address") if not getattr(self, key))


@dataclass(frozen=True, slots=True)
class Given:
    """An address that is kept for a grant."""

    grant_id: str
    address: Address
    is_confirmed: bool


def looks_like_one(text: str) -> bool:
    """Whether a message seems to hold a telephone number with a place, or a whole place. Pure."""
    places = len(_PLACES & set(text))
    return bool(_PHONE.search(text) and places) or places > _FEWEST_PLACES


def read(text: str) -> Address:
    """The parts of what somebody wrote, in any order. Pure."""
    found = _PHONE.search(text)
    phone = re.sub(r"\D", "", found.group(1)) if found else ""
    rest = _PHONE.sub(" ", text)
    named = _NAMED.search(rest)
    name = named.group(1) if named else ""
    if named:
        rest = rest.replace(named.group(), " ")
    parts = [one for one in _PARTS.split(_LABELS.sub(" ", rest)) if one]
    if not name:
        name = next((one for one in parts if _is_name(one)), "")
        parts = [one for one in parts if one != name]
    places = [one for one in parts if _PLACES & set(one) or any(c.isdigit() for c in one)]
    where = " ".join(places)
    few = len(_PLACES & set(where)) < _FEWEST_PLACES
    return Address(name, phone, "" if few or len(where) < _SHORTEST else where)


def _is_name(part: str) -> bool:
    return bool(_ONLY_NAME.fullmatch(part)) and _PLACES.isdisjoint(part[1:])


# ---------------------------------------------------------------------- rows


async def put(facts: Store, customer: str, grant_id: str, one: Address, now: float) -> Statement:
    """What keeps an address, sealed; a later one replaces it and is to be confirmed again."""
    subject = Conversation("", customer).subject
    await facts.vault.ready([subject])
    return Statement(
        "INSERT INTO referral_addresses VALUES (?, ?, ?, ?, NULL) ON CONFLICT (grant_id) DO UPDATE"
        " SET body = excluded.body, given_at = excluded.given_at, confirmed_at = NULL",
        (grant_id, customer, facts.vault.seal(subject, msgspec.json.encode(one)), now),
    )


async def given(facts: Store, grant_id: str) -> Given | None:
    """The address for a grant, ``None`` = there is none."""
    row = await facts.database.fetch_one(
        "SELECT * FROM referral_addresses WHERE grant_id = ?", grant_id
    )
    if row is None:
        return None
    subject = Conversation("", row["external_userid"]).subject
    await facts.vault.ready([subject])
    body = facts.vault.open(subject, row["body"])
    address = msgspec.json.decode(body, type=Address)
    return Given(grant_id, address, row["confirmed_at"] is not None)


def confirmed(grant_id: str, now: float) -> Statement:
    """The customer said that it is right; `UnitConflict` when it was forgotten meanwhile."""
    return Statement(
        "UPDATE referral_addresses SET confirmed_at = ? WHERE grant_id = ?", (now, grant_id), 1
    )


def forgotten(grant_id: str) -> Statement:
    """It is not needed any more."""
    return Statement("DELETE FROM referral_addresses WHERE grant_id = ?", (grant_id,))
