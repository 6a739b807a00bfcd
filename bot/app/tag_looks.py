"""What does the service do about tags by itself, beside what turns do?"""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from bot.app.carrying import token_budget
from bot.app.engine import MODEL_PROMPTS, Engine
from bot.app.tag_auditing import TagAuditing
from bot.delivery.tag_keeping import TagKeeping
from bot.delivery.tag_proposing import TagProposing
from bot.llm.prompts import read_prompt
from bot.llm.tag_proposer import TagProposer
from bot.model import Lane

Look = tuple[float, Callable[[], Awaitable[object]]]

LOOK_S = 60.0

AUDITS = "audits"
"""Folder beside the database in which samples are kept."""


def tag_looks(engine: Engine, wake: Callable[[str, Lane], None]) -> list[Look]:
    """What is to be looked at, and how often in seconds.

    Args:
        wake: told which queue of the outbox has something new.

    Raises:
        Misconfigured: the model's instructions are missing.
    """
    looks: list[Look] = [(LOOK_S, TagKeeping(engine.store, engine.clock, wake).look)]
    if proposing := build_proposing(engine):
        looks.append((LOOK_S, proposing.look))
    if auditing := build_auditing(engine, wake):
        looks.append((LOOK_S, auditing.look))
    return looks


def build_auditing(engine: Engine, wake: Callable[[str, Lane], None]) -> TagAuditing | None:
    """What draws the weekly sample, or ``None`` where that is off."""
    config, phrases = engine.config, engine.phrases
    if not config.tagging.audit.enabled:
        return None
    return TagAuditing(
        engine.store,
        config.tagging,
        ZoneInfo(config.timezone),
        config.storage.files / AUDITS,
        tuple(one.userid for one in config.staff if one.level == "leader"),
        lambda count, file: phrases.say("staff.tag_sample", count=count, file=str(file)),
        engine.clock,
        wake,
    )


def build_proposing(engine: Engine) -> TagProposing | None:
    """What asks the model for tags, or ``None`` where that is off or there is no model.

    Raises:
        Misconfigured: its instructions are missing.
    """
    config, model = engine.config, engine.summariser
    if not config.tagging.proposals or model is None:
        return None
    return TagProposing(
        engine.store,
        config.tagging,
        TagProposer(model, read_prompt(MODEL_PROMPTS, "propose_tags.md")),
        vocabulary=lambda: {rule.tag for rule in engine.tag_rules.book.rules},
        may_tag=engine.guard.may_tag,
        may_leave=lambda account: config.for_account(account).autonomy.mode != "off",
        clock=engine.clock,
        budget=token_budget(engine),
    )
