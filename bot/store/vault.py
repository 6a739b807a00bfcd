"""Who can read what is stored? Each person has a data key; the master key wraps the data keys.

Sealed bytes are ``version (1) | nonce (12) | AES-256-GCM``, bound to their subject, so that a row
moved to another customer does not open. What belongs to no customer is sealed with the company's
own key.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.errors import Misconfigured, Unreadable
from bot.store.database import Database, Unit

_VERSION = b"\x01"
_CORP = "corp"
_CUSTOMER = "customer:"
_LOOK_UP = "look-up"
"""Owner of the key that values are looked up by; it outlives every master key."""
_CACHED_KEYS = 20_000
_READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _DataKey:
    """A data key, ready to seal and to digest with."""

    owner: str
    cipher: AESGCM
    digest_key: bytes

    @classmethod
    def of(cls, owner: str, key: bytes) -> "_DataKey":
        return cls(
            owner, AESGCM(key), hashlib.blake2b(key, person=b"digest", digest_size=32).digest()
        )


def decode_master(key: str) -> bytes:
    """The 32 bytes of a base64 master key.

    Raises:
        Misconfigured: there is none, or it is not base64 of 32 bytes.
    """
    if not key:
        raise Misconfigured(
            "security.encryption_key is missing: make one with `concierge keygen` and give it in"
            " the configuration or in CONCIERGE_SECURITY__ENCRYPTION_KEY"
        )
    try:
        raw = base64.b64decode(key, validate=True)
    except ValueError as error:
        raise Misconfigured("security.encryption_key is not base64") from error
    if len(raw) != 32:
        raise Misconfigured("security.encryption_key must be 32 bytes")
    return raw


class Vault:
    """Seals and opens by subject.

    Args:
        facts: the database that knows which person a customer is.
        keys: the database of wrapped keys.
        master: current master key, 32 bytes.
        previous: older master keys, still accepted for unwrapping until `rotate` has run.
    """

    def __init__(
        self, facts: Database, keys: Database, master: bytes, previous: Sequence[bytes] = ()
    ) -> None:
        self._facts, self._keys = facts, keys
        self._master_id = fingerprint(master)
        self._masters = {fingerprint(key): AESGCM(key) for key in (*previous, master)}
        self._ciphers: OrderedDict[str, _DataKey] = OrderedDict()
        self._lock = asyncio.Lock()
        self._wanted: dict[str, None] = {}
        self._look_up = b""

    async def ready(self, subjects: Iterable[str]) -> None:
        """Make the keys of these subjects usable, creating persons and keys that are missing.

        Safe to repeat and to race: each step inserts what is missing and reads what won. Whoever
        has the lock makes the keys of all who wait for it: many newcomers cost as much as one.
        """
        missing = [subject for subject in dict.fromkeys(subjects) if not self._touch(subject)]
        if not missing:
            return
        self._wanted |= dict.fromkeys(missing)
        async with self._lock:
            if all(self._touch(subject) for subject in missing):
                return
            own = set(missing)
            others = [subject for subject in self._wanted if subject not in own]
            self._wanted.clear()
            try:
                await self._make_ready([*missing, *others])
            except Misconfigured:  # a key of somebody else's, perhaps
                await self._make_ready(missing)

    async def _make_ready(self, subjects: list[str]) -> None:
        owners = await self._owners(subjects)
        ciphers = await self._load_or_create(list(dict.fromkeys(owners.values())))
        for subject, owner in owners.items():
            self._ciphers[subject] = ciphers[owner]
        while len(self._ciphers) > max(_CACHED_KEYS, len(owners)):
            self._ciphers.popitem(last=False)

    def seal(self, subject: str, data: bytes) -> bytes:
        """Encrypt for a subject whose key is `ready`."""
        nonce = os.urandom(12)
        cipher = self._ciphers[subject].cipher
        return _VERSION + nonce + cipher.encrypt(nonce, data, subject.encode())

    def open(self, subject: str, sealed: bytes) -> bytes:
        """Decrypt what was sealed for this subject.

        Raises:
            Unreadable: it was altered, or sealed for somebody else.
        """
        if sealed[:1] != _VERSION:
            raise Unreadable("unknown seal version")
        cipher = self._ciphers[subject].cipher
        try:
            return cipher.decrypt(sealed[1:13], sealed[13:], subject.encode())
        except (InvalidTag, ValueError) as error:  # a nonce cut short is a ValueError
            raise Unreadable("sealed for somebody else, or altered") from error

    async def look_up_key(self, kind: str, value: str) -> str:
        """What equal values have in common, and nobody can guess the value from.

        Args:
            kind: of value; the same text of another kind has another digest.
        """
        if not self._look_up:
            async with self._lock:
                await self._load_or_create([_LOOK_UP])
                rows = await self._keys.fetch(
                    "SELECT wrapped, master FROM wrapped_keys WHERE owner = ?", _LOOK_UP
                )
                self._look_up = self._unwrap(_LOOK_UP, rows[0]["wrapped"], rows[0]["master"])
        text = f"{kind}\0{value}".encode()
        return hmac.new(self._look_up, text, hashlib.sha256).hexdigest()[:32]

    def digest(self, subject: str, data: bytes) -> str:
        """A digest by which the same data of the same person is recognised, while the key exists.

        Without the key nobody can try what it was made of; `subject` must be `ready`.
        """
        key = self._ciphers[subject].digest_key
        return hashlib.blake2b(data, key=key, digest_size=10).hexdigest()

    @asynccontextmanager
    async def closed(self, subjects: Iterable[str]) -> AsyncIterator[None]:
        """Forget the keys of these subjects; meanwhile no key is made usable or created."""
        async with self._lock:
            for subject in subjects:
                self._ciphers.pop(subject, None)
            yield

    async def forget_deleted(self) -> int:
        """Forget the keys that another process has deleted; returns how many."""
        async with self._lock:
            rows = await self._keys.scan("SELECT owner FROM wrapped_keys")
            there = {row["owner"] for row in rows}
            gone = [subject for subject, key in self._ciphers.items() if key.owner not in there]
            for subject in gone:
                del self._ciphers[subject]
        return len(gone)

    async def rotate(self) -> int:
        """Wrap every data key that an older master key wrapped with the current one.

        Returns:
            How many keys were re-wrapped.
        """
        rows = await self._keys.scan(
            "SELECT owner, wrapped, master FROM wrapped_keys WHERE master <> ?", self._master_id
        )
        for start in range(0, len(rows), _READ_AT_ONCE):
            unit = Unit()
            for row in rows[start : start + _READ_AT_ONCE]:
                data_key = self._unwrap(row["owner"], row["wrapped"], row["master"])
                unit.add(
                    "UPDATE wrapped_keys SET wrapped = ?, master = ?"
                    " WHERE owner = ? AND master = ?",
                    self._wrap(row["owner"], data_key),
                    self._master_id,
                    row["owner"],
                    row["master"],
                )
            await self._keys.commit(unit)
        return len(rows)

    def check_master(self) -> None:
        """Refuse to start with a master key that cannot open what is stored.

        Raises:
            Misconfigured: no configured key matches the stored ones.
        """
        rows = self._keys.read_sync("SELECT DISTINCT master FROM wrapped_keys")
        if unknown := [row["master"] for row in rows if row["master"] not in self._masters]:
            raise Misconfigured(
                "security.encryption_key cannot open the stored data: it was sealed with key "
                f"{unknown[0]}…, configured are {', '.join(self._masters)}. Add the old key to "
                "security.previous_encryption_keys"
            )

    # ------------------------------------------------------------------ inside

    def _touch(self, subject: str) -> bool:
        if subject in self._ciphers:
            self._ciphers.move_to_end(subject)
            return True
        return False

    async def _owners(self, subjects: list[str]) -> dict[str, str]:
        customers = {
            subject: subject.removeprefix(_CUSTOMER)
            for subject in subjects
            if subject.startswith(_CUSTOMER)
        }
        persons = await self._persons(list(customers.values()))
        absent = [userid for userid in customers.values() if userid not in persons]
        if absent:
            await self._create_persons(absent)
            persons |= await self._persons(absent)
        return {
            subject: persons[customers[subject]] if subject in customers else _CORP
            for subject in subjects
        }

    async def _persons(self, userids: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(userids), _READ_AT_ONCE):
            some = userids[start : start + _READ_AT_ONCE]
            rows = await self._facts.fetch(
                "SELECT external_userid, person_id FROM customers WHERE external_userid IN "
                f"({_marks(some)})",
                *some,
            )
            found |= {row["external_userid"]: row["person_id"] for row in rows}
        return found

    async def _create_persons(self, userids: list[str]) -> None:
        unit, now = Unit(), time.time()
        for userid in userids:
            person_id = f"p_{secrets.token_hex(10)}"
            unit.add("INSERT INTO persons VALUES (?, ?)", person_id, now)
            unit.add(
                "INSERT INTO customers VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                userid,
                person_id,
                now,
            )
        await self._facts.commit(unit)

    async def _load_or_create(self, owners: list[str]) -> dict[str, _DataKey]:
        ciphers = await self._load(owners)
        absent = [owner for owner in owners if owner not in ciphers]
        if absent:
            unit, now = Unit(), time.time()
            for owner in absent:
                unit.add(
                    "INSERT INTO wrapped_keys VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    owner,
                    self._wrap(owner, os.urandom(32)),
                    self._master_id,
                    now,
                )
            await self._keys.commit(unit)
            ciphers |= await self._load(absent)
        return ciphers

    async def _load(self, owners: list[str]) -> dict[str, _DataKey]:
        ciphers: dict[str, _DataKey] = {}
        for start in range(0, len(owners), _READ_AT_ONCE):
            some = owners[start : start + _READ_AT_ONCE]
            rows = await self._keys.fetch(
                f"SELECT owner, wrapped, master FROM wrapped_keys WHERE owner IN ({_marks(some)})",
                *some,
            )
            for row in rows:
                key = self._unwrap(row["owner"], row["wrapped"], row["master"])
                ciphers[row["owner"]] = _DataKey.of(row["owner"], key)
        return ciphers

    def _wrap(self, owner: str, data_key: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._masters[self._master_id].encrypt(nonce, data_key, owner.encode())

    def _unwrap(self, owner: str, wrapped: bytes, master: str) -> bytes:
        if master not in self._masters:
            raise Misconfigured(f"no configured encryption key is {master}…")
        return self._masters[master].decrypt(wrapped[:12], wrapped[12:], owner.encode())


def fingerprint(key: bytes) -> str:
    """By which a master key is told from others; says nothing of it."""
    return hashlib.sha256(key).hexdigest()[:8]


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
