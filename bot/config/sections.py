"""What can an operator configure? Names here are a public contract; config.yaml explains each.

An empty value means "not given". What a command cannot do without is in `requirements`, not here,
because `chat` and `demo` need no WeCom account.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.config.alarms import Alarms
from bot.config.channels import Channels
from bot.config.consent import Consent
from bot.config.contacts import Contacts
from bot.config.escalation import Escalation
from bot.config.experiments import Experiment, ExperimentName
from bot.config.hours import Calendar, OpeningHours
from bot.config.materials import OpenedLinks
from bot.config.outreach import OutreachLimits
from bot.config.referral import Referral
from bot.config.rewards import Coupons, Points
from bot.config.safety import Safety
from bot.config.section import Section
from bot.config.staff import StaffMember
from bot.config.tagging import Tagging
from bot.config.tools import Tool, ToolName
from bot.config.values import (
    ApiToken,
    CallbackAesKey,
    Count,
    Days,
    HttpUrl,
    KeysUrl,
    Many,
    MasterKey,
    Network,
    OpenKfid,
    Port,
    RedisUrl,
    Seconds,
    Secret,
    Source,
    StorageUrl,
    Text,
    Timezone,
    Tokens,
    ToneName,
    Word,
    sqlite_path,
)
from bot.config.webhooks import Webhook, WebhookName
from bot.config.welcome import Flows, Welcome

AutonomyMode = Literal["auto", "suggest", "off"]
UNSET = SecretStr("")


class WeCom(Section):
    """The app and its 客服账号."""

    corp_id: Word = ""
    agent_id: int = Field(default=0, ge=1)
    secret: Secret = UNSET
    callback_token: Secret = UNSET
    callback_aes_key: CallbackAesKey = UNSET
    api_base: HttpUrl = "https://qyapi.weixin.qq.com"
    kf_accounts: Many[OpenKfid] = ()


class Server(Section):
    """Where we listen."""

    # All interfaces: six values must be enough on a plain host or in a container, and WeCom has to
    # reach the callback.
    host: Word = "0.0.0.0"  # noqa: S104
    port: Port = 8080
    public_url: HttpUrl | None = None
    trusted_proxies: Many[Network] = ()
    api_token: ApiToken = UNSET


class Storage(Section):
    """The database."""

    url: StorageUrl = Field(
        default="sqlite:///data/concierge.db", validate_default=True, repr=False
    )

    keys_url: KeysUrl | None = Field(default=None, repr=False)
    folder: Source = Field(default=Path("data"), validate_default=True)

    @field_validator("keys_url")
    @classmethod
    def _only_beside_a_server(cls, keys_url: str | None, info: ValidationInfo) -> str | None:
        if keys_url is not None and sqlite_path(info.data.get("url", "")) is not None:
            raise ValueError("storage.url 是 SQLite 时不写：密钥库就在数据库文件旁边")
        return keys_url

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None when it is not SQLite."""
        return sqlite_path(self.url)

    @property
    def files(self) -> Path:
        """Where media, lists, vectors and exports lie: beside the database when it is a file."""
        path = self.sqlite_path
        return path.parent if path else self.folder


class Redis(Section):
    """Wake-ups and shared limits of a fleet."""

    url: RedisUrl | None = Field(default=None, repr=False)


class Security(Section):
    """The master key under which each person's data key is wrapped."""

    encryption_key: MasterKey = UNSET
    previous_encryption_keys: Many[MasterKey] = ()


class Llm(Section):
    """An OpenAI-compatible chat model."""

    base_url: HttpUrl
    model: Text
    api_key: Secret = UNSET
    timeout_s: Seconds = 20
    mode: Literal["write", "choose"] = "write"
    agent: bool = False
    response_format: Literal["text", "json_object"] = "text"
    customer_tokens_per_day: Tokens = 50_000
    tokens_per_day: Tokens = 5_000_000


class Embeddings(Section):
    """What turns texts into vectors."""

    provider: Literal["offline", "openai", "none"] = "offline"
    base_url: HttpUrl | None = None
    model: Text | None = None
    api_key: Secret = UNSET


class Reranker(Section):
    """An endpoint that reads a question together with our entries."""

    base_url: HttpUrl
    model: Text
    api_key: Secret = UNSET
    timeout_ms: int = Field(default=800, ge=50, le=10_000)
    candidates: int = Field(default=5, ge=2, le=10)


class Knowledge(Section):
    """What the bot knows."""

    sources: Many[Source] = Field(default=(), validate_default=True)
    target_error: float = Field(default=0.05, ge=0.01, le=0.2)


class Answers(Section):
    """How answers are said."""

    feedback: bool = True


class Satisfaction(Section):
    """Whether and when customers are asked how it was; 0 for a score = never."""

    enabled: bool = True
    after_human: bool = True
    after_bot: bool = True
    min_hours_between: int = Field(default=24, ge=0, le=8760)
    ask_reason_at_most: int = Field(default=3, ge=0, le=5)
    reason_window_minutes: int = Field(default=10, ge=1, le=1440)
    follow_up_at_most: int = Field(default=2, ge=0, le=5)


class Routing(Section):
    """How messages become turns."""

    merge_window_ms: int = Field(default=1500, ge=0, le=10_000)
    ownership_max_age_s: Seconds = 600
    flood_messages: Count = 20
    flood_window_s: Seconds = 60
    blocklist: Many[Word] = ()


