"""Show members what happened to a customer, newest first, each with its reason (R-12.3)."""

from collections.abc import Callable

import msgspec

from bot.model import Because
from bot.routing import Router, Stage
from bot.routing.panels import About, Panel, PanelLine
from bot.store import Moment, Store

router = Router("timeline", stage=Stage.ANSWER)

A_PAGE = 15
LONGEST = 120

_because = msgspec.json.Decoder(Because).decode


@router.panel("timeline", on_demand=True)
async def panel(about: About, store: Store) -> Panel:
    """One page of it; what was written only where it belongs to this conversation."""
    found = await store.timeline.page(about.external_userid, limit=A_PAGE, after=about.after)
    rest = found[-1].place if len(found) == A_PAGE else ""
    return Panel(tuple(_line(about, one) for one in found), next=rest)


def _line(about: About, one: Moment) -> PanelLine:
    label = _word(about, "kind", one.kind)
    match one.kind:
        case "message" | "sent":
            what = _text(about, one) or _word(about, one.kind, one.what)
        case "tag":
            what = about.phrases.say(
                "timeline.tagged" if one.what[0] == "+" else "timeline.untagged"
            )
            what = f"{what}{one.what[1:]}"
        case "consent":
            purpose, _, decision = one.what.partition(" ")
            what = f"{_word(about, 'purpose', purpose)}{_word(about, 'decision', decision)}"
        case _:
            what = _word(about, one.kind, one.what)
    return PanelLine(label, what, _why(about, one), one.at)


def _text(about: About, one: Moment) -> str:
    """What was written in the conversation that he may see; nothing of other ones."""
    where = about.conversation
    is_here = where is not None and where.open_kfid == one.open_kfid
    if not is_here or one.external_userid != about.external_userid:
        return ""
    text = " ".join(one.text.split())
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _why(about: About, one: Moment) -> str:
    """The stored reason in words; a word that nobody wrote stays as it was stored."""
    words, brace, told = one.why.partition("{")
    reasons = [_REASON.get(one.kind, _plain)(about, word) for word in words.split()]
    if brace:
        reasons.append(_told(about, "{" + told))
    return " · ".join(reason for reason in reasons if reason)


def _told(about: About, told: str) -> str:
    """Where an answer came from, and how sure the bot was."""
    try:
        because = _because(told)
    except msgspec.DecodeError:
        return ""
    if because.source == "escalation":
        return _of_case(about, because.ref)
    source = _word(about, "source", because.source)
    sure = "" if because.score is None else f" {round(100 * because.score)}%"
    return f"{source} {because.ref}{sure}"


def _plain(about: About, word: str) -> str:
    return about.name_of(_word(about, "why", word))


def _of_case(about: About, word: str) -> str:
    key = f"escalation.reason_{word}"
    return about.phrases.say(key) if about.phrases.has_reply(key) else _plain(about, word)


def _of_sent(_about: About, _word: str) -> str:
    """The handler's name says less than what it names as its reason."""
    return ""


_REASON: dict[str, Callable[[About, str], str]] = {"case": _of_case, "sent": _of_sent}


def _word(about: About, group: str, code: str) -> str:
    key = f"timeline.{group}_{code}"
    return about.phrases.say(key) if about.phrases.has_reply(key) else code
