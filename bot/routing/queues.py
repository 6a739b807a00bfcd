"""In which queue of the outbox does an effect wait, and how long is it worth trying?

Only what need not keep a conversation's order has a queue of its own.
"""

import hashlib

from bot.model import (
    Consult,
    Delegate,
    DraftReply,
    Effect,
    FollowTagRun,
    KeepMedia,
    LookUp,
    MakeMassSend,
    NotifyStaff,
    ProjectTags,
    ReadCorpTags,
    RunErrand,
    SendCard,
    SendWelcome,
    SumUp,
    UpdateCard,
)
from bot.routing.facts import SESSION_S
from bot.store.projecting import PROJECT_TTL_S, projection_queue

STAFF_TTL_S = 12 * 3600
CARD_TTL_S = 24 * 3600
"""A response code lives 24 h, or 72 by another source (wecom-api §5.4)."""

WELCOME_TTL_S = 18.0
"""Whoever decides a welcome says when its code dies; this is the most (R-2.1)."""

MEDIA_TTL_S = 3 * 24 * 3600
LOOK_UP_TTL_S = 30.0
"""What was not looked up by then is gone without: a customer waits for it."""


def own_queue(effect: Effect, subject: str, consult_ttl_s: float) -> tuple[str, float]:
    """Queue and life of an effect; by default those of its subject.

    Args:
        consult_ttl_s: a model that was not asked by then is not asked any more.
    """
    match effect:
        case NotifyStaff(userids=userids, open_kfid=open_kfid):
            return f"staff/{','.join(userids) or open_kfid}", STAFF_TTL_S
        case SendCard(task_id=task_id):
            return f"card/{task_id}", STAFF_TTL_S
        case UpdateCard(task_id=task_id, response_code=code):
            return f"card/{task_id or code}", CARD_TTL_S
        case KeepMedia(media_id=media_id):
            return f"media/{media_id}", MEDIA_TTL_S
        case ProjectTags(external_userid=external_userid):
            return projection_queue(external_userid), PROJECT_TTL_S
        case ReadCorpTags() | FollowTagRun():
            return "corp_tags", PROJECT_TTL_S
        case Consult() | DraftReply() | Delegate() | SumUp() | LookUp():
            return _asked(effect, subject, consult_ttl_s)
        case RunErrand(errand_id=errand_id, try_for_s=try_for_s):
            return f"errand/{errand_id}", try_for_s
        case MakeMassSend(send_id=send_id):
            return f"mass/{send_id}", STAFF_TTL_S
        case SendWelcome(userid=userid, external_userid=external_userid):
            return f"welcome/{userid.lower()}/{external_userid}", WELCOME_TTL_S
        case _:
            return subject, SESSION_S


def _asked(
    effect: Consult | DraftReply | Delegate | SumUp | LookUp, subject: str, ttl_s: float
) -> tuple[str, float]:
    match effect:
        case SumUp(case_id=case_id):
            return f"summary/{case_id}", ttl_s
        case DraftReply(msgid=msgid):
            return f"draft/{msgid}", ttl_s
        case LookUp(msgid=msgid):
            # what is found is kept in memory: of the process that has the customer (`shard_of`)
            return f"lookup/{msgid}/{subject.rpartition(':')[2]}", LOOK_UP_TTL_S
        case _:
            return f"model/{effect.msgid}", ttl_s


def only_once(effect: Effect) -> str | None:
    """The msgid of what is asked for once, ever; ``None`` = any will do."""
    match effect:
        case RunErrand(errand_id=errand_id):
            return f"errand_{errand_id}"
        case MakeMassSend(send_id=send_id):
            return send_id
        case SendWelcome(code=code):
            return f"welcome_{hashlib.sha256(code.encode()).hexdigest()[:24]}"
        case _:
            return None
