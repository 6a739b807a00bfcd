"""What did the operator configure? Frozen models, or every problem at once."""

from bot.config.arguments import checked
from bot.config.consent import AskedPurpose, Consent
from bot.config.escalation import MISSED, OTHERS, Escalation, ReasonSettings
from bot.config.hours import DAY_MINUTES, WEEK, Calendar, DateSpan, OpeningHours, Shift
from bot.config.loading import Inspection, inspect_config, load_config
from bot.config.problems import ConfigErrors, Problem
from bot.config.requirements import Command, keygen, require, variable
from bot.config.safety import ApprovalMode, Safety
from bot.config.sections import (
    Account,
    AccountSettings,
    Autonomy,
    AutonomyMode,
    Company,
    Config,
    Delivery,
    Embeddings,
    Knowledge,
    Llm,
    Logging,
    Measuring,
    Redis,
    Reranker,
    Retention,
    Routing,
    Satisfaction,
    Security,
    Server,
    Storage,
    WeCom,
)
from bot.config.staff import Level, StaffMember
from bot.config.tagging import DIMENSIONS, Dimension, Tagging, TagGroup, TagPurpose
from bot.config.tools import Argument, OrderFields, Tool, Writes
from bot.config.webhooks import Webhook, WebhookEvent

__all__ = [
    "DAY_MINUTES",
    "DIMENSIONS",
    "MISSED",
    "OTHERS",
    "WEEK",
    "Account",
    "AccountSettings",
    "ApprovalMode",
    "Argument",
    "AskedPurpose",
    "Autonomy",
    "AutonomyMode",
    "Calendar",
    "Command",
    "Company",
    "Config",
    "ConfigErrors",
    "Consent",
    "DateSpan",
    "Delivery",
    "Dimension",
    "Embeddings",
    "Escalation",
    "Inspection",
    "Knowledge",
    "Level",
    "Llm",
    "Logging",
    "Measuring",
    "OpeningHours",
    "OrderFields",
    "Problem",
    "ReasonSettings",
    "Redis",
    "Reranker",
    "Retention",
    "Routing",
    "Safety",
    "Satisfaction",
    "Security",
    "Server",
    "Shift",
    "StaffMember",
    "Storage",
    "TagGroup",
    "TagPurpose",
    "Tagging",
    "Tool",
    "WeCom",
    "Webhook",
    "WebhookEvent",
    "Writes",
    "checked",
    "inspect_config",
    "keygen",
    "load_config",
    "require",
    "variable",
]
