"""Which loops and pages make the running service, and how do they reach WeCom?"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.app.approving import Releases
from bot.app.campaign_watch import CAMPAIGNS_S, CampaignWatch
from bot.app.carrying import couriers
from bot.app.channels import build_channel_keeping, build_passing_on, take_channels
from bot.app.contacts import ContactParts, build_contacts, contact_apis
from bot.app.content import Follower, build_library, known_texts, take_files
from bot.app.engine import (
    MODEL_PROMPTS,
    Engine,
    build_engine,
    build_eraser,
    declared_tables,
    open_store,
)
from bot.app.erasing import Erasing
from bot.app.fleet import Role, build_leases, own_vectors
from bot.app.flows import EditedFlows
from bot.app.lexicon import build_lexicon, forbids_of
from bot.app.lexicon_following import LexiconFollower
from bot.app.mass_sends import build_mass_sends
from bot.app.referral import take_campaigns
from bot.app.reports import build_reporter
from bot.app.tag_following import RulesFollower
from bot.app.tag_looks import tag_looks
from bot.app.tasks import build_task_reminders
from bot.app.ticket_gauges import TicketGauges
from bot.app.watching import build_watch
from bot.app.welcomes import welcome_files
from bot.config import Config
from bot.delivery.buyers import Buyers
from bot.delivery.channel_keeping import LOOK_S
from bot.delivery.completeness import EVERY_S as EVERY_COUNT_S
from bot.delivery.completeness import CompletenessLook
from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.delivery.desks import Desks
from bot.delivery.ending import EVERY_S as ENDING_EVERY_S
from bot.delivery.ending import Ending
from bot.delivery.followed import Followed
from bot.delivery.group_welcomes import GroupWelcomes
from bot.delivery.housekeeping import (
    DeletedKeys,
    Gauges,
    LeftCases,
    Retention,
    ServiceGauges,
    WaitingNotices,
)
from bot.delivery.intake import DurableIntake
from bot.delivery.lanes import Hurry, Lanes, SystemClock
from bot.delivery.mass_looking import LOOK_S as MASS_LOOK_S
from bot.delivery.passing_on import LOOK_S as PASSING_EVERY_S
from bot.delivery.personal_ways import PersonalWayKeeping
from bot.delivery.pictures import Pictures
from bot.delivery.pull import PullSettings
from bot.delivery.reconciling import EVERY_S
from bot.delivery.send import Courier, Sender
from bot.delivery.service import Drains, Look, Service
from bot.delivery.shedding import EVERY_S as SHED_S
from bot.delivery.shedding import Shedding
from bot.delivery.watching import EVERY_S as EVERY_WATCH_S
from bot.delivery.webhooks import WebhookFeed
from bot.errors import Misconfigured
from bot.llm.caller import Caller
from bot.llm.opening import open_agent, open_model, open_summariser
from bot.model import Effect, Lane, MakeMassSend
from bot.ports import Clock
from bot.redis import Shared
from bot.routing.live import Live
from bot.store import Approvals, Store
from bot.store.leases import Leases
from bot.store.moving import refuse_moved
from bot.telemetry import Metrics
from bot.wecom.client import WeComClient
from bot.wecom.kf import Kf
from bot.wecom.media import TemporaryMedia
from bot.wecom.rates import Rates
from bot.wecom.staff import StaffMessages
from bot.wecom.statistics import KfStatistics
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport, new_session
from knowledge import Library
from knowledge.fold import even_out

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Concierge:
    """The running service.

    Args:
        woken: told which subject has something new.
    """

    engine: Engine
    service: Service
    intake: DurableIntake
    woken: Callable[[str, Lane], None]
    tokens: AccessTokens
    client: WeComClient
    live: Live
    contacts: ContactAccess
    role: Role = Role.ALL
    warming: "asyncio.Task[None] | None" = None


@asynccontextmanager
async def running(
    config: Config,
    role: Role = Role.ALL,
    *,
    vectors: Path | None = None,
    clock: SystemClock | None = None,
) -> AsyncIterator[Concierge]:
    """The service with its loops, from start to an orderly stop.

    Args:
        role: what of it this process does.
        vectors: folder of the vector cache, by default beside the database.
        clock: what time it is, by default the machine's.
    """
    clock = clock or SystemClock()
    store = open_store(config)
    try:
        leases = build_leases(config, store.database, role)
        refuse_moved(store.database)
        clock.comes_after(store.mailbox.last_written_at())
        with store.database.migrating():  # what files say is taken by one process after another
            await take_channels(config, store, clock.now())
            await take_campaigns(config, store, clock.now())
    except Misconfigured:
        store.close()
        raise
    at_end = ExitStack()
    cache = vectors or at_end.enter_context(own_vectors(config))
    library, version, releases = await _read_knowledge(config, store, cache, clock.now())
    engine = _engine_with_models(config, store, library, clock)
    releases.welcomes = engine.welcomes
    lists = LexiconFollower(config, engine.guard, releases)
    follower = Follower(store.contents, library, version, releases, engine.guard, lists)
    await releases.approvals.use(await known_texts(config, store.contents, engine.phrases))
    if not leases.shared:
        await Erasing(build_eraser(config, store, engine.routers)).replay()
    await store.switches.block_only(config.routing.blocklist, by="config", now=clock.now())
    session = new_session()
    transport = Transport(session, config.wecom.api_base)
    shared = Shared(config.redis, config.wecom.corp_id, engine.metrics)
    tokens, client, apis = _connect(engine, transport, leases, shared)
    async with shared:
        concierge = _assemble(
            *(engine, client, tokens, follower, apis), leases=leases, shared=shared, cache=cache
        )
        concierge.role = role
        concierge.warming = asyncio.create_task(_warm(engine, cache), name="warming")
        await concierge.service.start()
        try:
            yield concierge
        finally:
            concierge.warming.cancel()
            await asyncio.gather(concierge.warming, return_exceptions=True)
            await concierge.service.stop()
            await session.close()
            await engine.aclose()
            at_end.close()


def _connect(
    engine: Engine, transport: Transport, leases: Leases, shared: Shared
) -> tuple[AccessTokens, WeComClient, dict[str, ContactApi]]:
    """Who calls WeCom, within what the company's processes may call together."""
    config, clock, metrics = engine.config, engine.clock, engine.metrics
    secret, shelf = config.wecom.secret.get_secret_value(), shared.shelf
    tokens = AccessTokens(transport, config.wecom.corp_id, secret, clock=clock.now, shelf=shelf)
    client = WeComClient(
        *(transport, tokens),
        rates=Rates(shared.pool, lambda: leases.living, clock.now),
        clock=clock.now,
        metrics=metrics,
        ask_first=leases.check,
    )
    return tokens, client, contact_apis(config, client, transport, clock, metrics, shelf=shelf)


