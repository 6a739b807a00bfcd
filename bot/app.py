"""Which parts is the service made of? The composition root: the one file that knows every part."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

import handlers
from bot.config import Config, Delivery
from bot.delivery.consulting import ModelCourier
from bot.delivery.couriers import (
    CodeCourier,
    HandOffCourier,
    MediaCourier,
    MessageCourier,
    Owners,
    StaffCourier,
)
from bot.delivery.housekeeping import Gauges, Retention, WaitingNotices
from bot.delivery.intake import DurableIntake
from bot.delivery.lanes import Lanes, SystemClock
from bot.delivery.pull import PullSettings
from bot.delivery.send import Courier, Sender
from bot.delivery.service import Drains, Service
from bot.errors import ConciergeError, Misconfigured
from bot.llm.chooser import Chooser
from bot.model import Consult, HandOff, KeepMedia, Lane, NotifyStaff, SendMessage, SendOnEvent
from bot.model.effects import Effect
from bot.ports import ChatModel, Clock, Embedder
from bot.routing.decisions import Committer, TurnSettings
from bot.routing.discovery import check_needs, discover, in_order, migration_folders
from bot.routing.dispatcher import Dispatcher, DispatchSettings
from bot.routing.middleware import (
    leave_people_alone,
    limit_floods,
    not_too_late,
    only_customers,
    respect_switches,
)
from bot.routing.phrases import Phrases
from bot.routing.router import Router
from bot.routing.turn import Setting, Turn
from bot.store import Database, Store, Table, Vault, decode_master
from bot.store.migrate import ENGINE_MIGRATIONS, KEYS_MIGRATIONS, migrate, migrations_of
from bot.store.tables import ENGINE_TABLES, check_declared
from bot.telemetry import Metrics
from bot.web.callback import MAX_BODY_BYTES, CallbackEndpoint
from bot.web.health import HealthEndpoints
from bot.wecom.cipher import CallbackCipher
from bot.wecom.client import WeComClient
from bot.wecom.kf import Kf
from bot.wecom.limits import platform_limits
from bot.wecom.media import TemporaryMedia
from bot.wecom.staff import StaffMessages
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport, new_session
from bot.wecom.wire import plan
from knowledge import Library, Retriever, load_entries
from knowledge.embeddings import EndpointEmbedder, OfflineEmbedder

PROMPTS = Path(__file__).resolve().parent.parent / "prompts" / "replies"
MODEL_PROMPTS = PROMPTS.parent / "llm"


@dataclass(slots=True)
class Engine:
    """What turns need, with or without WeCom: `serve`, `chat` and tests share it."""

    config: Config
    store: Store
    clock: Clock
    metrics: Metrics
    phrases: Phrases
    routers: list[Router]
    library: Library
    dispatcher: Dispatcher
    model: ChatModel | None = None

    def close(self) -> None:
        """Close files and threads."""
        self.library.close()
        self.store.close()


def open_store(config: Config) -> Store:
    """Open and migrate the database and its key file.

    Raises:
        Misconfigured: no such database, or keys that cannot open what is stored.
    """
    path = config.storage.sqlite_path
    if path is None:
        raise Misconfigured("storage.url: this version serves sqlite:/// only")
    try:
        database, keys = Database(path), Database(path.with_suffix(".keys.db"))
    except (OSError, sqlite3.Error) as error:
        raise Misconfigured(f"storage.url: {path} cannot be opened: {error}") from error
    owners = [("engine", ENGINE_MIGRATIONS), *migration_folders(handlers)]
    migrate(database, [m for owner, folder in owners for m in migrations_of(owner, folder)])
    migrate(keys, migrations_of("keys", KEYS_MIGRATIONS))
    master = decode_master(config.security.encryption_key.get_secret_value())
    previous = [
        decode_master(key.get_secret_value()) for key in config.security.previous_encryption_keys
    ]
    vault = Vault(database, keys, master, previous)
    vault.check_master()
    return Store.build(database, keys, vault, path.parent / "media")


def build_library(config: Config, cache: Path | None) -> Library:
    """Read the knowledge of every account; content with mistakes is left out (see `check`)."""
    embedder = build_embedder(config)

    def base(sources: tuple[Path, ...]) -> Retriever:
        entries, _ = load_entries(sources)
        return Retriever(entries, embedder=embedder, cache_dir=cache)

    own = {
        open_kfid: base(config.for_account(open_kfid).sources)
        for open_kfid, account in config.accounts.items()
        if account.knowledge is not None
    }
    return Library(base(config.knowledge.sources), own)


def build_embedder(config: Config) -> Embedder | None:
    """The configured encoder, or ``None`` where there is none: then characters alone decide."""
    embeddings = config.embeddings
    match embeddings.provider:
        case "none":
            return None
        case "offline":
            return OfflineEmbedder.open()
        case "openai":
            return EndpointEmbedder(
                base_url=embeddings.base_url or "",
                model=embeddings.model or "",
                api_key=embeddings.api_key.get_secret_value(),
            )


def build_engine(
    config: Config,
    store: Store,
    library: Library,
    *,
    clock: Clock,
    metrics: Metrics,
    model: ChatModel | None = None,
    more: Sequence[Router] = (),
) -> Engine:
    """Discover the behaviours and put the turn together.

    Args:
        model: what turns may consult, ``None`` = nothing.
        more: behaviours that do not live in `handlers/`.

    Raises:
        Misconfigured: a behaviour is not as it must be; start-up stops.
    """
    phrases = Phrases.load(PROMPTS)
    routers = in_order([*discover(handlers), *more])
    check_declared(store.database, declared_tables(routers))
    supplies: Mapping[type, object] = {
        Library: library,
        Store: store,
        Config: config,
        Delivery: config.delivery,
    }
    check_needs(routers, (*supplies, Turn), phrases)
    routing = config.routing
    dispatcher = Dispatcher(
        store,
        routers,
        Committer(
            store,
            plan,
            TurnSettings(
                allowance=platform_limits().kf.allowance,
                late_after_s=config.delivery.waiting_notice_after_s,
                consult_ttl_s=2 * config.llm.timeout_s if config.llm else 0.0,
            ),
        ),
        accounts=config.for_account,
        setting=Setting(
            phrases=phrases,
            staff=tuple(config.staff),
            company=config.company.name or "",
            zone=ZoneInfo(config.timezone),
            has_model=model is not None,
        ),
        supplies=supplies,
        middlewares=[
            only_customers,
            respect_switches(store),
            leave_people_alone(routing.ownership_max_age_s),
            not_too_late,
            limit_floods(store, routing.flood_messages, routing.flood_window_s),
        ],
        settings=DispatchSettings(
            merge_window_s=routing.merge_window_ms / 1000,
            max_attempts=config.delivery.max_attempts,
        ),
        clock=clock,
        metrics=metrics,
    )
    return Engine(config, store, clock, metrics, phrases, routers, library, dispatcher, model)


def declared_tables(routers: Sequence[Router]) -> list[Table]:
    """The engine's tables and those of every behaviour."""
    return [*ENGINE_TABLES, *(table for router in routers for table in router.tables)]


