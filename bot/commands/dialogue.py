"""How does one conversation run in process? Real turns, real gates, a played WeCom."""

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.app import Engine, couriers
from bot.app.tasks import build_task_reminders
from bot.delivery.housekeeping import LeftCases
from bot.delivery.intake import subject_of
from bot.delivery.send import Courier, Sender
from bot.delivery.tag_keeping import TagKeeping
from bot.errors import Rejected
from bot.model import (
    AppMessageReceived,
    Card,
    CardPressed,
    Conversation,
    Effect,
    Lane,
    MessageReceived,
    ServiceState,
    SessionChanged,
    SessionEntered,
)
from bot.model.events import Event
from bot.store import Arrival, Unit
from bot.wecom.apis import STAFF_UPDATE_CARD
from bot.wecom.kf import CustomerProfile, Kf, Servicer, Servicers
from bot.wecom.media import Media, TemporaryMedia
from bot.wecom.staff import Delivered, StaffMessages

Payload = dict[str, Any]


class PlayedKf(Kf):
    """Plays WeCom's kf APIs for one conversation.

    Drive it through `state`, `receiving`, `stopped` (servicers who do not receive), `unionid`,
    `nickname` and `failures` (raised by the next calls, in order); read `sent`.
    """

    def __init__(self) -> None:
        self.state = ServiceState.ENDED
        self.servicer: str | None = None
        self.receiving: list[str] = []
        self.stopped: list[str] = []
        self.unionid: str | None = None
        self.nickname = ""
        self.profiles_read = 0
        self.sent: list[Payload] = []
        self.failures: list[Exception] = []
        self._codes = itertools.count(1)

    async def send(self, conversation: Conversation, msgid: str, payload: Payload) -> str:
        """Take a message."""
        self._fail()
        self.sent.append(payload)
        return msgid

    async def send_on_event(self, code: str, msgid: str, payload: Payload) -> str:
        """Take a message that a code permits."""
        self._fail()
        self.sent.append(payload)
        return msgid

    async def get_state(self, conversation: Conversation) -> tuple[ServiceState, str | None]:
        """The state as played."""
        return self.state, self.servicer

    async def list_servicers(self, open_kfid: str) -> Servicers:
        """Whoever was set to receive, and who is listed beside them."""
        there = [Servicer(userid, True) for userid in self.receiving]
        return Servicers((*there, *(Servicer(userid, False) for userid in self.stopped)))

    async def batch_get_customers(self, external_userids: Sequence[str]) -> list[CustomerProfile]:
        """Everybody has the nickname and the unionid that were set."""
        self._fail()
        self.profiles_read += 1
        return [
            CustomerProfile(userid, nickname=self.nickname, unionid=self.unionid)
            for userid in external_userids
        ]

    async def trans(
        self, conversation: Conversation, state: ServiceState, servicer: str | None = None
    ) -> str | None:
        """Move the session and give a code, as WeCom does when it comes to people or ends."""
        self._fail()
        gives = state is not self.state
        self.state, self.servicer = state, servicer
        return f"code-{next(self._codes)}" if gives else None

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


@dataclass(slots=True)
class PlayedCard:
    """A card as its receivers see it now; `replaced_by` stands where its buttons were.

    `shown` is for whoever prints it.
    """

    userids: tuple[str, ...]
    card: Card
    task_id: str
    replaced_by: str = ""
    shown: bool = False


class PlayedStaff(StaffMessages):
    """Takes app messages; read `sent` and `cards`, refuse cards through `failures`."""

    def __init__(self) -> None:
        self.sent: list[tuple[tuple[str, ...], str]] = []
        self.cards: list[PlayedCard] = []
        self.failures: list[Exception] = []
        self._codes: dict[str, PlayedCard] = {}
        self._numbers = itertools.count(1)

    async def send_text(self, userids: Any, text: str, *, key: str) -> Delivered:
        """Take a text for members."""
        self.sent.append((tuple(userids), text))
        return Delivered()

    async def send_card(self, userids: Any, card: Card, *, task_id: str, key: str) -> Delivered:
        """Take a card for members."""
        if self.failures:
            raise self.failures.pop(0)
        played = PlayedCard(tuple(userids), card, task_id)
        self.cards.append(played)
        return Delivered(response_code=self._code(played))

    async def update_card(
        self,
        response_code: str,
        card: Card | None = None,
        *,
        replace_name: str = "",
        userids: Any = (),
        task_id: str = "",
    ) -> None:
        """Change a card that was taken; its code is used up."""
        if (played := self._codes.pop(response_code, None)) is None:
            raise Rejected(STAFF_UPDATE_CARD.path, 40058, "response_code")
        played.card, played.replaced_by = card or played.card, replace_name
        played.shown = False

    def pressed(self, task_id: str) -> tuple[Card, str]:
        """The card, and a fresh code, as a press brings it."""
        played = next(one for one in self.cards if one.task_id == task_id)
        return played.card, self._code(played)

    def _code(self, card: PlayedCard) -> str:
        code = f"card-code-{next(self._numbers)}"
        self._codes[code] = card
        return code


