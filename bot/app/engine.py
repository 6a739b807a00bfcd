"""What do turns need, with or without WeCom? `serve`, `chat` and tests share this part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import handlers
from bot.app.approving import guide, released_phrases
from bot.app.consent_words import build_understanding
from bot.app.escalation_meaning import build_meaning
from bot.app.escalation_words import build_rules
from bot.app.flows import build_flows
from bot.app.lexicon import build_lexicon
from bot.app.sensitive import refuse_sensitive, separate_groups
from bot.app.tag_following import build_tag_rules
from bot.app.welcomes import build_welcomes
from bot.config import Config, Delivery, Routing
from bot.delivery.valuing import FetchedValues
from bot.errors import Misconfigured
from bot.llm.agent import Agent
from bot.llm.caller import Caller
from bot.llm.summariser import Summariser
from bot.policy.calendar import WorkCalendar
from bot.policy.guard import Guard
from bot.policy.roster import Roster
from bot.ports import ChatModel, Clock, Embedder, ValueSource
from bot.routing.decisions import Committer, TurnSettings
from bot.routing.discovery import check_needs, discover, in_order, migration_folders
from bot.routing.dispatcher import Dispatcher, DispatchSettings
from bot.routing.errand_texts import lacking
from bot.routing.experimenting import Experimenting
from bot.routing.middleware import (
    Middleware,
    leave_people_alone,
    limit_floods,
    not_too_late,
    only_customers,
    respect_switches,
)
from bot.routing.outreach import Reaching
from bot.routing.phrases import Phrases
from bot.routing.router import Router
from bot.routing.setting import Codes, Load, Setting
from bot.routing.suggesting import Colleagues, Suggester
from bot.routing.turn import Turn
from bot.routing.values import Values
from bot.store import Approval, Approvals, Database, Store, Table, Vault, decode_master
from bot.store.erasures import Eraser
from bot.store.migrate import (
    ENGINE_MIGRATIONS,
    KEYS_MIGRATIONS,
    Migration,
    migrate,
    migrations_of,
)
from bot.store.opening import open_facts, open_keys
from bot.store.tables import ENGINE_TABLES, check_declared
from bot.telemetry import Metrics
from bot.tools import HttpTools
from bot.tools.webhooks import WebhookPoster
from bot.wecom.limits import platform_limits
from bot.wecom.wire import enclose, plan
from handlers.consent.understanding import Understanding
from handlers.escalation.rules import Rules
from handlers.flows.running import Guide
from handlers.tagging.in_force import TagRules
from handlers.welcome.in_force import Welcomes
from knowledge import Library, Meaning
from knowledge.embeddings import EndpointEmbedder, OfflineEmbedder
from knowledge.gate import Gate, load_gate, read_gate

PROMPTS = Path(__file__).resolve().parents[2] / "prompts" / "replies"
SUPPLIED = (
    *(Turn, Library, Store, Config, Delivery, Values, Rules, Meaning, TagRules, Understanding),
    *(Welcomes, Guide),
    *(Reaching, Experimenting, Suggester),
)
"""Types that a handler may ask for."""

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
    meaning: Meaning
    tag_rules: TagRules
    understanding: Understanding
    welcomes: Welcomes
    dispatcher: Dispatcher
    model: ChatModel | None
    agent: Agent | None
    summariser: Summariser | None
    guard: Guard
    tools: HttpTools
    fetched: FetchedValues
    webhooks: WebhookPoster
    supplies: Mapping[type, object]
    suggester: Suggester
    load: Load

    @property
    def guide(self) -> Guide:
        """What takes customers through flows."""
        found = self.supplies[Guide]
        assert isinstance(found, Guide)
        return found

    async def warm(self, folder: Path | None) -> None:
        """Complete what answers get better by, in the background of answering.

        Args:
            folder: where vectors are kept, ``None`` = nowhere.
        """
        await self.library.warm()
        await self.meaning.learn(folder)
        await self.tag_rules.meaning.learn(folder)
        await self.understanding.meaning.learn(folder)

    async def aclose(self) -> None:
        """Close connections, files and threads."""
        await self.tools.aclose()
        await self.webhooks.aclose()
        for model in (self.model, self.agent, self.summariser):
            if isinstance(model, Caller):
                await model.aclose()
        await self.library.aclose()
        self.close()

    def close(self) -> None:
        """Close files and threads."""
        self.library.close()
        self.store.close()


def open_database(config: Config) -> Database:
    """Open and migrate the database alone, for what needs no keys.

    Raises:
        Misconfigured: no such database.
    """
    database = open_facts(config.storage)
    try:
        migrate(database, known_migrations())
    except BaseException:
        database.close()
        raise
    return database


def known_migrations() -> list[Migration]:
    """Those of the engine, then those of the behaviours."""
    owners = [("engine", ENGINE_MIGRATIONS), *migration_folders(handlers)]
    return [m for owner, folder in owners for m in migrations_of(owner, folder)]


def master_keys(config: Config) -> tuple[bytes, list[bytes]]:
    """The master key, and the older ones that still open what they sealed."""
    security = config.security
    previous = [decode_master(key.get_secret_value()) for key in security.previous_encryption_keys]
    return decode_master(security.encryption_key.get_secret_value()), previous


def open_store(config: Config) -> Store:
    """Open and migrate the database and that of its keys.

    Raises:
        Misconfigured: no such database, or keys that cannot open what is stored.
    """
    database = open_database(config)
    config.storage.files.mkdir(parents=True, exist_ok=True)
    keys = open_keys(config.storage)
    migrate(keys, migrations_of("keys", KEYS_MIGRATIONS))
    vault = Vault(database, keys, *master_keys(config))
    vault.check_master()
    return Store.build(database, keys, vault, config.storage.files / "media", config.tagging)


def vectors_folder(config: Config) -> Path:
    """Where vectors, and what they are made with, are kept; losing it costs time."""
    return config.storage.files / "vectors"


def gate_file(config: Config) -> Path:
    """Where the gate of this deployment is, once `concierge gate train` has fitted one."""
    return config.storage.files / "gate.json"


def build_gate(config: Config) -> Gate:
    """The gate of this deployment, or the one that is shipped.

    Raises:
        Misconfigured: there is one, and it cannot be read.
    """
    file = gate_file(config)
    if not file.is_file():
        return load_gate()
    try:
        return read_gate(file)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}; delete it to go without") from error


def build_embedder(config: Config, folder: Path | None) -> Embedder | None:
    """The configured encoder, or ``None`` where there is none: then characters alone decide.

    Args:
        folder: where the tuned model is kept beside the vectors, ``None`` = in memory.
    """
    embeddings = config.embeddings
    match embeddings.provider:
        case "none":
            return None
        case "offline":
            return OfflineEmbedder.open(folder=folder)
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
    agent: Agent | None = None,
    summariser: Summariser | None = None,
    more: Sequence[Router] = (),
    values: Sequence[ValueSource] = (),
) -> Engine:
    """Discover the behaviours and put the turn together.

    Args:
        model: what turns may consult, ``None`` = nothing.
        agent: to whom turns may delegate, ``None`` = nobody.
        summariser: who sums cases up for the staff, ``None`` = nobody.
        more: behaviours that do not live in `handlers/`.
        values: who knows the values that answers may name.

    Raises:
        Misconfigured: a behaviour is not as it must be; start-up stops.
    """
    phrases, guard = _what_is_said(config, store)
    routers = in_order([*discover(handlers), *more])
    check_declared(store.database, declared_tables(routers))
    meaning = build_meaning(config.escalation, library.embedder)
    fetched = FetchedValues.of(store, clock)
    understanding = build_understanding(config.consent, library.embedder)
    tag_rules = build_tag_rules(config.tagging, library.embedder)
    refuse_sensitive(config.tagging, guard.lexicon, (rule.tag for rule in tag_rules.book.rules))
    welcomes = build_welcomes(config, guard, Approvals(store.database).all_sync())
    reaching = Reaching(store, config.outreach, ZoneInfo(config.timezone))
    trying = Experimenting(store, config.experiments)
    suggester = Suggester(store, library, guard, Colleagues(store))
    supplies: Mapping[type, object] = {
        Library: library,
        Store: store,
        Config: config,
        Delivery: config.delivery,
        Values: Values([*fetched.sources, *values]),
        Rules: build_rules(config.escalation),
        Meaning: meaning,
        Understanding: understanding,
        TagRules: tag_rules,
        Welcomes: welcomes,
        Guide: Guide(store, build_flows(config), reaching, trying),
        Reaching: reaching,
        Experimenting: trying,
        Suggester: suggester,
    }
    check_needs(routers, SUPPLIED, phrases)
    routing, setting = config.routing, _setting(config, phrases, model, agent, summariser)
    dispatcher = Dispatcher(
        store,
        routers,
        Committer(*(store, plan, enclose, _turn_settings(config)), guard=guard, reaching=reaching),
        accounts=config.for_account,
        setting=setting,
        supplies=supplies,
        middlewares=_middlewares(store, routing),
        settings=_dispatch_settings(config),
        clock=clock,
        metrics=metrics,
    )
    return Engine(
        *(config, store, clock, metrics, phrases, routers, library, meaning, tag_rules),
        understanding,
        welcomes,
        *(dispatcher, model, agent, summariser, guard),
        *(HttpTools(config.tools), fetched, WebhookPoster(), supplies, suggester),
        setting.load,
    )


def load_phrases(config: Config, decided: Sequence[Approval]) -> Phrases:
    """The texts of `prompts/replies`.

    Raises:
        Misconfigured: a file cannot be read, or a customer could not read what a tool would change.
    """
    phrases = Phrases.load(PROMPTS)
    if problems := [
        f"prompts: reply {key} must be written and name exactly {', '.join(named) or 'nothing'}"
        for key, named in lacking(config.tools, phrases)
    ]:
        raise Misconfigured("; ".join(problems))
    return released_phrases(phrases, decided) if config.safety.approval == "all" else phrases


def _middlewares(store: Store, routing: Routing) -> list[Middleware]:
    """What a customer's message passes, in this order."""
    return [
        only_customers,
        respect_switches(store),
        leave_people_alone(routing.ownership_max_age_s),
        not_too_late,
        limit_floods(store, routing.flood_messages, routing.flood_window_s),
    ]


