"""Which materials does a file hold, what is wrong with the others, and what do they change?"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from bot.app.fields_file import FieldsFile
from bot.config.problems import Problem
from bot.config.yaml_file import Document, Loc, read_document
from bot.model import Attachment
from bot.store import AuditEntry, Material, Store, Unit
from bot.web.sidebar.at_hand import initials_of
from knowledge.fields import FaultError, attachment

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "image": ("media",),
    "link": ("title", "url"),
    "miniprogram": ("title", "appid", "pagepath", "media"),
    "file": ("media",),
}
"""What each kind needs, to be sent by a page and by the bot (wecom-api §3.10, §6.9)."""

_SHOWS_TITLE = ("link", "miniprogram")
_CATEGORY_CHARS = 20


def read_materials(file: Path) -> tuple[list[Material], list[Problem]]:
    """The materials of a file, without what has a problem, and the problems.

    Raises:
        ConfigErrors: it cannot be read.
    """
    read = _MaterialFile(read_document(file), file.parent)
    return list(read.materials()), read.problems


async def take_materials(
    store: Store, found: Sequence[Material], by: str, now: float
) -> tuple[int, int]:
    """Write what is new or different; what is the same is left as it is.

    Returns:
        How many were added, and how many changed.
    """
    known = {one.id: one for one in await store.materials.all()}
    fresh = [one for one in found if one.id not in known]
    changed = [one for one in found if one.id in known and not one.says_the_same(known[one.id])]
    if fresh or changed:
        unit = Unit()
        store.materials.put(unit, [*fresh, *changed], by=by, now=now)
        note = AuditEntry(
            at=now,
            actor=by,
            action="materials.import",
            subject="materials",
            result=f"added={len(fresh)} changed={len(changed)}",
        )
        store.audit.note(unit, note)
        await store.database.commit(unit)
    return len(fresh), len(changed)


class _MaterialFile(FieldsFile):
    """One file of materials being read.

    Args:
        folder: where the files lie that it names.
    """

    def __init__(self, document: Document, folder: Path) -> None:
        super().__init__(document)
        self.problems += document.problems
        self._folder = folder

    def materials(self) -> Iterator[Material]:
        self._known_keys((), self._document.values, ("materials",))
        given = self._document.values.get("materials")
        if not isinstance(given, list):
            self._complain(("materials",), "不是列表", "每条素材以 - 开头")
            return
        seen: set[str] = set()
        for index, raw in enumerate(given):
            loc: Loc = ("materials", index)
            if not isinstance(raw, dict):
                self._complain(loc, "不是一组键值", "id、title、kind 等")
                continue
            before = len(self.problems)
            one = self._material(loc, raw)
            if one is not None and one.id in seen:
                self._complain((*loc, "id"), one.id, "不重复的 id")
            if one is not None and len(self.problems) == before:
                seen.add(one.id)
                yield one

    def _material(self, loc: Loc, raw: dict[str, Any]) -> Material | None:
        raw = dict(raw)
        name, title = self._text(loc, raw, "id"), self._text(loc, raw, "title")
        category = str(raw.pop("category", "") or "").strip()
        if len(category) > _CATEGORY_CHARS:
            self._complain((*loc, "category"), "太长", f"最多 {_CATEGORY_CHARS} 个字")
        raw.pop("id", None)
        if raw.get("kind") not in _SHOWS_TITLE:
            raw.pop("title", None)
        try:
            what = attachment(raw, _NEEDED)
        except FaultError as fault:
            self._complain(loc, fault.found, fault.expected)
            return None
        what = self._with_file(loc, what)
        below = initials_of(f"{what.title} {what.desc}")
        return Material(name, category, title, what, f"{initials_of(title)} {below}")

    def _with_file(self, loc: Loc, one: Attachment) -> Attachment:
        """The attachment with the full path of its file."""
        if not one.media or one.media.startswith(("http://", "https://")):
            return one
        path = (self._folder / one.media).resolve()
        if not path.is_file():
            self._complain((*loc, "media"), f"找不到 {one.media}", "相对于这个文件的路径")
        return structs.replace(one, media=str(path))
