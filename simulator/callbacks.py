"""How do hints reach the product: sealed, signed, with a deadline and repeats (wecom-api §2)?"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self
from xml.etree.ElementTree import Element, ParseError

import aiohttp
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from simulator.app_inbox import put_into_inbox
from simulator.cipher import CallbackCipher, Unsealable
from simulator.friends import ContactChange
from simulator.records import AppMessage, CardPress
from simulator.syncing import callback_token
from simulator.world import World

_VERIFY_DEADLINE_S = 1.0


class CallbackSender:
    """Delivers callbacks of one world to one URL; an async context manager.

    Args:
        url: the callback URL of the console page; ``None`` = nothing is delivered.
    """

    def __init__(self, world: World, url: str | None) -> None:
        self.url = url
        self._world = world
        names = world.credentials
        self._cipher = CallbackCipher(names.token, names.aes_key, names.corp_id)
        self._tasks: set[asyncio.Task[None]] = set()
        self._merging: set[str] = set()
        self._held: list[bytes] = []
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(world.options.callback_connections)
        self.delivered = 0
        self.failed = 0

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=0)  # bounded by slots, outside of the deadline
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        )
        self._world.on_hint = self.hint
        self._world.on_app_message = self.app_message
        self._world.on_press = self.press
        self._world.friends.on_change = self.contact_change
        self._world.has_callback = lambda: self.url is not None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def pending(self) -> int:
        """Callbacks not yet answered."""
        return len(self._tasks)

    def hint(self, open_kfid: str) -> None:
        """Something happened at an account: tell the product to pull."""
        if self.url is None or self._world.faults.take("lose_callback"):
            return
        if open_kfid in self._merging:
            return
        if self._world.options.merge_hints_s > 0:
            self._merging.add(open_kfid)
        self._start(self._hint(open_kfid))

    def app_message(self, userid: str, text: str) -> None:
        """A member wrote to the app."""
        if self.url is None or self._world.faults.take("lose_callback"):
            return
        self._start(self._app_message(userid, text))

    def press(self, press: CardPress) -> None:
        """A member pressed a button of a card."""
        if self.url is None or self._world.faults.take("lose_callback"):
            return
        self._start(self._press(press))

    def contact_change(self, change: ContactChange) -> None:
        """Something happened in customer contact; the moment of it goes with it."""
        if self.url is None or self._world.faults.take("lose_callback"):
            return
        names, created_at = self._world.credentials, int(self._world.now())
        inner = contact_xml(names.corp_id, change, created_at=created_at)
        if self._world.faults.take("hold_callback"):
            self._held.append(inner)
            return
        overtaken, self._held = self._held, []
        self._start(self._contact_changes([inner, *overtaken]))

    async def verify(self) -> dict[str, Any]:
        """Do what the console does when someone presses "save" (§2.2)."""
        if self.url is None:
            return {"ok": False, "problem": "no callback URL"}
        expected = str(secrets.randbelow(10**19))
        sealed = self._cipher.seal(expected.encode())
        params = {**self._signature(sealed), "echostr": sealed}
        started = time.monotonic()
        try:
            async with self._http.get(
                self.url, params=params, timeout=aiohttp.ClientTimeout(_VERIFY_DEADLINE_S)
            ) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return {"ok": False, "problem": f"no answer within 1 s: {error!r}"}
        seconds = time.monotonic() - started
        ok = status == 200 and body == expected.encode()
        problem = None if ok else f"status {status}, body {body[:80]!r} is not the plaintext"
        return {"ok": ok, "status": status, "seconds": seconds, "problem": problem}

    # -- deliveries -----------------------------------------------------------------------

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("CallbackSender is used outside of its context")
        return self._session

    def _start(self, delivery: Any) -> None:
        task = asyncio.ensure_future(delivery)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hint(self, open_kfid: str) -> None:
        if self._world.options.merge_hints_s > 0:
            await asyncio.sleep(self._world.options.merge_hints_s)
            self._merging.discard(open_kfid)
        inner = hint_xml(
            self._world.credentials.corp_id,
            int(self._world.now()),
            callback_token(self._world, open_kfid),
            open_kfid,
        )
        await self._deliver(inner)
        if self._world.faults.take("duplicate_callback"):
            await self._deliver(inner)

    async def _app_message(self, userid: str, text: str) -> None:
        inner = app_message_xml(
            self._world.credentials.corp_id,
            userid,
            text,
            created_at=int(self._world.now()),
            msgid=int(self._world.now() * 1000) * 10**5 + self._world.next_id() % 10**5,
            agent_id=self._world.credentials.agent_id,
        )
        body = await self._deliver(inner, may_reply=True)
        if body and body.lstrip().startswith(b"<xml>"):
            self._take_passive_reply(userid, body)
        if self._world.faults.take("duplicate_callback"):
            await self._deliver(inner, may_reply=True)

    async def _press(self, press: CardPress) -> None:
        names = self._world.credentials
        inner = press_xml(
            names.corp_id, press, created_at=int(self._world.now()), agent_id=names.agent_id
        )
        await self._deliver(inner)
        if self._world.faults.take("duplicate_callback"):
            await self._deliver(inner)

    async def _contact_changes(self, changes: list[bytes]) -> None:
        for inner in changes:
            await self._deliver(inner)
            if self._world.faults.take("duplicate_callback"):
                await self._deliver(inner)

    async def _deliver(self, inner: bytes, *, may_reply: bool = False) -> bytes | None:
        """Up to three deliveries, each sealed anew; the body of the answer, if there was one."""
        options = self._world.options
        if late := self._world.faults.take("late_callback"):
            await asyncio.sleep(5.0 if late.seconds is None else late.seconds)
        for delivery in range(options.callback_deliveries):
            if delivery:
                await asyncio.sleep(options.callback_pause_s)
            async with self._slots:
                answer = await self._deliver_once(inner)
            if answer is None:
                continue
            status, body = answer
            if self._is_acknowledged(status, body, may_reply=may_reply):
                self.delivered += 1
                return body
            if not options.retry_not_ok:
                break
        self.failed += 1
        return None

    async def _deliver_once(self, inner: bytes) -> tuple[int, bytes] | None:
        options = self._world.options
        sealed = self._cipher.seal(inner)
        started = time.monotonic()
        try:
            async with self._http.post(
                self.url or "",
                params=self._signature(sealed),
                data=self._body(sealed),
                headers={"Content-Type": "text/xml"},
                timeout=aiohttp.ClientTimeout(options.callback_deadline_s),
            ) as response:
                body = await response.read()
        except _Cut:
            return None
        except TimeoutError:
            self._world.blame("slow_ack", f"no answer in {options.callback_deadline_s:g} s")
            return None
        except aiohttp.ClientError:
            return None
        seconds = time.monotonic() - started
        if seconds > options.slow_ack_s:
            self._world.blame("slow_ack", f"{seconds:.2f} s")
        return response.status, body

    def _is_acknowledged(self, status: int, body: bytes, *, may_reply: bool) -> bool:
        """200 with nothing or ``success``; kf events have no passive reply (§2.5, §2.6)."""
        if status != 200:
            self._world.blame("bad_ack", f"status {status}")
            return False
        if body not in (b"", b"success") and not (may_reply and body.lstrip().startswith(b"<xml>")):
            self._world.blame("bad_ack", f"body {body[:80]!r}")
        return True

    def _signature(self, sealed: str) -> dict[str, str]:
        timestamp, nonce = str(int(self._world.now())), os.urandom(8).hex()
        signature = self._cipher.sign(timestamp, nonce, sealed)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def _body(self, sealed: str) -> bytes | AsyncIterator[bytes]:
        envelope = self._envelope(sealed)
        return _broken_off(envelope) if self._world.faults.take("cut_callback") else envelope

    def _envelope(self, sealed: str) -> bytes:
        names = self._world.credentials
        return (
            f"<xml><ToUserName><![CDATA[{names.corp_id}]]></ToUserName>"
            f"<AgentID><![CDATA[{names.agent_id}]]></AgentID>"
            f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        ).encode()

    def _take_passive_reply(self, userid: str, body: bytes) -> None:
        try:
            text = self._open_passive_reply(userid, body)
        except (ParseError, DefusedXmlException, Unsealable, ValueError) as error:
            self._world.blame("bad_passive_reply", repr(error))
            return
        message = AppMessage(
            msgid=self._world.new_id("app_"),
            at=self._world.now(),
            msgtype="text",
            content={"content": text},
        )
        put_into_inbox(self._world, userid, message)

    def _open_passive_reply(self, userid: str, body: bytes) -> str:
        """The text of a passive reply (§2.6); raises on whatever is wrong with it."""
        outer = fromstring(body)
        inner = fromstring(
            self._cipher.open(
                _child(outer, "MsgSignature"),
                _child(outer, "TimeStamp"),
                _child(outer, "Nonce"),
                _child(outer, "Encrypt"),
            )
        )
        if _child(inner, "ToUserName").lower() != userid.lower():
            raise ValueError("ToUserName is not the member who wrote")
        if _child(inner, "FromUserName") != self._world.credentials.corp_id:
            raise ValueError("FromUserName is not the corp id")
        if _child(inner, "MsgType") != "text":
            raise ValueError("only text replies are understood here")
        return _child(inner, "Content")


class _Cut(Exception):
    """The connection ended in the middle of a callback."""


async def _broken_off(body: bytes) -> AsyncIterator[bytes]:
    yield body[: len(body) // 2]
    raise _Cut


def hint_xml(corp_id: str, created_at: int, token: str, open_kfid: str) -> bytes:
    """The inner XML of `kf_msg_or_event`: one line, no FromUserName, no AgentID (§3.6)."""
    return (
        f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName>"
        f"<CreateTime>{created_at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[kf_msg_or_event]]></Event><Token><![CDATA[{token}]]></Token>"
        f"<OpenKfId><![CDATA[{open_kfid}]]></OpenKfId></xml>"
    ).encode()


def app_message_xml(
    corp_id: str, userid: str, text: str, *, created_at: int, msgid: int, agent_id: int
) -> bytes:
    """The inner XML of a text that a member wrote to the app (§2.8, vector B)."""
    return (
        f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName>\n"
        f"<FromUserName><![CDATA[{userid}]]></FromUserName>\n"
        f"<CreateTime>{created_at}</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n"
        f"<Content>{_cdata(text)}</Content>\n<MsgId>{msgid}</MsgId>\n"
        f"<AgentID>{agent_id}</AgentID>\n</xml>\n"
    ).encode()


def press_xml(corp_id: str, press: CardPress, *, created_at: int, agent_id: int) -> bytes:
    """The inner XML of a press; the official sample's spelling of the options (§5.5)."""
    items = "".join(
        f"<SelectedItem><QuestionKey>{_cdata(question)}</QuestionKey><OpitonIds>"
        + "".join(f"<OpitonId>{_cdata(option)}</OpitonId>" for option in options)
        + "</OpitonIds></SelectedItem>"
        for question, options in press.selected.items()
    )
    selected = f"<SelectedItems>{items}</SelectedItems>" if items else ""
    return (
        f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName>"
        f"<FromUserName><![CDATA[{press.userid}]]></FromUserName>"
        f"<CreateTime>{created_at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[{press.event}]]></Event><EventKey>{_cdata(press.key)}</EventKey>"
        f"<TaskId><![CDATA[{press.task_id}]]></TaskId>"
        f"<CardType><![CDATA[{press.card_type}]]></CardType>"
        f"<ResponseCode><![CDATA[{press.response_code}]]></ResponseCode>"
        f"<AgentID>{agent_id}</AgentID>{selected}</xml>"
    ).encode()


def contact_xml(corp_id: str, change: ContactChange, *, created_at: int) -> bytes:
    """The inner XML of `change_external_contact`, `…_tag` and `…_chat` (§4.2)."""
    fields = "".join(f"<{name}>{_cdata(value)}</{name}>" for name, value in change.fields.items())
    items = "".join(f"<Item>{_cdata(member)}</Item>" for member in change.members)
    fields += f"<MemChangeList>{items}</MemChangeList>" if items else ""
    return (
        f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName>"
        f"<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{created_at}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{change.event}]]></Event>"
        f"<ChangeType><![CDATA[{change.change}]]></ChangeType>{fields}</xml>"
    ).encode()


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _child(parent: Element, name: str) -> str:
    found = parent.findtext(name)
    if not found:
        raise ValueError(f"{name} missing")
    return found