class PlayedMedia(TemporaryMedia):
    """Every medium is a few bytes; read `uploaded`, make uploads fail through `failures`."""

    def __init__(self) -> None:
        self.uploaded: list[str] = []
        self.failures: list[Exception] = []

    async def upload(self, filename: str, content: bytes, *, kind: str = "image") -> str:
        """Take a file."""
        if self.failures:
            raise self.failures.pop(0)
        self.uploaded.append(filename)
        return f"media-{len(self.uploaded)}"

    async def download(self, media_id: str, *, max_bytes: int = 0) -> Media:
        """A small file."""
        return Media(b"medium " + media_id.encode(), "medium.bin", "application/octet-stream")


class Dialogue:
    """One customer at one account, talking to a real engine.

    Args:
        pass_time: makes the engine's clock reach a moment (sleeps, or moves a played clock).
    """

    def __init__(
        self,
        engine: Engine,
        conversation: Conversation,
        pass_time: Callable[[float], Awaitable[None]],
    ) -> None:
        self.engine, self.conversation = engine, conversation
        self.kf, self.staff, self.media = PlayedKf(), PlayedStaff(), PlayedMedia()
        self._pass_time = pass_time
        self._msgids = itertools.count(1)
        self._woken: dict[str, None] = {}
        self._left = LeftCases(engine.store, engine.clock, self._wake)
        self._tags = TagKeeping(engine.store, engine.clock, lambda _queue, _lane: None)
        self._tasks = build_task_reminders(engine, lambda _queue, _lane: None, self._wake)
        self.connect(self.kf)

    def connect(self, kf: Kf, more: Mapping[type[Effect], Courier] | None = None) -> None:
        """Send through this WeCom; by default it is `self.kf`, which knows this customer alone.

        Args:
            more: who carries other effects.
        """
        self._sender = Sender(
            store=self.engine.store,
            couriers={
                **couriers(self.engine, kf, self.staff, self.media, woken=self._wake),
                **(more or {}),
            },
            woken=self._wake,
            clock=self.engine.clock,
            metrics=self.engine.metrics,
        )

    async def enter(self) -> None:
        """The customer opens the chat."""
        code = f"welcome-{next(self._msgids)}"
        await self.happen(SessionEntered(**self._where(), welcome_code=code))

    async def say(self, text: str, menu_id: str | None = None) -> str:
        """The customer writes, or taps a menu item; returns the msgid."""
        content = {"content": text} | ({"menu_id": menu_id} if menu_id else {})
        return await self.send("text", content)

    async def send(self, msgtype: str, content: dict[str, Any]) -> str:
        """The customer sends any type of message; returns the msgid."""
        message = self.message(msgtype, content)
        await self.happen(message)
        return message.msgid

    def message(self, msgtype: str, content: dict[str, Any], origin: int = 3) -> MessageReceived:
        """A message of this conversation that has not happened yet."""
        if origin == 3 and self.kf.state is ServiceState.ENDED:
            self.kf.state = ServiceState.NEW
        return MessageReceived(
            **self._where(),
            msgid=f"{self.conversation.external_userid}-{next(self._msgids)}",
            origin=origin,
            msgtype=msgtype,
            content=content,
            servicer_userid=self.kf.servicer if origin == 5 else None,
        )

    async def take_over(self, userid: str) -> None:
        """A servicer takes the conversation from the pool."""
        self.kf.state, self.kf.servicer = ServiceState.HUMAN, userid
        await self.happen(
            SessionChanged(**self._where(), change_type=1, new_servicer_userid=userid)
        )

    async def end(self) -> None:
        """The servicer ends the session."""
        old, self.kf.servicer, self.kf.state = self.kf.servicer, None, ServiceState.ENDED
        await self.happen(SessionChanged(**self._where(), change_type=3, old_servicer_userid=old))

    async def tell_app(self, userid: str, text: str) -> None:
        """A member writes to the app itself."""
        await self.happen(AppMessageReceived(userid=userid, msgtype="text", content=text))

    async def press(self, userid: str, key: str, task_id: str, chosen: str = "") -> None:
        """A member presses a button of a card, with this option chosen, by default the first."""
        card, code = self.staff.pressed(task_id)
        selected: dict[str, tuple[str, ...]] = {}
        if card.selection is not None:
            selected[card.selection.key] = (chosen or card.selection.options[0][0],)
        await self.happen(
            CardPressed(
                userid=userid, key=key, task_id=task_id, response_code=code, selected=selected
            )
        )

    async def happen(self, *events: Event) -> None:
        """Several events arrive together; everything that follows from them is done."""
        unit, now = Unit(), self.engine.clock.now()
        arrivals = [Arrival(subject_of(event), event, Lane.REPLY, sent_at=now) for event in events]
        await self.engine.store.mailbox.deliver(unit, arrivals, now)
        await self.engine.store.database.commit(unit)
        await self.settle(arrival.subject for arrival in arrivals)

    async def settle(self, subjects: Any = ()) -> None:
        """Drain and send until nothing is due."""
        self._woken |= dict.fromkeys(subjects)
        while self._woken:
            subject = next(iter(self._woken))
            del self._woken[subject]
            filled: dict[str, Lane] = {}
            next_at = await self.engine.dispatcher.drain(subject, filled.__setitem__, self._wake)
            for queue in filled:
                await self._sender.send_queue(queue)
            merge_window_s = self.engine.config.routing.merge_window_ms / 1000
            if next_at and next_at <= self.engine.clock.now() + merge_window_s:
                await self._pass_time(next_at)
                self._woken[subject] = None

    async def catch_up(self) -> None:
        """Do what has come due by itself: timers, retries, rows that waited for their time."""
        await self._left.look()
        await self._tags.look()
        await self._tasks.look()
        for queue, _ in await self.engine.store.outbox.open_queues():
            await self._sender.send_queue(queue)
        waiting = await self.engine.store.mailbox.waiting(self.engine.clock.now())
        await self.settle(one.subject for one in waiting)
        if await self._tasks.look():  # what was asked for just now
            for queue, _ in await self.engine.store.outbox.open_queues():
                await self._sender.send_queue(queue)
            await self.settle()

    def wake(self, subject: str, lane: Lane) -> None:
        """Say that a mailbox has something new; `settle` then drains it."""
        self._wake(subject, lane)

    def _wake(self, subject: str, _lane: Lane) -> None:
        self._woken[subject] = None

    def _where(self) -> dict[str, Any]:
        return {
            "open_kfid": self.conversation.open_kfid,
            "external_userid": self.conversation.external_userid,
            "sent_at": self.engine.clock.now(),
        }


