"""What does a member's client send for an attachment (wecom-api §6.9)?

Its names differ from those of the server's own calls, and pictures of links and miniprograms are
addresses there.
"""

from typing import Any, Protocol

from bot.model import Attachment

ChatMessage = dict[str, Any]
"""What `sendChatMessage` is called with."""

_PAGE = ".html"


class Files(Protocol):
    """Brings files of ours to WeCom."""

    async def media_id(self, source: str, kind: str = "image") -> str:
        """The media_id of a file or address.

        Raises:
            Misconfigured: no such file, or none that WeCom takes.
            WeComError: as the client.
        """
        ...

    async def address(self, source: str) -> str:
        """An address under which chats show a picture.

        Raises:
            Misconfigured: no such file, or none that WeCom takes.
            WeComError: as the client.
        """
        ...


def text_message(text: str) -> ChatMessage:
    """A text."""
    return {"msgtype": "text", "text": {"content": text}}


async def chat_message(one: Attachment, files: Files) -> ChatMessage:
    """An attachment, its files uploaded; a link without a picture is text.

    Raises:
        Misconfigured: no such file, or none that WeCom takes.
        WeComError: as the client.
    """
    match one.kind:
        case "image" | "video" | "file":
            return {
                "msgtype": one.kind,
                one.kind: {"mediaid": await files.media_id(one.media, one.kind)},
            }
        case "link" if one.media:
            news = {"link": one.url, "title": one.title, "desc": one.desc or one.title}
            return {"msgtype": "news", "news": {**news, "imgUrl": await files.address(one.media)}}
        case "link":
            return text_message(f"{one.title}\n{one.url}")
        case "miniprogram":
            card = {"appid": one.appid, "title": one.title, "page": _page(one.pagepath)}
            image = await files.address(one.media)
            return {"msgtype": "miniprogram", "miniprogram": {**card, "imgUrl": image}}


def _page(path: str) -> str:
    """The path of a miniprogram's page, which ends in ``.html`` in a chat."""
    page, mark, query = path.partition("?")
    return f"{page if page.endswith(_PAGE) else page + _PAGE}{mark}{query}"
