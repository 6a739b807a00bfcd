"""Which welcomes does a file hold, and what is wrong with the others?"""

from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

from msgspec import structs

from bot.app.fields_file import FieldsFile
from bot.config.yaml_file import Document, Loc
from bot.model import Attachment
from bot.wecom.limits import platform_limits
from handlers.welcome.choosing import FRIEND, KF, WelcomeText
from handlers.welcome.rendering import SLOTS, longest
from knowledge.fields import IN_WELCOME, FaultError, attachment

_TOP = ("welcomes",)
_KEYS = (
    *("id", "at", "text", "tail", "attachments", "returning", "referral", "channels", "staff"),
    *("from", "until", "weekdays", "hours", "benefit", "without", "note"),
)
_CAMPAIGN_CHARS = 64


class WelcomeFile(FieldsFile):
    """One file of welcomes being read.

    Args:
        document: the file.
        folder: where the files lie that it names.
    """

    def __init__(self, document: Document, folder: Path) -> None:
        super().__init__(document)
        self.problems += document.problems
        self._folder = folder

    def welcomes(self) -> Iterator[WelcomeText]:
        """Every welcome without a problem."""
        values = self._document.values
        self._known_keys((), values, _TOP)
        given = values.get("welcomes")
        if not isinstance(given, list):
            self._complain(("welcomes",), "不是列表", "每条欢迎语以 - 开头")
            return
        for index, raw in enumerate(given):
            if not isinstance(raw, dict):
                self._complain(("welcomes", index), "不是一组键值", "id、text 和条件")
                continue
            before = len(self.problems)
            one = self._welcome(("welcomes", index), raw)
            if len(self.problems) == before:
                yield one

    def _welcome(self, loc: Loc, raw: dict[str, Any]) -> WelcomeText:
        self._known_keys(loc, raw, _KEYS)
        at = raw.get("at", FRIEND)
        if at not in (FRIEND, KF):
            self._complain((*loc, "at"), str(at), f"{FRIEND}（加好友）或 {KF}（进客服会话）")
            at = FRIEND
        hours = raw.get("hours")
        benefit = self._text(loc, raw, "benefit") if "benefit" in raw else ""
        one = WelcomeText(
            id=self._text(loc, raw, "id"),
            at=at,
            text=self._said(loc, raw, "text"),
            tail=self._said(loc, raw, "tail"),
            attachments=tuple(self._attachments((*loc, "attachments"), raw.get("attachments"))),
            returning=self._flag(loc, raw, "returning"),
            referral=self._flag(loc, raw, "referral"),
            channels=frozenset(self._words((*loc, "channels"))),
            staff=frozenset(word.lower() for word in self._words((*loc, "staff"))),
            dates=(
                self._date((*loc, "from"), raw.get("from")),
                self._date((*loc, "until"), raw.get("until")),
            ),
            weekdays=frozenset(self._weekdays((*loc, "weekdays"), raw.get("weekdays"))),
            hours=self._hours((*loc, "hours"), hours) if hours is not None else None,
            benefit=benefit,
            without=self._said(loc, raw, "without"),
        )
        self._check(loc, one)
        return one

    def _check(self, loc: Loc, one: WelcomeText) -> None:
        """What its parts must have to do with each other."""
        if not one.text and not one.attachments:
            self._complain(loc, "没有要说的", "text 或 attachments")
        if one.at == KF:
            self._check_kf(loc, one)
            return
        if one.tail:
            self._complain((*loc, "tail"), "加好友的欢迎语没有菜单", f"只有 at: {KF} 才写 tail")
        names_code = "code" in _slots(one.text)
        if names_code != bool(one.benefit):
            self._complain(loc, "{code} 和 benefit 只写了一个", "两个都写，或都不写")
        if one.benefit and (not one.without or "code" in _slots(one.without)):
            self._complain((*loc, "without"), "没有填写，或写了 {code}", "没有码可发时说什么")
        self._fits(loc, one, "text", platform_limits().contact.welcome_text_bytes)
        self._fits(loc, one, "without", platform_limits().contact.welcome_text_bytes)

    def _check_kf(self, loc: Loc, one: WelcomeText) -> None:
        """One message of text and menu (wecom-api §3.11)."""
        for key in ("attachments", "benefit", "without", "staff", "returning", "referral"):
            if getattr(one, key):
                self._complain((*loc, key), "客服会话的欢迎语用不上", "只有文字和菜单")
        if "code" in _slots(one.text):
            self._complain((*loc, "text"), "写了 {code}", f"只有 at: {FRIEND} 可以发码")
        self._fits(loc, one, "text", platform_limits().kf.menu_head_bytes)
        self._fits(loc, one, "tail", platform_limits().kf.menu_tail_bytes)

    def _fits(self, loc: Loc, one: WelcomeText, key: str, most: int) -> None:
        size = longest(getattr(one, key))
        if size > most:
            found = f"填满以后最长 {size} 字节"
            self._complain((*loc, key), found, f"不超过 {most} 字节（约 {most // 3} 个汉字）")

    def _said(self, loc: Loc, raw: dict[str, Any], key: str) -> str:
        value = raw.get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self._complain((*loc, key), "没有文字", "不为空的文字（像数字的要加引号）")
            return ""
        try:
            unknown = _slots(value) - set(SLOTS)
        except ValueError as error:
            self._complain((*loc, key), f"花括号不成对（{error}）", "花括号本身写作 {{ 或 }}")
            return ""
        if unknown:
            names = "、".join(f"{{{name}}}" for name in sorted(unknown))
            known = "、".join(f"{{{name}}}" for name in SLOTS)
            self._complain((*loc, key), f"不认识的占位符 {names}", known)
            return ""
        return value.strip()

    def _flag(self, loc: Loc, raw: dict[str, Any], key: str) -> bool:
        value = raw.get(key, False)
        if not isinstance(value, bool):
            self._complain((*loc, key), str(value), "true 或 false")
            return False
        return value

    def _attachments(self, loc: Loc, given: Any) -> Iterator[Attachment]:
        if given is None:
            return
        most = platform_limits().contact.welcome_attachments
        if not isinstance(given, list) or len(given) > most:
            self._complain(loc, "不是列表，或太多", f"附件的列表，最多 {most} 个")
            return
        for index, item in enumerate(given):
            try:
                one = attachment(item, IN_WELCOME)
            except FaultError as fault:
                self._complain((*loc, index), fault.found, fault.expected)
                continue
            yield self._with_file((*loc, index), one)

    def _with_file(self, loc: Loc, one: Attachment) -> Attachment:
        """The attachment with the full path of its file."""
        is_web = one.media.startswith(("http://", "https://"))
        if not one.media or is_web:
            return one
        if one.kind == "link":
            self._complain((*loc, "media"), one.media, "链接的图片是 http(s) 开头的地址")
        path = self._folder / one.media
        if not path.is_file():
            self._complain((*loc, "media"), f"找不到 {one.media}", "相对于这个文件的路径")
        return structs.replace(one, media=str(path))


def _slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
