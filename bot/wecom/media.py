"""How do files come from WeCom before it forgets them, and ours to it (wecom-api §1.9)?"""

import re
from urllib.parse import unquote

import msgspec

from bot.errors import Rejected, Unreachable
from bot.wecom.apis import MEDIA_GET, MEDIA_PUBLISH, MEDIA_UPLOAD
from bot.wecom.client import WeComClient
from bot.wecom.limits import platform_limits
from bot.wecom.transport import Fetched

MAX_MEDIA_BYTES = 32 * 1024 * 1024
"""Customers cannot send more than 20 MB (wecom-api §3.7); it is held in memory to be sealed."""

_TOTAL = re.compile(r"bytes \d+-\d+/(\d+)")
_EXTENDED_NAME = re.compile(r"filename\*\s*=\s*(?:utf-8|UTF-8)''([^;]+)")
_PLAIN_NAME = re.compile(r'filename\s*=\s*(?:"([^"]*)"|([^;]+))')
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


class Media(msgspec.Struct, frozen=True):
    """A file as WeCom gave it; the name is the sender's and made harmless."""

    content: bytes
    filename: str
    content_type: str


class TemporaryMedia:
    """WeCom's temporary media, each kept for 3 days."""

    def __init__(self, client: WeComClient) -> None:
        self._client = client

    async def download(self, media_id: str, *, max_bytes: int = MAX_MEDIA_BYTES) -> Media:
        """Fetch a file, in ranges of 20 MB when it is larger.

        Raises:
            Rejected: unknown or expired id, or larger than `max_bytes`.
            WeComError: as the client.
        """
        content = bytearray()
        while True:
            fetched = await self._chunk(media_id, len(content), max_bytes)
            content += fetched.content
            total = _total(fetched)
            if max(total, len(content)) > max_bytes:
                raise Rejected(MEDIA_GET.path, None, f"larger than {max_bytes} bytes")
            if len(content) >= total or not fetched.content:
                return Media(
                    content=bytes(content),
                    filename=filename_of(fetched.headers.get("Content-Disposition", "")),
                    content_type=fetched.headers.get("Content-Type", "application/octet-stream"),
                )

    async def upload(self, filename: str, content: bytes, *, kind: str = "image") -> str:
        """Give WeCom a file and return its media_id, good for 3 days.

        Args:
            kind: ``image``, ``video`` or ``file``.

        Raises:
            Rejected: no file that WeCom takes.
            WeComError: as the client.
        """
        answer = await self._client.upload(
            MEDIA_UPLOAD, params={"type": kind}, filename=filename, content=content
        )
        media_id = answer.get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise Unreachable(MEDIA_UPLOAD.path, 0, "an answer without media_id")
        return media_id

    async def publish(self, filename: str, content: bytes) -> str:
        """Give WeCom a picture for good and return its address, which chats alone can show.

        Raises:
            Rejected: no JPG or PNG of at most 2 MB, or too many of them today (wecom-api §1.9).
            WeComError: as the client.
        """
        answer = await self._client.upload(
            MEDIA_PUBLISH, params={}, filename=filename, content=content
        )
        url = answer.get("url")
        if not isinstance(url, str) or not url:
            raise Unreachable(MEDIA_PUBLISH.path, 0, "an answer without url")
        return url

    async def _chunk(self, media_id: str, begin: int, max_bytes: int) -> Fetched:
        end = begin + platform_limits().media.chunk_bytes - 1
        return await self._client.download(
            MEDIA_GET,
            params={"media_id": media_id},
            headers={"Range": f"bytes={begin}-{end}"},
            max_bytes=max_bytes,
        )


def filename_of(disposition: str) -> str:
    """The file's name from Content-Disposition, without any path."""
    if found := _EXTENDED_NAME.search(disposition):
        name = unquote(found[1].strip().strip('"'))
    elif found := _PLAIN_NAME.search(disposition):
        name = _as_utf8(unquote((found[1] or found[2] or "").strip()))
    else:
        return ""
    return _UNSAFE.sub("_", name)[:200].lstrip(".")


def _as_utf8(name: str) -> str:
    # WeCom sends raw UTF-8 in the header, which HTTP libraries hand over with escaped bytes.
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _total(fetched: Fetched) -> int:
    found = _TOTAL.fullmatch(fetched.headers.get("Content-Range", ""))
    return int(found[1]) if fetched.status == 206 and found else len(fetched.content)
