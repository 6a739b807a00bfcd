"""How is a newcomer greeted in a member's name (wecom-api §4.3)?"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.model import Attachment
from bot.wecom.apis import CONTACT_WELCOME
from bot.wecom.contacts import ContactCalls
from bot.wecom.limits import platform_limits
from bot.wecom.split import clean, cut

Payload = dict[str, Any]


class WelcomeSender:
    """Sends welcomes; exactly one call each, for the code lives 20 s."""

    def __init__(self, calls: ContactCalls) -> None:
        self._calls = calls

    async def send(self, code: str, text: str, attachments: Sequence[Payload]) -> None:
        """Send one welcome.

        Args:
            attachments: as `enclosed` makes them.

        Raises:
            CodeSpent: used, too old, or somebody was faster; the chat had begun.
            WeComError: as the client.
        """
        limits = platform_limits().contact
        body: Payload = {"welcome_code": code}
        if said := cut(clean(text), limits.welcome_text_bytes):
            body["text"] = {"content": said}
        if attachments:
            body["attachments"] = list(attachments)[: limits.welcome_attachments]
        await self._calls.call_urgently(CONTACT_WELCOME, body)


def needs_file(one: Attachment) -> bool:
    """Whether a file of it must have been uploaded; a link shows a picture by its address."""
    return one.kind != "link"


def enclosed(one: Attachment, media_ids: Mapping[str, str]) -> Payload | None:
    """An attachment on the wire, ``None`` when WeCom does not hold its file.

    Args:
        media_ids: by file or address.
    """
    media_id = media_ids.get(one.media, "")
    if needs_file(one) and not media_id:
        return None
    match one.kind:
        case "link":
            named = {"title": one.title, "picurl": one.media, "desc": one.desc, "url": one.url}
            return {"msgtype": "link", "link": {key: text for key, text in named.items() if text}}
        case "miniprogram":
            card = {"title": one.title, "pic_media_id": media_id, "appid": one.appid}
            return {"msgtype": "miniprogram", "miniprogram": {**card, "page": one.pagepath}}
        case _:
            return {"msgtype": one.kind, one.kind: {"media_id": media_id}}
