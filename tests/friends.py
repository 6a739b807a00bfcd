"""How does a test meet a company with customer contact? The engine, and the simulator beside it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from bot.app.contacts import ContactParts, build_contacts
from bot.app.mass_sends import MassSendParts, build_mass_sends
from bot.app.welcomes import welcome_files
from bot.delivery.contact_access import ContactApi
from bot.delivery.intake import DurableIntake
from bot.delivery.pictures import Pictures
from bot.model import MakeMassSend
from bot.model.tags import TagChange, TagSource
from bot.store import Unit
from bot.store.projecting import ask_projection
from bot.wecom.callback import Delivery, read_notice
from bot.wecom.client import WeComClient
from bot.wecom.kf import Kf
from bot.wecom.media import TemporaryMedia
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport, new_session
from simulator.callbacks import contact_xml
from simulator.credentials import demo_credentials
from simulator.friends import ContactChange
from simulator.records import Options
from simulator.scenery import shop
from simulator.server import Simulator, running
from tests.conftest import OpenChat
from tests.talk import Chat, PlayedClock

LAN = "wm_lan"

TAGGING: dict[str, Any] = {
    "project": True,
    "groups": [
        {"name": "关注", "purpose": "service"},
        {"name": "阶段", "purpose": "service", "exclusive": True},
        {"name": "内部", "purpose": "service", "project": False},
        {"name": "画像", "purpose": "profiling_tags"},
    ],
}


class Town:
    """A company: `friends` is its WeCom, `chat` our side, `lan` a customer of both.

    What people do through `friends` lies in `told` until `settles`, or is lost if a test clears it.
    """

    def __init__(self, sim: Simulator, chat: Chat, clock: PlayedClock) -> None:
        self.sim, self.friends, self.chat, self.clock = sim, sim.friends, chat, clock
        self.store = chat.store
        self.told: list[tuple[ContactChange, float]] = []
        self.friends.on_change = lambda change: self.told.append((change, clock.now()))
        self._intake = DurableIntake(
            self.store, lambda _hint: None, chat.dialogue.wake, lambda: None
        )
        self.parts: ContactParts
        self.mass_sends: MassSendParts

    def connect(self, client: WeComClient) -> None:
        """Speak with WeCom through this client."""
        self.client = client
        self._pictures = Pictures(self.store, TemporaryMedia(client), self.clock)
        self.begins_again()

    def begins_again(self) -> None:
        """Begin a life of what looks after contacts: it remembers nothing but the database."""
        engine, dialogue = self.chat.engine, self.chat.dialogue
        self.files = welcome_files(engine.welcomes, self._pictures, self.clock)
        self.parts = build_contacts(
            engine.config,
            self.store,
            {"app": ContactApi.over(self.client)},
            Kf(self.client),
            clock=self.clock,
            metrics=engine.metrics,
            wake_queue=lambda _queue, _lane: None,
            wake_subject=dialogue.wake,
            files=self.files,
            may_tag=engine.guard.may_tag,
            fetch=self.client.fetch_elsewhere,
        )
        self.mass_sends = build_mass_sends(engine, self.parts.access, dialogue.wake)
        couriers = dict(self.parts.couriers)
        couriers[MakeMassSend] = self.mass_sends.courier
        dialogue.connect(dialogue.kf, couriers)

    async def settles(self, *, times: int = 1) -> None:
        """What people did is told, so many times, and everything that follows is done."""
        told, self.told = self.told, []
        for change, at in told:
            for _ in range(times):
                await self.hears(change, at)
        await self.works()

    async def hears(self, change: ContactChange, at: float) -> None:
        """A callback arrives."""
        inner = contact_xml(demo_credentials().corp_id, change, created_at=int(at))
        notice = read_notice(inner, "/wecom/callback")
        await self._intake.accept(
            Delivery(digest=notice.digest, received_at=self.clock.now(), events=notice.events)
        )

    async def works(self) -> None:
        """Whatever is due is done."""
        for _ in range(3):  # what is sent may put something into a mailbox
            await self.mass_sends.looks.look()
            await self.chat.dialogue.catch_up()

    async def compares(self) -> None:
        """A whole comparison, and what follows from it."""
        while await self.parts.reconciler.step(5):
            await self.works()
        await self.works()

    async def tags(self, *names: str, off: Iterable[str] = (), of: str = LAN) -> None:
        """Rules put tags on and take others off."""
        now, unit = self.clock.now(), Unit()
        changes = [
            TagChange(name=name, add=add, at=now, source=TagSource.RULE, rule="r1")
            for add, some in ((True, names), (False, off))
            for name in some
        ]
        keys = self.store.tags.assign(unit, of, changes)
        await ask_projection(self.store, unit, of, keys, now)
        await self.store.database.commit(unit)
        await self.works()

    async def local(self, of: str = LAN) -> set[str]:
        """The customer's tags in our own books."""
        return set(await self.store.tags.names_of(of, self.clock.now()))

    def at(self, member: str, of: str = LAN) -> set[str]:
        """The customer's tags at WeCom."""
        return self.friends.tags_on(member, of)

    async def by_people(self, of: str = LAN) -> list[tuple[str, bool]]:
        """What our books say that people changed, oldest first."""
        rows = await self.store.tags.history(of)
        return [(row["name"], bool(row["added"])) for row in rows[::-1] if row["source"] == "human"]


@asynccontextmanager
async def a_town(open_chat: OpenChat, clock: PlayedClock, **sections: Any) -> AsyncIterator[Town]:
    """A company whose members zhangsan and lisi know nobody yet; the simulator blames nothing."""
    world = shop(clock=clock.now, options=Options(contact_latency_s=0.0))
    world.add_customer("兰", LAN)

    async def sleep(seconds: float) -> None:
        clock.reach(clock.now() + seconds)

    async with running(world) as sim, new_session() as session:
        chat = await open_chat(**{"tagging": TAGGING} | sections)
        transport = Transport(session, sim.url)
        names = demo_credentials()
        tokens = AccessTokens(transport, names.corp_id, names.secret, clock=clock.now)
        town = Town(sim, chat, clock)
        town.connect(WeComClient(transport, tokens, clock=clock.now, sleep=sleep))
        yield town
        assert sim.violations == []