@dataclass(slots=True)
class Concierge:
    """The running service."""

    engine: Engine
    service: Service
    intake: DurableIntake
    tokens: AccessTokens
    warming: "asyncio.Task[None] | None" = None


@asynccontextmanager
async def running(config: Config, *, vectors: Path | None = None) -> AsyncIterator[Concierge]:
    """The service with its loops, from start to an orderly stop.

    Args:
        vectors: folder of the vector cache, by default beside the database.
    """
    clock = SystemClock()
    store = open_store(config)
    try:
        store.database.claim()
    except Misconfigured:
        store.close()
        raise
    cache = vectors or store.database.path.parent / "vectors"
    library = await asyncio.to_thread(build_library, config, cache)
    metrics = Metrics()
    model = Chooser.open(config.llm, MODEL_PROMPTS, metrics)
    engine = build_engine(config, store, library, clock=clock, metrics=metrics, model=model)
    await _apply_blocklist(engine)
    session = new_session()
    transport = Transport(session, config.wecom.api_base)
    tokens = AccessTokens(
        transport, config.wecom.corp_id, config.wecom.secret.get_secret_value(), clock=clock.now
    )
    client = WeComClient(transport, tokens, clock=clock.now, metrics=engine.metrics)
    concierge = _assemble(engine, client, tokens)
    concierge.warming = asyncio.create_task(_warm(library, model), name="warming")
    await concierge.service.start()
    try:
        yield concierge
    finally:
        concierge.warming.cancel()
        await asyncio.gather(concierge.warming, return_exceptions=True)
        await concierge.service.stop()
        await session.close()
        if model is not None:
            await model.aclose()
        engine.close()


