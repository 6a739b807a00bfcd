"""Under which media_id does WeCom hold a picture of ours? Uploads it when need be."""

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

_SMALLEST = 6
_SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}


class Pictures:
    """Pictures of files and addresses, uploaded once in 60 h.

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

    async def media_id(self, source: str) -> str:
        """The media_id of a file or address. A repeat costs at most another upload.

        Raises:
            Misconfigured: no such picture, or none that WeCom takes: JPG or PNG of at most 2 MB.
            WeComError: as the client.
        """
        fresh_since = self._clock.now() - KEPT_S
        content = b""
        kind, _, what = source.partition(":")
        if kind in self._drawn:
            content = await self._drawn[kind](what)
            digest = hashlib.sha256(content).hexdigest()
        elif _is_web(source):
            digest = hashlib.sha256(source.encode()).hexdigest()
        else:
            content = await asyncio.to_thread(_read, Path(source))
            digest = hashlib.sha256(content).hexdigest()
        if known := await self._store.uploads.fresh(digest, fresh_since):
            return known
        if _is_web(source):
            content = await self._get(source)
        media_id = await self._media.upload(_name(source, content), content)
        await self._store.uploads.keep(digest, media_id, self._clock.now())
        return media_id

    async def _get(self, url: str) -> bytes:
        if self._fetch is None:
            raise Misconfigured(f"{url}: no network here")
        return await self._fetch(url, platform_limits().media.image_bytes)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size <= platform_limits().media.image_bytes:
            return path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}") from error
    raise Misconfigured(f"{path} is larger than 2 MB")


def _name(source: str, content: bytes) -> str:
    """A name with the suffix of what it is.

    Raises:
        Misconfigured: it is no JPG or PNG.
    """
    for magic, suffix in _SUFFIXES.items():
        if content.startswith(magic) and len(content) >= _SMALLEST:
            path = urlsplit(source).path if _is_web(source) else source
            return (Path(path).stem or "picture") + suffix
    raise Misconfigured(f"{source} is no JPG or PNG")


def _is_web(source: str) -> bool:
    return source.startswith(("http://", "https://"))