def _engine_with_models(config: Config, store: Store, library: Library, clock: Clock) -> Engine:
    """What turns need, with the models that are configured."""
    metrics, forbids = Metrics(), forbids_of(build_lexicon(config))
    return build_engine(
        *(config, store, library),
        clock=clock,
        metrics=metrics,
        model=open_model(config, MODEL_PROMPTS, metrics, even_out, forbids),
        agent=open_agent(config, MODEL_PROMPTS, metrics, even_out, forbids),
        summariser=open_summariser(config, MODEL_PROMPTS, metrics, even_out, forbids),
    )


async def _read_knowledge(
    config: Config, store: Store, cache: Path, now: float
) -> tuple[Library, int, Releases]:
    """What the bot knows, the content version that it is of, and what of it people released."""
    with store.database.migrating():  # as above
        taken = await take_files(config, store.contents, now=now)
    log.info(
        "content.files_read",
        changed=taken.changed,
        removed=taken.removed,
        kept_out=taken.kept_out,
        problems=len(taken.problems),
    )
    version = await store.contents.version()
    releases = Releases.read(Approvals(store.database), config.safety.approval)
    return await build_library(config, store.contents, cache, releases), version, releases


async def _warm(engine: Engine, cache: Path) -> None:
    """What answering gets better by, in the background of answering."""
    try:
        for model in (engine.model, engine.agent, engine.summariser):
            if isinstance(model, Caller):
                await model.warm()
        await engine.warm(cache)
    except Exception:  # answers go on without; an operator must learn of it
        log.exception("warming.failed")


def _assemble(
    engine: Engine,
    client: WeComClient,
    tokens: AccessTokens,
    follower: Follower,
    apis: Mapping[str, ContactApi],
    *,
    leases: Leases,
    shared: Shared,
    cache: Path,
) -> Concierge:
    config, store, clock = engine.config, engine.store, engine.clock

    def woken(subject: str, lane: Lane) -> None:
        drains.lanes.wake(subject, lane)  # made below

    media, kf = TemporaryMedia(client), Kf(client)
    pictures = Pictures(store, media, clock, client.fetch_elsewhere)
    files = welcome_files(engine.welcomes, pictures, clock)
    contacts = build_contacts(
        *(config, store, apis, kf),
        clock=clock,
        metrics=engine.metrics,
        wake_queue=lambda queue, lane: sends.wake(queue, lane),  # noqa: PLW0108 — made below
        wake_subject=woken,
        files=files,
        may_tag=engine.guard.may_tag,
        fetch=client.fetch_elsewhere,
    )
    mass_sends = build_mass_sends(engine, contacts.access, woken)
    rates = Rates(shared.pool, lambda: leases.living, clock.now)
    staff = StaffMessages(client, config.wecom.agent_id, rates=rates)
    carried: dict[type[Effect], Courier] = {
        **couriers(engine, kf, staff, media, client.fetch_elsewhere, woken=woken),
        **contacts.couriers,
        MakeMassSend: mass_sends.courier,
    }
    sender = Sender(store, carried, woken, clock, engine.metrics)
    hurry, live = Hurry(), Live(shared.bus)
    sends = Lanes("send", sender.send_queue, _send_slots(config), clock, hurry, leases=leases)
    drains = _drains(engine, sends, live, hurry, leases)
    service = Service(
        store,
        kf,
        drains=drains.lanes,
        sends=sends,
        accounts=config.wecom.kf_accounts,
        pull=_pull_settings(config),
        looks=[*_looks_everywhere(engine, follower, cache), (60.0, files.look)],
        once=[
            *_looks(engine, kf, drains, sends),
            (MASS_LOOK_S, mass_sends.looks.look),
            (EVERY_WATCH_S, build_watch(engine, tokens, sends.wake).look),
            *_contact_looks(engine, contacts, client, sends, drains),
        ],
        clock=clock,
        leases=leases,
        followed=Followed(store, live, clock).look,
    )
    intake = DurableIntake(store, service.hinted, woken, service.accounts_changed)
    return Concierge(*(engine, service, intake, woken, tokens, client, live, contacts.access))


