"""When is the weekly sample of tags drawn, and who is told to judge it? (R-4.7)

The sample, its file and the notice are made one after the other; what a crash leaves undone is done
at the next look, and nothing twice.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from bot.app.tag_sample import write_sample
from bot.config import Tagging
from bot.config.hours import WEEK
from bot.model import Lane, NotifyStaff
from bot.ports import Clock
from bot.store import Draft, Sampled, Store, TagFigures, Unit

log = structlog.get_logger(__name__)

BY = "service"
_NOTICE_S = 3 * 86_400.0


@dataclass(slots=True)
class TagAuditing:
    """Draws the sample of this week once its hour has come.

    Args:
        folder: where the files are kept.
        leaders: userids of who is told.
        say: the notice, of how many there are and where.
        woken: told which queue of the outbox has something to send.
    """

    store: Store
    settings: Tagging
    zone: ZoneInfo
    folder: Path
    leaders: tuple[str, ...]
    say: Callable[[int, Path], str]
    clock: Clock
    woken: Callable[[str, Lane], None]
    _done: set[str] = field(default_factory=set)

    async def look(self) -> str:
        """Look once; returns the sample that was completed now, empty = none."""
        audit = self._audit()
        if audit in self._done:
            return ""
        path, now = self.folder / f"tags-{audit}.csv", self.clock.now()
        figures = TagFigures(self.store.database, self.settings)
        items: Sequence[Sampled] = await figures.judged(audit)
        if not items:
            seed = random.SystemRandom().randrange(2**31)
            size = self.settings.audit.sample
            items = await figures.draw(audit, size, seed, by=BY, now=now)
        if items and not await self.store.exports.is_noted(path):
            await self._write(path, audit, items)
            log.info("tags.sample_drawn", audit=audit, items=len(items), file=str(path))
        if items:
            await self._tell(audit, len(items), path, now)
        self._done = {audit}
        return audit if items else ""

    def _audit(self) -> str:
        """The sample whose hour came last, named after its day."""
        local = datetime.fromtimestamp(self.clock.now(), self.zone)
        begin = local.replace(hour=0, minute=0, second=0, microsecond=0)
        back = (local.weekday() - WEEK.index(self.settings.audit.weekday)) % 7
        slot = begin - timedelta(days=back) + timedelta(minutes=self.settings.audit.hour)
        if slot > local:
            slot -= timedelta(days=7)
        return f"ta_{slot:%Y%m%d}"

    async def _write(self, path: Path, audit: str, items: Sequence[Sampled]) -> None:
        """The file, and a line in the books, so that erasing finds it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        texts = [await self.store.timeline.text_of(one.external_userid, one.msgid) for one in items]
        path.unlink(missing_ok=True)  # half of one that a crash left
        write_sample(path, audit, items, texts)
        await self.store.exports.note(
            "tags.audit",
            path,
            {one.external_userid for one in items},
            lines=len(items),
            by=BY,
            at=self.clock.now(),
        )

    async def _tell(self, audit: str, count: int, path: Path, now: float) -> None:
        if not self.leaders:
            return
        draft = Draft(
            subject="corp",
            queue=f"staff/{','.join(self.leaders)}",
            conversation=None,
            lane=Lane.BACKGROUND,
            effect=NotifyStaff(userids=self.leaders, text=self.say(count, path)),
            expires_at=now + _NOTICE_S,
            msgid=f"tag_audit_{audit}",
        )
        unit = Unit()
        await self.store.outbox.post(unit, [draft], now)
        await self.store.database.commit(unit)
        self.woken(draft.queue, Lane.BACKGROUND)