def build_roster(config: Config) -> Roster:
    """The members of staff with their shifts, on the company's calendar."""
    return Roster(config.staff, ZoneInfo(config.timezone), WorkCalendar(config.calendar))


def _what_is_said(config: Config, store: Store) -> tuple[Phrases, Guard]:
    """The texts of prompts that may be said, and what judges everything that is."""
    decided = Approvals(store.database).all_sync()
    phrases = load_phrases(config, decided)
    guard = Guard(build_lexicon(config), separate=separate_groups(config.tagging))
    guide(guard, decided, config.safety.approval)
    guard.learn(phrases.replies.values())
    return phrases, guard


def _dispatch_settings(config: Config) -> DispatchSettings:
    return DispatchSettings(
        merge_window_s=config.routing.merge_window_ms / 1000,
        max_attempts=config.delivery.max_attempts,
    )


def _turn_settings(config: Config) -> TurnSettings:
    return TurnSettings(
        allowance=platform_limits().kf.allowance,
        late_after_s=config.delivery.waiting_notice_after_s,
        consult_ttl_s=2 * config.llm.timeout_s if config.llm else 0.0,
    )


def _setting(
    config: Config,
    phrases: Phrases,
    model: ChatModel | None,
    agent: Agent | None,
    summariser: Summariser | None,
) -> Setting:
    kf = platform_limits().kf
    return Setting(
        phrases=phrases,
        codes=Codes(
            end_s=kf.end_code_s - kf.code_reserve_s,
            moved_s=min(kf.queue_code_s, kf.reply_code_s) - kf.code_reserve_s,
        ),
        staff=tuple(config.staff),
        roster=build_roster(config),
        company=config.company.name or "",
        zone=ZoneInfo(config.timezone),
        has_model=model is not None,
        has_agent=agent is not None,
        sums_up=summariser is not None,
        has_order_system=any(tool.orders for tool in config.tools.values()),
    )


def build_eraser(config: Config, store: Store, routers: Sequence[Router]) -> Eraser:
    """What erases persons in this deployment."""
    return Eraser(store, declared_tables(routers), keep_orders=config.consent.keep_orders)


def declared_tables(routers: Sequence[Router]) -> list[Table]:
    """The engine's tables and those of every behaviour."""
    return [*ENGINE_TABLES, *(table for router in routers for table in router.tables)]
