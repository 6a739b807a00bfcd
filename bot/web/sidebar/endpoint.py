"""Which addresses has the sidebar, and who may ask each of them what?

Every one asks `Seeing` anew whether this member may see this customer; whoever may not gets the
same 404 as for a customer who does not exist.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from bot.errors import ConciergeError
from bot.model import Conversation, Emitted, StaffAction
from bot.policy.seeing import Seeing, Sight
from bot.ports import Clock
from bot.routing.live import Live
from bot.routing.panels import Shown
from bot.routing.suggesting import DRAFT_WANTED, MOST
from bot.store import StaffAnswer
from bot.web.acting import CLIENT_ID, Acting
from bot.web.bearer import failed
from bot.web.door import Door, Visitor
from bot.web.sidebar.following import Fingerprints, follow
from bot.web.sidebar.reading import Reader, SaidView, conversation_of
from bot.web.sidebar.rendering import Pages
from bot.web.signing_in import SigningIn
from bot.wecom.jssdk import JsSdk

PATH = "/sidebar"
MOST_STREAMS = 2000
MAX_BODY = 32 * 1024
PASTED_CHARS = 500
CASE_ACTIONS = frozenset({"take", "raise", "later", "back", "end"})
TOLD_LATER = "reason"
"""Why a case has ended, told by whoever had it: the one action that needs no open case."""


class Asked(NamedTuple):
    """A request that may be answered.

    Args:
        base: our address as this browser sees it.
    """

    visitor: Visitor
    sight: Sight
    form: dict[str, str]
    base: str


Answer = Callable[[Asked], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Page:
    """What the shell of the page names.

    Args:
        corp_id: of the company, which the JS-SDK asks for.
        host: address of the stand-in for WeCom's client; only a demo has one.
    """

    corp_id: str
    agent_id: int
    host: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the sidebar is made of.

    Args:
        looked: told that a member looks at a customer: for the audit, and for what may be fetched.
        close_reasons: for which a case may be ended.
        drafts: whether there is a model that drafts replies.
    """

    door: Door
    signing_in: SigningIn
    pages: Pages
    reader: Reader
    seeing: Seeing
    acting: Acting
    jssdk: JsSdk
    live: Live
    page: Page
    clock: Clock
    looked: Callable[[Visitor, Sight], Awaitable[None]]
    close_reasons: tuple[str, ...] = ()
    drafts: bool = False


