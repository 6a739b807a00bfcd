"""What did the operator configure? Frozen models, or every problem at once."""

from bot.config.escalation import MISSED, Escalation, ReasonSettings
from bot.config.hours import DAY_MINUTES, WEEK, Calendar, DateSpan, OpeningHours, Shift
from bot.config.loading import Inspection, inspect_config, load_config
from bot.config.problems import ConfigErrors, Problem
from bot.config.requirements import Command, keygen, require, variable
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
    Redis,
    Retention,
    Routing,
    Security,
    Server,
    Storage,
    WeCom,
)
from bot.config.staff import Level, StaffMember
from bot.config.tools import Argument, OrderFields, Tool

__all__ = [
    "DAY_MINUTES",
    "MISSED",
    "WEEK",
    "Account",
    "AccountSettings",
    "Argument",
    "Autonomy",
    "AutonomyMode",
    "Calendar",
    "Command",
    "Company",
    "Config",
    "ConfigErrors",
    "DateSpan",
    "Delivery",
    "Embeddings",
    "Escalation",
    "Inspection",
    "Knowledge",
    "Level",
    "Llm",
    "Logging",
    "OpeningHours",
    "OrderFields",
    "Problem",
    "ReasonSettings",
    "Redis",
    "Retention",
    "Routing",
    "Security",
    "Server",
    "Shift",
    "StaffMember",
    "Storage",
    "Tool",
    "WeCom",
    "inspect_config",
    "keygen",
    "load_config",
    "require",
    "variable",
]