class Delivery(Section):
    """How loops pull, drain and send."""

    poll_busy_s: Seconds = 20
    poll_idle_s: Seconds = 180
    waiting_notice_after_s: Seconds = 60
    fresh_first_s: Seconds = 120
    send_concurrency: int = Field(default=32, ge=1, le=1000)
    drain_concurrency: int = Field(default=64, ge=1, le=1000)
    max_attempts: int = Field(default=5, ge=1, le=100)
    late_welcome_s: float = Field(default=18, gt=0, le=20, allow_inf_nan=False)
    lease_s: float = Field(default=15, ge=1, le=300, allow_inf_nan=False)


class Autonomy(Section):
    """How far the bot may go by itself: everywhere, and per category of knowledge."""

    mode: AutonomyMode = "auto"
    categories: Mapping[str, AutonomyMode] = {}

    def for_category(self, category: str) -> AutonomyMode:
        """The mode of a category of knowledge."""
        return self.categories.get(category, self.mode)


class AccountAutonomy(Section):
    """What one account does otherwise than `autonomy`; no mode = the general one."""

    mode: AutonomyMode | None = None
    categories: Mapping[str, AutonomyMode] = {}

    def over(self, general: Autonomy) -> Autonomy:
        """The more specific place wins; an account's own mode puts the general categories aside."""
        if self.mode is not None:
            return Autonomy(mode=self.mode, categories=self.categories)
        return Autonomy(mode=general.mode, categories={**general.categories, **self.categories})


class Account(Section):
    """What differs at one 客服账号."""

    persona: Text | None = None
    tone: ToneName | None = None
    opening_hours: Many[OpeningHours] = ()
    knowledge: Many[Source] | None = None
    autonomy: AccountAutonomy | None = None


class AccountSettings(Section):
    """What holds at one 客服账号, its own settings laid over the general ones."""

    open_kfid: str
    persona: str | None
    tone: str | None
    opening_hours: tuple[OpeningHours, ...]
    sources: tuple[Path, ...]
    autonomy: Autonomy
    timezone: str

    def is_open(self, now: float) -> bool:
        """Whether people are there at this Unix time; always, when no hours are given."""
        moment = datetime.fromtimestamp(now, ZoneInfo(self.timezone))
        return not self.opening_hours or any(h.covers(moment) for h in self.opening_hours)


class Company(Section):
    """Who the bot speaks for."""

    name: Text | None = None


class Measuring(Section):
    """How 7-2-1 is reported."""

    minimum_cases: Count = 50


class Orders(Section):
    """How shops tell us of orders.

    Args:
        secret: what their requests are signed with; empty = there is no such address.
    """

    secret: ApiToken = UNSET


class Retention(Section):
    """How long rows are kept."""

    # The allowance is counted in rows of the last 48 h (wecom-api §3.10).
    messages_days: Annotated[Days, Field(ge=3)] = 180
    # WeCom may tell the last three days once more (§3.7): what was answered must still be known.
    handled_days: Annotated[Days, Field(ge=4)] = 7
    # The database itself refuses to delete what is younger than 180 days.
    audit_days: Annotated[Days, Field(ge=181)] = 1095


class Logging(Section):
    """What is logged, and how it looks."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


class Config(Section):
    """Everything config.yaml and the environment say."""

    company: Company = Company()
    timezone: Timezone = "Asia/Shanghai"
    wecom: WeCom = WeCom()
    server: Server = Server()
    storage: Storage = Storage()
    redis: Redis = Redis()
    security: Security = Security()
    llm: Llm | None = None
    embeddings: Embeddings = Embeddings()
    reranker: Reranker | None = None
    knowledge: Knowledge = Knowledge()
    tools: Mapping[ToolName, Tool] = {}
    answers: Answers = Answers()
    satisfaction: Satisfaction = Satisfaction()
    staff: Many[StaffMember] = ()
    calendar: Calendar = Calendar()
    escalation: Escalation = Escalation()
    safety: Safety = Safety()
    consent: Consent = Consent()
    outreach: OutreachLimits = OutreachLimits()
    experiments: Mapping[ExperimentName, Experiment] = {}
    tagging: Tagging = Tagging()
    webhooks: Mapping[WebhookName, Webhook] = {}
    contacts: Contacts = Contacts()
    welcome: Welcome = Welcome()
    flows: Flows = Flows()
    channels: Channels = Channels()
    opened_links: OpenedLinks = OpenedLinks()
    referral: Referral = Referral()
    points: Points = Points()
    coupons: Coupons = Coupons()
    routing: Routing = Routing()
    delivery: Delivery = Delivery()
    autonomy: Autonomy = Autonomy()
    accounts: Mapping[OpenKfid, Account] = {}
    orders: Orders = Orders()
    measuring: Measuring = Measuring()
    retention: Retention = Retention()
    alarms: Alarms = Alarms()
    logging: Logging = Logging()

    def for_account(self, open_kfid: str) -> AccountSettings:
        """What holds at one 客服账号."""
        own = self.accounts.get(open_kfid, Account())
        return AccountSettings(
            open_kfid=open_kfid,
            persona=own.persona,
            tone=own.tone,
            opening_hours=own.opening_hours,
            sources=self.knowledge.sources if own.knowledge is None else own.knowledge,
            autonomy=(own.autonomy or AccountAutonomy()).over(self.autonomy),
            timezone=self.timezone,
        )
