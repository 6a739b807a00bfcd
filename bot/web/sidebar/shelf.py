"""The addresses of what belongs to no single customer: replies at hand, and what is learned."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, tzinfo

from aiohttp import web

from bot.model import Emitted
from bot.policy.roles import Role, Who
from bot.routing.suggesting import CONTRIBUTED, FAQ, audience_of
from bot.store import AuditEntry, Store, Unit
from bot.web.door import Door, Visitor
from bot.web.sidebar.at_hand import AtHand, as_it_stands, filled, initials_of
from bot.web.sidebar.endpoint import MAX_BODY, PATH, Asked, SidebarEndpoint
from bot.web.sidebar.learning import Learned, Lessons
from bot.web.sidebar.reading import conversation_of

_LONGEST = {"category": 20, "title": 60, "body": 1000}


class Shelf:
    """Replies at hand, and the way into the knowledge.

    Args:
        company: name for ``{公司}``.
    """

    def __init__(
        self, sidebar: SidebarEndpoint, at_hand: AtHand, lessons: Lessons, company: str
    ) -> None:
        self._sidebar, self._at_hand, self._lessons = sidebar, at_hand, lessons
        self._company = company

    @property
    def _door(self) -> Door:
        return self._sidebar.door

    @property
    def _store(self) -> Store:
        return self._sidebar.acting_store

    @property
    def _zone(self) -> tzinfo:
        return self._sidebar.parts.reader.zone

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        door, sidebar = self._door, self._sidebar
        return [
            web.get(f"{PATH}/replies", door.read(self._replies), allow_head=False),
            web.post(f"{PATH}/replies/add", door.write(self._add)),
            web.post(f"{PATH}/replies/remove", door.write(self._remove)),
            web.post(f"{PATH}/replies/used", door.write(self._used)),
            sidebar.post("teach", self._teach),
            sidebar.post("draft", self._draft),
        ]

    # ------------------------------------------------------------------ replies at hand

    async def _replies(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        query, who, now = request.query, visitor.who, self._sidebar.clock.now()
        today = datetime.fromtimestamp(now, self._zone).date()
        text, category = query.get("q", "")[:100], query.get("category", "")[:20]
        every = await self._store.quick_replies.of(who.userid)
        standing = as_it_stands(every, query.get("standing", ""))
        found = await self._at_hand.among(standing, text, category, today)
        values = {"我": who.name, "公司": self._company, "客户": await self._name(query, who)}
        return self._sidebar.part(
            "replies.html",
            replies=[(one, filled(one.body, values)) for one in found],
            categories=sorted({one.category for one in every if one.category}),
            category=category,
            asked=text,
            who=who,
            may_edit_all=Role.OPERATOR in who.roles,
        )

    async def _name(self, query: Mapping[str, str], who: Who) -> str:
        """What the customer is called, if he may be seen by whoever asks."""
        customer, account = query.get("customer", ""), query.get("open_kfid", "")
        sidebar = self._sidebar
        sight = await sidebar.parts.seeing.sight(who, customer, account) if customer else None
        if sight is None:
            return ""
        person = await sidebar.parts.reader.person(sight.external_userid, sidebar.clock.now())
        return person.name

    async def _add(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        form = await self._form(request)
        texts = [form.get(name, "").strip() for name in _LONGEST]
        is_wrong = any(
            len(text) > longest for text, longest in zip(texts, _LONGEST.values(), strict=True)
        )
        if is_wrong or not texts[1] or not texts[2]:
            return self._say("reply_wrong", status=409)
        owner = "" if form.get("owner") == "company" else visitor.who.key
        if not owner and Role.OPERATOR not in visitor.who.roles:
            return self._door.refused(403)
        now, by = self._sidebar.clock.now(), visitor.who.userid
        added = await self._store.quick_replies.add(
            owner, texts, f"{initials_of(texts[1])} {initials_of(texts[2])}", by=by, now=now
        )
        await self._note(visitor, "reply.added", now)
        return self._say("reply_added" if added else "reply_full", status=200 if added else 409)

    async def _remove(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        reply_id = _number((await self._form(request)).get("id", ""))
        reply = await self._store.quick_replies.get(reply_id)
        is_his = reply is not None and reply.owner == visitor.who.key
        is_ours = reply is not None and not reply.owner and Role.OPERATOR in visitor.who.roles
        if reply is None or not (is_his or is_ours):
            return self._door.refused(404)
        await self._store.quick_replies.remove(reply_id, reply.owner)
        await self._note(visitor, "reply.removed", self._sidebar.clock.now())
        return self._say("reply_removed")

    async def _used(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        reply_id = _number((await self._form(request)).get("id", ""))
        reply = await self._store.quick_replies.get(reply_id)
        if reply is None or reply.owner not in ("", visitor.who.key):
            return self._door.refused(404)
        await self._store.quick_replies.used(reply_id, self._sidebar.clock.now())
        return self._say("reply_used")

    # ------------------------------------------------------------------ learning

    async def _teach(self, asked: Asked) -> web.StreamResponse:
        """The customer's words are one more phrasing of the entry that was suggested."""
        where, who = conversation_of(asked.sight), asked.visitor.who
        kept = await self._store.suggestions.get(where, _number(asked.form.get("id", "")))
        because = kept.reply.because if kept else None
        if kept is None or because is None or because.source != FAQ:
            return self._told(Learned("unknown"))
        text = await self._store.transcript.text_of(where, kept.msgid)
        now = self._sidebar.clock.now()
        today = datetime.fromtimestamp(now, self._zone).date()
        audience = audience_of(where.open_kfid, today, channel="", tags=frozenset())
        words = asked.form.get("text", "").strip()[:500] or text.strip()
        return self._told(await self._lessons.phrasing(who, words, because.ref, audience, now))

    async def _draft(self, asked: Asked) -> web.StreamResponse:
        """What was answered becomes an entry, as a draft where no operator says so."""
        form, where = asked.form, conversation_of(asked.sight)
        now, who = self._sidebar.clock.now(), asked.visitor.who
        question, answer = form.get("question", ""), form.get("answer", "")
        learned = await self._lessons.entry(who, question, answer, where.open_kfid, now)
        if learned.key == "drafted" and not self._sidebar.parts.reader.people.reviewers:
            learned = Learned("drafted_unread", done=True)
        elif learned.key == "drafted":
            digest = hashlib.sha256(f"{where.open_kfid}\0{question}\0{answer}".encode()).hexdigest()
            told = Emitted(
                name=CONTRIBUTED,
                data={"by": who.userid, "question": question.strip()},
                open_kfid=where.open_kfid,
                external_userid=where.external_userid,
            )
            await self._sidebar.parts.acting.tell(told, f"contributed:{digest[:24]}")
        return self._told(learned)

    # ------------------------------------------------------------------ small things

    def _told(self, learned: Learned) -> web.Response:
        return self._say(learned.key, status=200 if learned.done else 409, other=learned.other)

    def _say(self, key: str, *, status: int = 200, **values: object) -> web.Response:
        text = self._sidebar.parts.reader.phrases.say(f"suggesting.{key}", **values)
        return web.json_response({"state": "done", "text": text}, status=status)

    async def _form(self, request: web.Request) -> dict[str, str]:
        if (request.content_length or 0) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
        return {key: str(value) for key, value in (await request.post()).items()}

    async def _note(self, visitor: Visitor, action: str, now: float) -> None:
        unit = Unit()
        entry = AuditEntry(
            at=now, actor=f"staff:{visitor.who.userid}", action=action, subject="quick_replies"
        )
        self._store.audit.note(unit, entry)
        await self._store.database.commit(unit)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0