_CARDS = {"image": "[图片]", "link": "[链接]", "miniprogram": "[小程序]"}


def shown(payload: Payload) -> tuple[str, list[tuple[str, str]]]:
    """What the customer sees of a payload: its text, and the items to tap as (id, content)."""
    kind = payload["msgtype"]
    if kind == "text":
        return str(payload["text"]["content"]), []
    if kind in _CARDS:
        return " ".join([_CARDS[kind], *map(str, payload[kind].values())]), []
    menu = payload["msgmenu"]
    text = "\n".join(menu[key] for key in ("head_content", "tail_content") if menu.get(key))
    return text, [(item["click"]["id"], item["click"]["content"]) for item in menu["list"]]


def card_text(played: PlayedCard) -> str:
    """What a member sees of a card, its buttons in brackets."""
    card = played.card
    buttons = [button.text for button in card.buttons]
    chosen = card.selection
    choice = f"{chosen.title}：{' / '.join(text for _, text in chosen.options)}" if chosen else ""
    lines = [
        *(card.title, card.desc, card.quote, card.text),
        *(f"{name}：{value}" for name, value in card.lines),
        "" if played.replaced_by else choice,
        " ".join(f"[{text}]" for text in ([played.replaced_by] if played.replaced_by else buttons)),
    ]
    return "\n  ".join(line for line in lines if line)
