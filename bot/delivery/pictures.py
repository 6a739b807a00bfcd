"""Under which media_id does WeCom hold a file of ours? Uploads it when need be."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import Misconfigured
from bot.ports import Clock
from bot.store import Store
from bot.wecom.limits import platform_limits
from bot.wecom.media import TemporaryMedia

Fetch = Callable[[str, int], Awaitable[bytes]]
"""Gets a file from an http(s) address, of at most so many bytes."""

KEPT_S = 60 * 3600.0
"""A media_id lives 72 h (wecom-api §1.9); one that is sent now must live until it is shown."""

Draw = Callable[[str], Awaitable[bytes]]
"""Draws a PNG or JPG of what is named; raises `Misconfigured` when it cannot."""

_PICTURES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}
_MP4_AT, _MP4 = 4, b"ftyp"


class Pictures:
    """Files and addresses, uploaded once in 60 h: pictures, and what goes with welcomes.

    Args:
        fetch: gets what is not a file, ``None`` = there is no network.
        drawn: what is drawn when it is needed, by the word before the colon: ``poster:r_3f…``.
    """

    def __init__(
        self,
        store: Store,
        media: TemporaryMedia,
        clock: Clock,
        fetch: Fetch | None = None,
        drawn: Mapping[str, Draw] | None = None,
    ) -> None:
        self._drawn = drawn or {}
        self._store, self._media, self._clock, self._fetch = store, media, clock, fetch

    async def media_id(self, source: str, kind: str = "image", *, fresh_s: float = KEPT_S) -> str:
        """The media_id of a file or address. A repeat costs at most another upload.

        Args:
            kind: ``image``, ``video`` or ``file``; a miniprogram shows an image.
            fresh_s: one that is older than so many seconds is uploaded again.

        Raises:
            Misconfigured: no such file, or none that WeCom takes: JPG or PNG of at most 2 MB, MP4
                of at most 10 MB, anything of at most 20 MB.
            WeComError: as the client.
        """
        kind, most = _limit_of(kind)
        digest, content = await self._digest(source, most)
        if known := await self._store.uploads.fresh(digest, self._clock.now() - fresh_s):
            return known
        if _is_web(source):
            content = await self._get(source, most)
        media_id = await self._media.upload(_name(source, kind, content), content, kind=kind)
        await self._store.uploads.keep(digest, media_id, self._clock.now())
        return media_id

    async def address(self, source: str) -> str:
        """An address under which chats show a picture: its own, or WeCom's of a file of ours.

        Raises:
            Misconfigured: no such file, or no JPG or PNG of at most 2 MB.
            WeComError: as the client.
        """
        if _is_web(source):
            return source
        kind, most = _limit_of("image")
        digest, content = await self._digest(source, most)
        digest = f"published:{digest}"
        if known := await self._store.uploads.fresh(digest, 0.0):
            return known
        address = await self._media.publish(_name(source, kind, content), content)
        await self._store.uploads.keep(digest, address, self._clock.now())
        return address

    async def known(self, source: str, kind: str = "image") -> str | None:
        """The media_id under which WeCom holds it now; nothing is uploaded."""
        try:
            digest, _ = await self._digest(source, _limit_of(kind)[1])
        except Misconfigured:
            return None
        return await self._store.uploads.fresh(digest, self._clock.now() - KEPT_S)

    async def uploaded_at(self, media_id: str, unknown: float) -> float:
        """When a media_id was given, Unix seconds; ``unknown`` where nobody noted it."""
        return await self._store.uploads.uploaded_at(media_id) or unknown

    async def _digest(self, source: str, most: int) -> tuple[str, bytes]:
        if _is_web(source):
            return hashlib.sha256(source.encode()).hexdigest(), b""
        kind, _, what = source.partition(":")
        if kind in self._drawn:
            content = await self._drawn[kind](what)
        else:
            content = await asyncio.to_thread(_read, Path(source), most)
        return hashlib.sha256(content).hexdigest(), content

    async def _get(self, url: str, most: int) -> bytes:
        if self._fetch is None:
            raise Misconfigured(f"{url}: no network here")
        return await self._fetch(url, most)


def _limit_of(kind: str) -> tuple[str, int]:
    """How a kind is uploaded, and how many bytes it may have."""
    media = platform_limits().media
    match kind:
        case "video":
            return kind, media.video_bytes
        case "file":
            return kind, media.file_bytes
        case _:
            return "image", media.image_bytes


def _read(path: Path, most: int) -> bytes:
    try:
        if path.stat().st_size <= most:
            return path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}") from error
    raise Misconfigured(f"{path} is larger than {most >> 20} MB")


def _name(source: str, kind: str, content: bytes) -> str:
    """A name with the suffix of what it is.

    Raises:
        Misconfigured: it is not what it should be.
    """
    path = Path(urlsplit(source).path if _is_web(source) else source)
    if len(content) < platform_limits().media.smallest_bytes:
        raise Misconfigured(f"{source} is too small")
    if kind == "file":
        return path.name or "file"
    if kind == "video":
        if content[_MP4_AT:].startswith(_MP4):
            return (path.stem or "video") + ".mp4"
        raise Misconfigured(f"{source} is no MP4")
    for magic, suffix in _PICTURES.items():
        if content.startswith(magic):
            return (path.stem or "picture") + suffix
    raise Misconfigured(f"{source} is no JPG or PNG")


def _is_web(source: str) -> bool:
    return source.startswith(("http://", "https://"))