def _drains(engine: Engine, sends: Lanes, live: Live, hurry: Hurry, leases: Leases) -> Drains:
    slots = engine.config.delivery.drain_concurrency
    return Drains(
        *(engine.dispatcher, slots, engine.clock, sends.wake, live.changed),
        hurry=hurry,
        leases=leases,
    )


def _pull_settings(config: Config) -> PullSettings:
    settings = config.delivery
    return PullSettings(
        poll_busy_s=settings.poll_busy_s,
        poll_idle_s=settings.poll_idle_s,
        fresh_first_s=settings.fresh_first_s,
    )


def _looks_everywhere(engine: Engine, follower: Follower, cache: Path) -> list[Look]:
    """What each process looks after for itself: what it keeps in memory, what it shows."""
    config, store, clock = engine.config, engine.store, engine.clock
    reporter = build_reporter(config, store.measured)
    rules = RulesFollower(engine.tag_rules, engine.library.embedder, cache)
    return [
        (0.5, follower.look),
        (1.0, DeletedKeys(store).look),
        (SHED_S, Shedding(store, engine.load, clock, config.alarms.shed_from).look),
        (2.0, rules.look),
        (5.0, Gauges(store, engine.metrics, clock).look),
        (60.0, TicketGauges(store, engine.metrics, clock, bool(config.staff)).look),
        (60.0, ServiceGauges(store, reporter, engine.metrics, clock).look),
    ]


def _looks(engine: Engine, kf: Kf, drains: Drains, sends: Lanes) -> list[Look]:
    """What the service looks after by itself, and how often; one process does it for all."""
    config, store, clock = engine.config, engine.store, engine.clock
    return [
        (1.0, EditedFlows(store, engine.guide.flows, clock, drains.lanes.wake).look),
        (2.0, Erasing(build_eraser(config, store, engine.routers)).look),
        (60.0, LeftCases(store, clock, drains.lanes.wake).look),
        (60.0, Desks(store, kf, clock, drains.lanes.wake).look),
        *tag_looks(engine, sends.wake),
        (60.0, Buyers(store, clock).look),
        (CAMPAIGNS_S, CampaignWatch(store, config.referral.k_alarm, clock).look),
        (ENDING_EVERY_S, Ending(store, config, clock, drains.lanes.wake).look),
        (1.0, build_task_reminders(engine, sends.wake, drains.lanes.wake).look),
        (1.0, WebhookFeed(store, config.webhooks, clock, sends.wake).look),
        (
            5.0,
            WaitingNotices(
                store,
                engine.phrases,
                clock,
                config.delivery.waiting_notice_after_s,
                sends.wake,
                config.for_account,
                engine.guard.softened,
            ).look,
        ),
        (
            60.0,
            Retention(
                store, clock, declared_tables(engine.routers), config.retention.model_dump()
            ).look,
        ),
    ]


def _contact_looks(
    engine: Engine, contacts: ContactParts, client: WeComClient, sends: Lanes, drains: Drains
) -> list[Look]:
    """What of customer contact the service looks after by itself."""
    fetch = client.fetch_elsewhere
    channels = build_channel_keeping(engine, contacts.access, fetch, sends.wake)
    config = engine.config
    counts = CompletenessLook(engine.store, KfStatistics(client), contacts.access, engine.clock)
    groups = GroupWelcomes(engine.store, contacts.access, config.welcome.group, engine.clock)
    passing_on = build_passing_on(engine, contacts.access, sends.wake, drains.lanes.wake)
    return [
        (EVERY_S, contacts.reconciler.look),
        (LOOK_S, channels.look),
        (LOOK_S, PersonalWayKeeping(engine.store, contacts.access, engine.clock).look),
        (PASSING_EVERY_S, passing_on.look),
        (600.0, groups.look),
        (EVERY_COUNT_S, counts.look),
    ]


def _send_slots(config: Config) -> dict[Lane, int]:
    slots = config.delivery.send_concurrency
    share = max(1, slots // 4)
    return {
        Lane.URGENT: share,
        Lane.HANDOFF: share,
        Lane.REPLY: slots,
        Lane.MODEL: slots,
        Lane.BACKGROUND: 2,
        Lane.WEBHOOK: max(1, len(config.webhooks)),  # one that hangs takes its own alone
    }
