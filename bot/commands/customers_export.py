"""How are customers written to a file for another system? Each file is registered and audited."""

import csv
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal, TextIO

from bot.app.tag_sample import plain_cell
from bot.commands.consent import operator
from bot.commands.customers import note, opened
from bot.config import Config
from bot.errors import Misconfigured
from bot.model.people import AttributeClass
from bot.store import Store
from bot.store.listing import Listed, Listing, Wanted
from bot.web.customers import customer_as_json

Format = Literal["csv", "jsonl"]

_AT_ONCE = 500
_COLUMNS = (
    *("external_userid", "person", "created_at", "updated_at"),
    *("first_channel", "last_channel"),
)


async def export(
    config: Config,
    path: Path,
    form: Format,
    out: TextIO,
    *,
    tag: str = "",
    reveal: bool = False,
    now: float | None = None,
) -> int:
    """Write customers to a file.

    Args:
        tag: only those who have it.
        reveal: with names, phones and the like; what is sensitive never leaves.

    Raises:
        Misconfigured: the file exists.
    """
    at = time.time() if now is None else now
    if path.exists():
        raise Misconfigured(f"{path} 已经有了，另写一个")
    async with opened(config) as store:
        # registered before it is written: erasure must know of a file that was left half done
        ids = [one.external_userid async for one in _everybody(store, tag, at)]
        await store.exports.note("customers", path, ids, lines=len(ids), by=operator(), at=at)
        result = f"{len(ids)} revealed" if reveal else str(len(ids))
        await note(store, "customers.export", path.name, at, why=tag, result=result)
        encoding = "utf-8-sig" if form == "csv" else "utf-8"  # spreadsheets want the mark
        with path.open("x", encoding=encoding, newline="") as file:
            table = csv.writer(file) if form == "csv" else None
            if table is not None:
                table.writerow([*_COLUMNS, "tags", "attributes"])
            for customer in ids:
                told = await _told(store, customer, at, reveal=reveal)
                if table is not None:
                    table.writerow(_cells(told))
                else:
                    file.write(json.dumps(told, ensure_ascii=False) + "\n")
    print(f"{len(ids)} 位客户，写到 {path}。", file=out)
    print("用完请删除；谁要求删除信息，会列出这个文件。", file=out)
    return 0


async def _told(store: Store, customer: str, now: float, *, reveal: bool) -> dict[str, object]:
    (one,) = await Listing(store.database).only(customer)
    told = await customer_as_json(store, one, now)
    if reveal:
        told["attributes"] = await _attributes(store, customer)
    return told


async def _everybody(store: Store, tag: str, now: float) -> AsyncIterator[Listed]:
    listing, after = Listing(store.database), ""
    while page := await listing.page(Wanted(tag=tag, after=after, limit=_AT_ONCE), now):
        for one in page:
            yield one
        after = page[-1].external_userid


async def _attributes(store: Store, customer: str) -> dict[str, str]:
    known = await store.profiles.of(customer)
    return {one.name: one.value for one in known if one.kind is not AttributeClass.SENSITIVE}


def _cells(told: dict[str, object]) -> list[str]:
    tags = told["tags"]
    assert isinstance(tags, list)
    names = "、".join(tag["name"] for tag in tags)
    attributes = json.dumps(told["attributes"], ensure_ascii=False)
    return [plain_cell(str(cell)) for cell in (*(told[key] for key in _COLUMNS), names, attributes)]