async def _warm(library: Library, model: Chooser | None) -> None:
    """What answering gets better by, in the background of answering."""
    if model is not None:
        await model.warm()
    await library.warm()


def _assemble(engine: Engine, client: WeComClient, tokens: AccessTokens) -> Concierge:
    config, store, clock = engine.config, engine.store, engine.clock
    kf = Kf(client)
    staff = StaffMessages(client, config.wecom.agent_id, clock=clock.now)
    sender = Sender(
        store=store,
        couriers=couriers(engine, kf, staff, TemporaryMedia(client)),
        woken=lambda subject, lane: drains.lanes.wake(subject, lane),  # noqa: PLW0108 — made below
        clock=clock,
        metrics=engine.metrics,
    )
    sends = Lanes("send", sender.send_queue, _send_slots(config), clock)
    drains = Drains(engine.dispatcher, config.delivery.drain_concurrency, clock, sends.wake)
    service = Service(
        store,
        kf,
        drains=drains.lanes,
        sends=sends,
        accounts=config.wecom.kf_accounts,
        pull=PullSettings(
            poll_busy_s=config.delivery.poll_busy_s,
            poll_idle_s=config.delivery.poll_idle_s,
            fresh_first_s=config.delivery.fresh_first_s,
        ),
        looks=[
            (5.0, Gauges(store, engine.metrics, clock).look),
            (
                5.0,
                WaitingNotices(
                    store,
                    engine.phrases,
                    clock,
                    config.delivery.waiting_notice_after_s,
                    sends.wake,
                    config.for_account,
                ).look,
            ),
            (
                60.0,
                Retention(
                    store, clock, declared_tables(engine.routers), config.retention.model_dump()
                ).look,
            ),
        ],
        clock=clock,
    )
    intake = DurableIntake(store, service.hinted, service.woken, service.accounts_changed)
    return Concierge(engine, service, intake, tokens)


def couriers(
    engine: Engine, kf: Kf, staff: StaffMessages, media: TemporaryMedia
) -> dict[type[Effect], Courier]:
    """Who carries which effect."""
    config, store, clock = engine.config, engine.store, engine.clock
    limits = platform_limits().kf
    owners = Owners(store, kf, clock, config.routing.ownership_max_age_s)
    return {
        SendMessage: MessageCourier(
            store, kf, owners, clock, limits.allowance, float(limits.window_s)
        ),
        SendOnEvent: CodeCourier(store, kf, clock),
        HandOff: HandOffCourier(store, kf, owners, clock),
        NotifyStaff: StaffCourier(store, staff, clock),
        KeepMedia: MediaCourier(store, media, clock),
        Consult: ModelCourier(store, engine.model, clock),
    }


def _send_slots(config: Config) -> dict[Lane, int]:
    slots = config.delivery.send_concurrency
    share = max(1, slots // 4)
    return {
        Lane.URGENT: share,
        Lane.HANDOFF: share,
        Lane.REPLY: slots,
        Lane.MODEL: slots,
        Lane.BACKGROUND: 2,
    }


def web_app(concierge: Concierge) -> web.Application:
    """The HTTP side: callback, health, metrics."""
    config, engine = concierge.engine.config, concierge.engine
    cipher = CallbackCipher(
        config.wecom.callback_token.get_secret_value(),
        config.wecom.callback_aes_key.get_secret_value(),
        config.wecom.corp_id,
    )

    async def database() -> None:
        await engine.store.database.fetch_one("SELECT 1")

    async def index() -> None:
        if not engine.library.everything.ready:
            raise ConciergeError("the lexical index is not built")

    async def token() -> None:
        await concierge.tokens.get()

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    callback = CallbackEndpoint(
        cipher, concierge.intake, clock=engine.clock.now, metrics=engine.metrics
    )
    health = HealthEndpoints(engine.metrics, {"database": database, "index": index, "token": token})
    app.add_routes([*callback.routes(), *health.routes()])
    return app


async def _apply_blocklist(engine: Engine) -> None:
    """Make the switches of `routing.blocklist` those of the configuration."""
    switches, now = engine.store.switches, engine.clock.now()
    wanted = set(engine.config.routing.blocklist)
    for row in await switches.all():
        if row["set_by"] == "config" and row["key"] not in wanted:
            await switches.turn_off(row["kind"], row["scope"], row["key"])
    for external_userid in wanted:
        await switches.turn_on(
            "block", "customer", external_userid, by="config", reason="routing.blocklist", now=now
        )
