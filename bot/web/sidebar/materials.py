"""The addresses of what lies ready to be sent to a customer, and of what goes with suggestions.

A page asks what to hand to `sendChatMessage`; files are uploaded and links made when it asks, so
that nothing is made for what nobody sends. Where the bot has the session, it sends for him.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec
import structlog
from aiohttp import web
from msgspec import structs

from bot.errors import Misconfigured, WeComError
from bot.model import Attachment
from bot.store import AuditEntry, Material, Sent, Store, Traced, Unit
from bot.web.links import PATH as LINKS
from bot.web.sidebar.at_hand import AtHand, as_it_stands
from bot.web.sidebar.enclosing import ChatMessage, Files, chat_message
from bot.web.sidebar.endpoint import Asked, SidebarEndpoint
from bot.web.sidebar.reading import conversation_of

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Offered:
    """A material, and what became of it with this customer."""

    material: Material
    traced: Traced | None


class MaterialShelf:
    """Materials for one customer.

    Args:
        at_hand: searches them.
    """

    def __init__(self, sidebar: SidebarEndpoint, at_hand: AtHand, files: Files) -> None:
        self._sidebar, self._at_hand, self._files = sidebar, at_hand, files

    @property
    def _store(self) -> Store:
        return self._sidebar.acting_store

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        sidebar = self._sidebar
        return [
            sidebar.get("materials", self._materials),
            sidebar.post("materials/ready", self._ready),
            sidebar.post("materials/sent", self._sent),
            sidebar.post("materials/send", self._send),
            sidebar.post("attachment", self._attachment),
        ]

    async def _materials(self, asked: Asked) -> web.StreamResponse:
        form, now = asked.form, self._sidebar.clock.now()
        text, category = form.get("q", "")[:100], form.get("category", "")[:20]
        every = await self._store.materials.all()
        today = datetime.fromtimestamp(now, self._sidebar.parts.reader.zone).date()
        standing = as_it_stands(every, form.get("standing", ""))
        found = await self._at_hand.among(standing, text, category, today)
        traces = await self._store.links.traces(asked.sight.external_userid)
        opened = [
            (trace.opened_at, one.title)
            for one in every
            if (trace := traces.get(one.id)) and trace.opened_at
        ]
        return self._sidebar.part(
            "materials.html",
            offered=[Offered(one, traces.get(one.id)) for one in found],
            categories=sorted({one.category for one in every if one.category}),
            category=category,
            text=text,
            latest=max(opened, default=None),
            bot_sends=await self._bot_has_it(asked),
            **self._sidebar.common(asked),
        )

    async def _bot_has_it(self, asked: Asked) -> bool:
        """Whether nobody but the bot may write to the customer there."""
        where = asked.sight.conversation
        if where is None:
            return False
        state = (await self._store.conversations.facts(where)).ownership.state
        return state is not None and state.bot_may_send

    # ------------------------------------------------------------------ sending

    async def _ready(self, asked: Asked) -> web.StreamResponse:
        """What the page is to hand to WeCom for a material."""
        found = await self._wanted(asked)
        if found is None:
            return self._say("gone", status=409)
        return await self._message(await self._for_customer(asked, found))

    async def _for_customer(self, asked: Asked, material: Material) -> Attachment:
        """What is sent of it: a link leads by one of ours, this customer's own."""
        one = material.attachment
        if one.kind != "link":
            return one
        where = conversation_of(asked.sight)
        sent = Sent(
            token="",
            external_userid=where.external_userid,
            open_kfid=where.open_kfid,
            userid=asked.visitor.who.userid,
            material=material.id,
            sent_at=None,
            told_at=None,
        )
        unit = Unit()
        token = await self._store.links.make(unit, sent, one.url, self._sidebar.clock.now())
        await self._store.database.commit(unit)
        return structs.replace(one, url=f"{asked.base}{LINKS}/{token}")

    async def _sent(self, asked: Asked) -> web.StreamResponse:
        """The page says that it was sent."""
        found = await self._wanted(asked)
        if found is None:
            return self._say("gone", status=409)
        now, who, customer = self._sidebar.clock.now(), asked.visitor.who, asked.sight
        reported = self._store.links.reported(customer.external_userid, found.id, who.userid, now)
        unit = Unit([self._store.materials.used(found.id), reported])
        note = AuditEntry(
            at=now,
            actor=f"staff:{who.userid}",
            action="material.sent",
            subject=f"customer:{customer.external_userid}",
            result=found.id,
        )
        self._store.audit.note(unit, note)
        await self._store.database.commit(unit)
        return self._say("sent")

    async def _send(self, asked: Asked) -> web.StreamResponse:
        """The bot sends it, where nobody else may; its file is uploaded first, so that he hears."""
        found, where = await self._wanted(asked), asked.sight.conversation
        if found is None or where is None:
            return self._say("gone", status=409)
        what = await self._for_customer(asked, found)

        async def uploaded() -> str:
            return await self._files.media_id(what.media, what.kind) if what.media else ""

        done = await self._trying(uploaded)
        if isinstance(done, web.StreamResponse):
            return done
        data = {"material": found.id, "attachment": msgspec.to_builtins(what)}
        return await self._sidebar.acted(asked, "materials.send", data, where)

    async def _attachment(self, asked: Asked) -> web.StreamResponse:
        """What the page is to hand to WeCom for what goes with a suggestion."""
        where = conversation_of(asked.sight)
        kept = await self._store.suggestions.get(where, _number(asked.form.get("id", "")))
        attachments: Sequence[Attachment] = kept.reply.attachments if kept else ()
        place = _number(asked.form.get("n", "0"))
        if place >= len(attachments):
            return self._say("gone", status=409)
        return await self._message(attachments[place])

    async def _message(self, one: Attachment) -> web.StreamResponse:
        async def message() -> ChatMessage:
            return await chat_message(one, self._files)

        made = await self._trying(message)
        if isinstance(made, web.StreamResponse):
            return made
        return web.json_response({"state": "done", "message": made})

    async def _trying(self, work: Callable[[], Awaitable[T]]) -> T | web.StreamResponse:
        """What comes of it, or the answer that says why WeCom has no such file."""
        try:
            return await work()
        except Misconfigured as error:
            log.error("material.unusable", error=str(error))
            return self._say("unusable", status=409)
        except WeComError as error:
            log.warning("material.not_uploaded", error=type(error).__name__)
            return self._say("not_uploaded", status=409)

    async def _wanted(self, asked: Asked) -> Material | None:
        return await self._store.materials.get(asked.form.get("id", "")[:64])

    def _say(self, key: str, *, status: int = 200) -> web.Response:
        text = self._sidebar.parts.reader.phrases.say(f"materials.{key}")
        return web.json_response({"state": "done", "text": text}, status=status)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0
