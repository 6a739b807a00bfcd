"""How does somebody write down what is known of a customer, and who is one person?"""

import time
from collections.abc import Sequence
from typing import TextIO

from bot.commands.consent import operator
from bot.commands.customers import known_customer, note, opened
from bot.config import Config
from bot.errors import Misconfigured
from bot.model.people import (
    ATTRIBUTES,
    Attribute,
    IdentityKind,
    MergeOutcome,
    normal_phone,
)
from bot.store import Store, Unit

_MERGED = {
    MergeOutcome.MERGED: "已合并，客户的资料、标签、经过从此一起看。",
    MergeOutcome.ALREADY: "本来就是一个人。",
    MergeOutcome.CONFLICT: "不合并：两边的 unionid 不同，不会是一个人。",
    MergeOutcome.SEPARATED: "不合并：有人把他们拆开过。",
    MergeOutcome.UNKNOWN: "没有这样的客户。",
}


async def set_attributes(
    config: Config,
    customer: str,
    given: Sequence[str],
    out: TextIO,
    *,
    verified: bool = False,
    now: float | None = None,
) -> int:
    """Write attributes down, as ``name=value``; an empty value forgets one.

    Args:
        verified: the phone was verified: it identifies the person.

    Raises:
        Misconfigured: no such attribute, one that may not be kept, or no such customer.
    """
    at = time.time() if now is None else now
    values = _read(given)
    async with opened(config) as store:
        await known_customer(store, customer)
        unit = Unit()
        for name, value in values.items():
            await store.profiles.set(unit, _attribute(customer, name, value, at))
        await store.database.commit(unit)
        await note(store, "customers.set", f"customer:{customer}", at, why=" ".join(values))
        kept = {one.name: one.value for one in await store.profiles.of(customer)}
        for name, value in values.items():
            if value and kept.get(name) != value:
                print(f"{name} 没有存：客户没有同意过这个用途。", file=out)
            else:
                print(f"{name} 已{'存' if value else '删'}。", file=out)
        if verified:
            await _verify(store, customer, values.get("phone", ""), at, out)
    return 0


async def _verify(store: Store, customer: str, phone: str, at: float, out: TextIO) -> None:
    if not phone:
        raise Misconfigured("--verified 要和 phone=手机号 一起写")
    merged = await store.people.identify(customer, IdentityKind.PHONE, phone, source="hand", at=at)
    if merged:
        print(f"手机号相同，与 {'、'.join(merged)} 合并成一个人。", file=out)


async def merge(
    config: Config, one: str, other: str, out: TextIO, *, why: str, now: float | None = None
) -> int:
    """Read two customers as one person; returns 1 when that may not be."""
    at = time.time() if now is None else now
    async with opened(config) as store:
        outcome = await store.people.merge(
            one, other, evidence="hand", by=operator(), at=at, why=why
        )
        await note(store, "customers.merge", f"customer:{one}", at, why=why, result=outcome.value)
    print(_MERGED[outcome], file=out)
    return 0 if outcome in (MergeOutcome.MERGED, MergeOutcome.ALREADY) else 1


async def unmerge(
    config: Config, merge_id: str, out: TextIO, *, why: str, now: float | None = None
) -> int:
    """Take a merge back; returns 1 when there is none to take back."""
    at = time.time() if now is None else now
    async with opened(config) as store:
        done = await store.people.unmerge(merge_id, by=operator(), at=at, why=why)
        result = "undone" if done else "none"
        await note(store, "customers.unmerge", merge_id, at, why=why, result=result)
    print("已拆开，以后不会自动再合并。" if done else "没有这次合并，或已经拆开。", file=out)
    return 0 if done else 1


def _read(given: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        name, value = name.strip(), value.strip()
        if not sign or name not in ATTRIBUTES:
            allowed = "、".join(one for one, kind in ATTRIBUTES.items() if not kind.is_refused)
            raise Misconfigured(f"{pair!r} 应写成 属性=值；属性有：{allowed}")
        if ATTRIBUTES[name].is_refused and value:
            raise Misconfigured(f"{name} 是敏感信息，不保存")
        if name == "phone" and value and not (value := normal_phone(value)):
            raise Misconfigured(f"{pair!r} 不是手机号")
        values[name] = value
    return values


def _attribute(customer: str, name: str, value: str, at: float) -> Attribute:
    return Attribute(
        external_userid=customer, name=name, value=value, source="hand", by=operator(), at=at
    )
