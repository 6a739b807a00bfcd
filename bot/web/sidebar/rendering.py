"""How do data become markup? Jinja2 with autoescape; nothing is ever marked as safe."""

import gzip
import hashlib
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
STATIC = HERE / "static"
MIME = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class Pages:
    """The templates and files of the sidebar.

    Args:
        zone: of the company: every time is shown in it.
        root: path under which browsers see us, without a slash at its end.
    """

    def __init__(self, zone: tzinfo, root: str = "") -> None:
        self._zone, self.root = zone, root
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"clock": self._clock, "day": self._day, "percent": _percent}
        self._templates.globals |= {"root": root, "assets": f"{root}/sidebar/static/{self.version}"}

    def render(self, name: str, **values: Any) -> str:
        """A page, or a part of one."""
        return self._templates.get_template(name).render(**values)

    @cached_property
    def files(self) -> dict[str, tuple[bytes, bytes, str]]:
        """Every static file: as it is, compressed, and its type."""
        found = {}
        for path in sorted(STATIC.iterdir()):
            if kind := MIME.get(path.suffix):
                body = path.read_bytes()
                found[path.name] = (body, gzip.compress(body, 9, mtime=0), kind)
        return found

    @cached_property
    def version(self) -> str:
        """Changes with every file: desktop clients keep old ones for long (wecom-api §6.12)."""
        digest = hashlib.sha256(b"".join(body for body, _, _ in self.files.values()))
        return digest.hexdigest()[:12]

    def _clock(self, at: float | None) -> str:
        return datetime.fromtimestamp(at, self._zone).strftime("%H:%M") if at else ""

    def _day(self, at: float | None) -> str:
        return datetime.fromtimestamp(at, self._zone).strftime("%m-%d %H:%M") if at else ""


def _percent(share: float | None) -> str:
    return "" if share is None else f"{round(100 * share)}%"
