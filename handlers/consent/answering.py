"""What is a customer told who wants something done with their own data, and who has to do it?"""

from collections.abc import Mapping
from datetime import datetime

from bot.config import Config
from bot.model import Because, MenuItem
from bot.model.consents import Purpose, Standing
from bot.model.tags import Assignment, TagSource
from bot.policy.calendar import WorkCalendar
from bot.routing import Turn
from bot.store import Store
from bot.store.erasures import WISH, new_receipt
from handlers.consent import requests
from handlers.consent.rules import Wish

FOR_PEOPLE = (Wish.ERASE, Wish.EXPORT, Wish.CORRECT)
"""Wishes that are kept as requests, with a day by which they must be answered."""

ERASE = "erase:"
SURE, KEEP = f"{ERASE}sure", f"{ERASE}keep"

MOST_TAGS = 12
"""Tags that are told; who wants to see all asks for everything that is held."""


def acknowledge(turn: Turn, purpose: Purpose, decision: Standing) -> None:
    """Say once what a decision means; no word that tries to change it."""
    said = "given" if decision is Standing.GIVEN else "ended"
    _say(turn, f"consent.{said}_{purpose}")


def note(turn: Turn, wish: Wish, config: Config) -> None:
    """Write the request down, and tell those who must answer it."""
    unsure = wish is Wish.ERASE and not people_own(turn)  # else they ask whether it is meant
    state = requests.ASKED if unsure else requests.OPEN
    due = _due(turn, config)
    requests.add(turn, wish, due.timestamp(), state)
    if state == requests.OPEN:
        text = turn.phrases.say(
            f"consent.staff_{wish}",
            customer=turn.conversation.external_userid,
            account=turn.account_name,
            day=f"{due:%Y-%m-%d}",
        )
        turn.notify(turn.roster.leaders(turn.conversation.open_kfid, turn.now), text)


def promise(turn: Turn, wish: Wish, config: Config) -> None:
    """Say what happens with a request; what destroys something asks to be confirmed first."""
    if wish is not Wish.ERASE:
        _say(turn, f"consent.noted_{wish}", day=f"{_due(turn, config):%m-%d}")
        return
    menu = [
        MenuItem(SURE, turn.phrases.say("consent.erase_sure")),
        MenuItem(KEEP, turn.phrases.say("consent.erase_keep")),
    ]
    because = Because(source="reply", ref="consent.erase_ask")
    text = turn.phrases.say("consent.erase_ask")
    turn.reply(text, menu=menu, because=because, category="service")


async def confirm(turn: Turn, store: Store, *, sure: bool) -> None:
    """Erase, or do not; only who was asked in an earlier message can confirm."""
    turn.cases.withdraw()
    request = await requests.waiting(store, turn)
    if request is None or request.msgid == turn.message.msgid:
        _say(turn, "consent.erase_nothing")
        return
    if not sure:
        requests.move(turn, request, requests.DROPPED)
        _say(turn, "consent.erase_kept")
        return
    requests.move(turn, request, requests.OPEN)
    for purpose in (Purpose.MARKETING, Purpose.PROFILING_TAGS):
        turn.consent(purpose, Standing.WITHDRAWN)  # tags go at WeCom before nobody knows of them
    receipt = new_receipt()
    turn.record(WISH, turn.conversation.external_userid, receipt, turn.now, "customer")
    _say(turn, "consent.erase_done", receipt=receipt)


async def explain(turn: Turn, store: Store) -> None:
    """Tell the tags with their reasons, in plain words (R-15.3)."""
    tags = await store.tags.of(turn.external_userid, turn.now)
    if not tags:
        _say(turn, "consent.explain_none")
        return
    lines = [_reason(turn, tag) for tag in tags[:MOST_TAGS]]
    _say(turn, "consent.explain_tags", tags="\n".join(lines), n=len(tags))


def people_own(turn: Turn) -> bool:
    """Whether people have the conversation, so that the bot is silent."""
    owner = turn.facts.ownership.state
    return owner is not None and owner.human_owns


def wants_more(turn: Turn, found: Mapping[Wish, str]) -> bool:
    """Whether the message asks for something else beside it, which others must hear."""
    rest = turn.text
    for words in found.values():
        rest = rest.replace(words, " ")
    return turn.phrases.heard("consent.more", rest)


def _reason(turn: Turn, tag: Assignment) -> str:
    day = datetime.fromtimestamp(tag.at, turn.setting.zone)
    by_words = tag.source in (TagSource.RULE, TagSource.MEANING)
    source = "rule" if by_words else tag.source.value
    why = turn.phrases.say(f"consent.because_{source}", day=f"{day:%Y-%m-%d}")
    return f"· {tag.name}：{why}"


def _due(turn: Turn, config: Config) -> datetime:
    now = datetime.fromtimestamp(turn.now, turn.setting.zone)
    days = config.consent.answer_workdays
    return requests.due_after(now, days, WorkCalendar(config.calendar))


def _say(turn: Turn, key: str, **values: object) -> None:
    text = turn.phrases.say(key, **values)
    turn.reply(text, because=Because(source="reply", ref=key), category="service")