class SidebarEndpoint:
    """The pages of the sidebar."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.door, self.clock = parts, parts.door, parts.clock
        self.acting_store = parts.acting.store

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        door = self.door
        return [
            *self.parts.signing_in.routes(),
            web.get(PATH, door.page(self._shell, self.parts.signing_in.send), allow_head=False),
            web.get(f"{PATH}/static/{{version}}/{{name}}", self._file, allow_head=False),
            web.get(f"{PATH}/signature", door.read(self._signature), allow_head=False),
            self.get("panel", self._panel),
            self.get("case", self._case),
            self.get("person", self._person),
            self.get("said", self._said),
            self.get("result", self._result),
            self.get("events", self._events),
            self.post("act", self._act),
            self.post("sent", self._sent),
            self.post("reject", self._reject),
            self.post("tag", self._tag),
            self.post("suggest", self._suggest),
        ]

    # ------------------------------------------------------------------ asking and being let in

    def get(self, name: str, answer: Answer) -> web.RouteDef:
        """An address that reads something of a customer."""

        async def reads(request: web.Request, visitor: Visitor) -> web.StreamResponse:
            if name == "events":
                return await self._stream(request, visitor)
            return await self._asked(request, visitor, dict(request.query), answer)

        return web.get(f"{PATH}/{name}", self.door.read(reads), allow_head=False)

    def post(self, name: str, answer: Answer, *, changes: bool = True) -> web.RouteDef:
        """An address that writes something of a customer.

        Args:
            changes: whether it needs the right to change anything.
        """

        async def writes(request: web.Request, visitor: Visitor) -> web.StreamResponse:
            if (request.content_length or 0) > MAX_BODY:
                return self.door.refused(413)
            form = {key: str(value) for key, value in (await request.post()).items()}
            return await self._asked(request, visitor, form, answer, changes=changes)

        return web.post(f"{PATH}/{name}", self.door.write(writes))

    async def _asked(
        self,
        request: web.Request,
        visitor: Visitor,
        form: dict[str, str],
        answer: Answer,
        *,
        changes: bool = False,
    ) -> web.StreamResponse:
        sight = await self._sight(visitor, form)
        if sight is None or (changes and not sight.may_act):
            return self.part("nobody.html", status=404 if sight is None else 403)
        return await answer(Asked(visitor, sight, form, self.door.base(request)))

    async def _sight(self, visitor: Visitor, form: dict[str, str]) -> Sight | None:
        customer, open_kfid = form.get("customer", ""), form.get("open_kfid", "")
        return await self.parts.seeing.sight(visitor.who, customer, open_kfid)

    def part(self, name: str, *, status: int = 200, **values: Any) -> web.Response:
        """A piece of the page."""
        text = self.parts.pages.render(name, **values)
        return web.Response(text=text, status=status, content_type="text/html")

    # ------------------------------------------------------------------ the page

    async def _shell(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        return self.part(
            "page.html",
            page=self.parts.page,
            page_token=visitor.page_token,
            who=visitor.who,
            reviews=visitor.who.reviews,
            open_kfid=request.query.get("open_kfid", ""),
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        found = self.parts.pages.files.get(request.match_info["name"])
        if found is None:
            return self.door.refused(404)
        body, packed, kind = found
        zipped = "gzip" in request.headers.get("Accept-Encoding", "")
        response = web.Response(body=packed if zipped else body, content_type=kind, charset="utf-8")
        if zipped:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return self.door.dressed(response)

    async def _signature(self, request: web.Request, _visitor: Visitor) -> web.StreamResponse:
        """For exactly the address that the browser shows (R-12.2), if it is one of our pages."""
        url, kind = request.query.get("url", ""), request.query.get("kind", "")
        base = self.door.base(request)
        path = url.partition("?")[0]
        if kind not in ("corp", "agent") or "#" in url or path != f"{base}{PATH}":
            return failed(400, "no page of ours")
        try:
            signed = await self.parts.jssdk.sign("agent" if kind == "agent" else "corp", url)
        except ConciergeError:
            return failed(503, "no ticket")
        return web.json_response(
            {
                "timestamp": signed.timestamp,
                "nonceStr": signed.nonceStr,
                "signature": signed.signature,
            }
        )

    # ------------------------------------------------------------------ reading

    async def _panel(self, asked: Asked) -> web.StreamResponse:
        await self.parts.looked(asked.visitor, asked.sight)
        # before it is read: what changes meanwhile is told again
        seen = await self._prints(asked.visitor, asked.sight).token()
        view = await self.parts.reader.view(asked.visitor.who, asked.sight, self.clock.now())
        return self.part("panel.html", view=view, seen=seen, **self.common(asked))

    def _prints(self, visitor: Visitor, sight: Sight) -> Fingerprints:
        async def panels() -> tuple[Shown, ...]:
            return await self.parts.reader.beside(visitor.who, sight, self.clock.now())

        where = conversation_of(sight)
        return Fingerprints(self.acting_store, sight.external_userid, where, panels)

    async def _case(self, asked: Asked) -> web.StreamResponse:
        reader, who = self.parts.reader, asked.visitor.who
        part = await reader.case_part(who, asked.sight, self.clock.now())
        return self.part("case.html", part=part, **self.common(asked))

    async def _person(self, asked: Asked) -> web.StreamResponse:
        person = await self.parts.reader.person(asked.sight.external_userid, self.clock.now())
        return self.part("person.html", person=person, **self.common(asked))

    async def _said(self, asked: Asked) -> web.StreamResponse:
        said = await self.parts.reader.said(asked.sight, self.clock.now())
        await self._want_draft(asked, said)
        return self.part("said.html", said=said, **self.common(asked))

    async def _want_draft(self, asked: Asked, said: SaidView | None) -> None:
        """Let the model draft an answer to what is shown: once, and the page does not wait."""
        where = asked.sight.conversation
        if not self.parts.drafts or where is None or said is None or not asked.sight.may_act:
            return
        if said.msgid and said.question and not said.has_draft:
            wish = Emitted(
                name=DRAFT_WANTED,
                data={"msgid": said.msgid},
                open_kfid=where.open_kfid,
                external_userid=where.external_userid,
            )
            await self.parts.acting.tell(wish, f"draft:{where.open_kfid}:{said.msgid}")

    async def _suggest(self, asked: Asked) -> web.StreamResponse:
        """For a text that a member pasted: between friends the server sees none (R-12.4)."""
        text, now = asked.form.get("text", "").strip()[:PASTED_CHARS], self.clock.now()
        if not text:
            return self.door.refused(400)
        where = conversation_of(asked.sight)
        msgid = "pasted:" + hashlib.sha256(f"{where.external_userid}\0{text}".encode()).hexdigest()
        reader = self.parts.reader
        kept = await self.acting_store.suggestions.kept_for(where, msgid)
        kept = kept or await reader.suggested(where, msgid, text, now)
        said = SaidView((), text, tuple(kept[:MOST]), {})
        return self.part("suggestions.html", said=said, **self.common(asked))

    def common(self, asked: Asked) -> dict[str, Any]:
        """What every part of the page needs."""
        return {
            "sight": asked.sight,
            "who": asked.visitor.who,
            "now": self.clock.now(),
            "query": self._query(asked),
            "phrases": self.parts.reader.phrases,
            "name_of": self.parts.reader.people.name_of,
            "reasons": self.parts.close_reasons,
        }

    def _query(self, asked: Asked) -> dict[str, str]:
        where = asked.sight.conversation
        open_kfid = asked.form.get("open_kfid", "") or (where.open_kfid if where else "")
        return {"customer": asked.sight.external_userid, "open_kfid": open_kfid}

    # ------------------------------------------------------------------ acting

    async def _act(self, asked: Asked) -> web.StreamResponse:
        name, where = asked.form.get("name", ""), asked.sight.conversation
        is_open = name in CASE_ACTIONS and asked.sight.case is not None
        if where is None or not (is_open or name == TOLD_LATER):
            return self.door.refused(400)
        data = {key: asked.form.get(key, "")[:500] for key in ("reason", "note", "to")}
        data["case_id"] = asked.form.get("case_id", "")[:64]
        return await self.acted(asked, f"escalation.{name}", data, where)

    async def _sent(self, asked: Asked) -> web.StreamResponse:
        data = {"suggestion": asked.form.get("id", ""), "text": asked.form.get("text", "")[:4000]}
        return await self.acted(asked, "suggesting.sent", data)

    async def _reject(self, asked: Asked) -> web.StreamResponse:
        data = {"suggestion": asked.form.get("id", ""), "reason": asked.form.get("reason", "")}
        return await self.acted(asked, "suggesting.reject", data)

    async def _tag(self, asked: Asked) -> web.StreamResponse:
        data = {"name": asked.form.get("name", "")[:80], "on": asked.form.get("on") == "yes"}
        return await self.acted(asked, "tagging.change", data)

    async def acted(
        self, asked: Asked, name: str, data: dict[str, Any], where: Conversation | None = None
    ) -> web.StreamResponse:
        """Let a turn do it; 202 when it takes longer than a moment, 409 when it was not done."""
        client_id = asked.form.get("client_id", "")
        if not CLIENT_ID.fullmatch(client_id):
            return self.door.refused(400)
        where = where or conversation_of(asked.sight)
        action = StaffAction(
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
            userid=asked.visitor.who.userid,
            name=name,
            data=data,
            client_id=client_id,
            sent_at=self.clock.now(),
            on_page=True,
        )
        return self._told(await self.parts.acting.act(action))

    async def _result(self, asked: Asked) -> web.StreamResponse:
        client_id = asked.form.get("client_id", "")
        if not CLIENT_ID.fullmatch(client_id):
            return self.door.refused(400)
        where = conversation_of(asked.sight)
        action = StaffAction(
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
            userid=asked.visitor.who.userid,
            name="",
            client_id=client_id,
        )
        return self._told(await self.parts.acting.result(action))

    def _told(self, answer: StaffAnswer | None) -> web.StreamResponse:
        if answer is None:
            return web.json_response({"state": "waiting"}, status=202)
        status = 200 if answer.done else 409
        return web.json_response({"state": "done", "text": answer.text}, status=status)

    # ------------------------------------------------------------------ following

    async def _events(self, _asked: Asked) -> web.StreamResponse:
        raise AssertionError("streams are answered by `_stream`")

    async def _stream(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Names of what has changed; the page asks for it, and is judged again."""
        form = dict(request.query)
        sight = await self._sight(visitor, form)
        if sight is None:
            return self.part("nobody.html", status=404)
        if self.parts.live.listeners >= MOST_STREAMS or self.parts.live.is_closed:
            return self.door.refused(503)
        headers = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        response = self.door.dressed(web.StreamResponse(headers=headers))
        await response.prepare(request)
        prints = self._prints(visitor, sight)
        prints.seen(form.get("seen", ""))

        async def may_see() -> bool:
            session = await self.door.still(visitor)
            return session and await self._sight(visitor, form) is not None

        with suppress(ConnectionError, asyncio.CancelledError):
            await follow(response, self.parts.live, prints, may_see)
        return response


def root_of(public_url: str | None) -> str:
    """The path under which browsers see us."""
    return urlsplit(public_url).path.rstrip("/") if public_url else ""
