"""How does a welcome reach a newcomer in time, and how are its files kept at WeCom (R-2)?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot.delivery.contact_access import ContactAccess
from bot.delivery.outcomes import Ended, Outcome
from bot.delivery.pictures import Pictures
from bot.errors import CodeSpent, ConciergeError, NotAuthorised, Throttled
from bot.model import Attachment, SendWelcome, TakeCode
from bot.model.effects import CODE_SLOT, NOT_ARCHIVED_YET
from bot.ports import Clock
from bot.store import Greeted, Parcel, Store
from bot.store.benefits import given, returned
from bot.store.database import Statement
from bot.store.welcomes import came_out
from bot.wecom.welcomes import Payload, enclosed, needs_file

log = structlog.get_logger(__name__)

FRESH_S = 48 * 3600.0
"""A file is uploaded again after so long, so that one in use has a day left of its three."""


@dataclass(slots=True)
class WelcomeFiles:
    """The files of all welcomes, held at WeCom before anybody needs them.

    Args:
        wanted: the attachments of every welcome that is in force.
    """

    pictures: Pictures
    wanted: Callable[[], Iterable[Attachment]]
    clock: Clock
    ready: dict[str, tuple[str, float]] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)

    async def look(self) -> None:
        """Upload what is not there, or will not be for long."""
        for one in self.wanted():
            if not needs_file(one):
                continue
            _, at = self.ready.get(one.media, ("", 0.0))
            now = self.clock.now()
            if now - at < FRESH_S:
                continue
            try:
                media_id = await self.pictures.media_id(one.media, one.kind, fresh_s=FRESH_S)
            except ConciergeError as error:
                if one.media not in self._failed:
                    log.error("welcome.file_unusable", file=Path(one.media).name, error=str(error))
                self._failed.add(one.media)
                continue
            self._failed.discard(one.media)
            self.ready[one.media] = (media_id, await self.pictures.uploaded_at(media_id, now))

    async def known(self, attachments: Iterable[Attachment]) -> dict[str, str]:
        """media_ids by file, of those that WeCom holds; nothing is uploaded."""
        found = {}
        for one in attachments:
            if one.media in self.ready:
                found[one.media] = self.ready[one.media][0]
            elif needs_file(one) and (media_id := await self.pictures.known(one.media, one.kind)):
                found[one.media] = media_id
        return found


@dataclass(frozen=True, slots=True)
class WelcomeCourier:
    """`send_welcome_msg`; a code works once, so "used" on a repeat means sent."""

    store: Store
    access: ContactAccess
    files: WelcomeFiles
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Greet one newcomer, with the code that is his."""
        effect = parcel.effect
        assert isinstance(effect, SendWelcome)
        if not await self.store.outbox.claim(parcel, self.clock.now(), unless_silenced=True):
            return Ended("dead", error="silenced", statements=_benefit_back(effect))
        text = await self._text(effect)
        known = await self.files.known(effect.attachments)
        shown = [enclosed(one, known) for one in effect.attachments]
        attachments = [one for one in shown if one is not None]
        lacking = len(shown) - len(attachments)
        if lacking:
            log.warning("welcome.without_files", lacking=lacking)
        if not text and not attachments:
            return Ended("dead", error="nothing to say", statements=_benefit_back(effect))
        try:
            await self._send(effect.code, text, attachments)
        except Throttled:
            await self.store.outbox.forget_try(parcel)
            raise
        except CodeSpent as error:
            if not parcel.attempts or error.errcode == NOT_ARCHIVED_YET:
                raise
            return self._sent(effect, lacking, "code used by an earlier try", error.errcode)
        except NotAuthorised as error:
            log.error("welcome.not_permitted", error=str(error))
            return Ended("dead", error=str(error), errcode=error.errcode)
        return self._sent(effect, lacking)

    async def _send(self, code: str, text: str, attachments: list[Payload]) -> None:
        refused: NotAuthorised | None = None
        for api in self.access.at_once():
            try:
                await api.welcomes.send(code, text, attachments)
            except NotAuthorised as error:
                refused = error
            else:
                return
        raise refused or NotAuthorised("", None, "nobody may call customer contact")

    async def _text(self, effect: SendWelcome) -> str:
        benefit, now = effect.benefit, self.clock.now()
        if benefit is None:
            return effect.text
        code = await self.store.benefits.reserve(benefit.campaign, effect.external_userid, now)
        if code is None:
            return benefit.without
        return effect.text.replace(CODE_SLOT, code)

    def _sent(
        self, effect: SendWelcome, lacking: int, note: str = "", errcode: int | None = None
    ) -> Ended:
        now, pair = self.clock.now(), (effect.userid, effect.external_userid)
        statements: list[Statement] = [
            came_out(pair, effect.since, Greeted.SENT, lacking=lacking, sent_at=now)
        ]
        if effect.benefit:
            statements.append(given(effect.benefit.campaign, effect.external_userid, now))
        return Ended("sent", error=note or None, errcode=errcode, statements=statements)


@dataclass(frozen=True, slots=True)
class CodeTaker:
    """Makes codes somebody's; whoever takes twice gets the same."""

    store: Store
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Take one, for good: it is told in the turn that hears of it."""
        effect, now = parcel.effect, self.clock.now()
        assert isinstance(effect, TakeCode)
        await self.store.outbox.claim(parcel, now)
        code = await self.store.benefits.reserve(effect.campaign, effect.external_userid, now)
        statements = [given(effect.campaign, effect.external_userid, now)] if code else []
        result = {"campaign": effect.campaign, "code": code}
        return Ended("sent", result=result, statements=statements)


def _benefit_back(effect: SendWelcome) -> list[Statement]:
    if effect.benefit is None:
        return []
    return [returned(effect.benefit.campaign, effect.external_userid)]
