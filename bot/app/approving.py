"""Which texts are known before they are said, which of them need a person, and what is released?"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from bot.config import ApprovalMode
from bot.errors import Misconfigured
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision, Lexicon, Verdict
from bot.routing.phrases import Phrases
from bot.store import Approval, Approvals, ApprovalState, KnownText
from handlers.welcome.choosing import WelcomeText
from handlers.welcome.in_force import Welcomes
from knowledge import FaqEntry

REPLY, ENTRY, WELCOME = "reply", "entry", "welcome"

_SLOT = re.compile(r"(?<!\{)\{[^{}]*\}(?!\})")
_SHOWN_MISSING = 20

States = dict[tuple[str, str, str], ApprovalState]
"""State by kind, key and digest; what is not in it is a draft."""


class Standing(NamedTuple):
    """A known text, how far it has come, and what the lexicon finds in it."""

    known: KnownText
    state: ApprovalState
    verdict: Verdict

    def needs_a_person(self, mode: ApprovalMode) -> bool:
        """Whether it is not said until somebody has released it."""
        if self.state.may_be_said or mode == "off":
            return False
        watched = self.verdict.decision in (Decision.REVIEW, Decision.BLOCK)
        return mode == "all" or watched or self.state is ApprovalState.RETIRED


def known_replies(phrases: Phrases) -> Iterator[KnownText]:
    """Every text of `prompts/replies`."""
    for key, text in phrases.replies.items():
        yield KnownText(REPLY, key, text.strip())


def known_entry(base: str, entry: FaqEntry) -> KnownText:
    """Everything of an entry that customers may read."""
    return KnownText(ENTRY, f"{base}/{entry.id}" if base else entry.id, "\n\n".join(entry.texts))


def known_welcome(one: WelcomeText) -> KnownText:
    """Everything of a welcome that newcomers may read, and where it leads them."""
    parts = [one.text, one.without, one.tail]
    for each in one.attachments:
        media = each.media if each.media.startswith("http") else Path(each.media).name
        parts += [each.title, each.desc, each.url, each.pagepath, media]
    return KnownText(WELCOME, one.id, "\n\n".join(part for part in parts if part))


def _entry_of(key: str) -> tuple[str, str]:
    base, _, entry_id = key.rpartition("/")
    return base, entry_id


def states_of(approvals: Iterable[Approval]) -> dict[tuple[str, str, str], ApprovalState]:
    """The states by what they are of."""
    return {(one.known.kind, one.known.key, one.known.digest): one.state for one in approvals}


def state_of(known: KnownText, states: States) -> ApprovalState:
    """How far a text has come."""
    return states.get((known.kind, known.key, known.digest), ApprovalState.DRAFT)


def unreleased(
    welcomes: Iterable[WelcomeText], states: States, mode: ApprovalMode
) -> frozenset[str]:
    """Ids of the welcomes that newcomers do not hear until a person has released them."""
    held = set()
    for one in welcomes:
        state = state_of(known_welcome(one), states)
        if state is ApprovalState.RETIRED or (mode == "all" and not state.may_be_said):
            held.add(one.id)
    return frozenset() if mode == "off" else frozenset(held)


def standings(texts: Iterable[KnownText], states: States, lexicon: Lexicon) -> Iterator[Standing]:
    """How every text stands."""
    for known in texts:
        yield Standing(known, state_of(known, states), lexicon.check(known.text))


@dataclass(slots=True)
class Releases:
    """Keeps what is said to what was released.

    Args:
        mode: `off`: the lexicon decides alone. `flagged`: texts with watched words are said once a
            person has approved them. `all`: so is every other.
        welcomes: follow what is decided, ``None`` = nobody is greeted here.
    """

    approvals: Approvals
    mode: ApprovalMode
    states: States
    welcomes: Welcomes | None = None

    @classmethod
    def read(cls, approvals: Approvals, mode: ApprovalMode) -> "Releases":
        """As it stands now."""
        return cls(approvals, mode, states_of(approvals.all_sync()))

    async def follow(self, guard: Guard) -> set[tuple[str, str]]:
        """Take in what was decided since; returns base and id of the entries it is about."""
        decided = await self.approvals.all()
        states = states_of(decided)
        differ = states.items() ^ self.states.items()
        changed = {key for (kind, key, _), _ in differ if kind == ENTRY}
        self.states = states
        guide(guard, decided, self.mode)
        if self.welcomes is not None:
            self.welcomes.hold(unreleased(self.welcomes.texts, states, self.mode))
        return {_entry_of(key) for key in changed}

    def admitted(self, base: str, entries: Sequence[FaqEntry]) -> list[FaqEntry]:
        """The entries, those that may not be said marked as not approved."""
        return [
            entry if self._is_admitted(base, entry) else replace(entry, approved=False)
            for entry in entries
        ]

    def _is_admitted(self, base: str, entry: FaqEntry) -> bool:
        if self.mode == "off" or not entry.approved or (not self.states and self.mode != "all"):
            return True
        state = state_of(known_entry(base, entry), self.states)
        if self.mode == "all":
            return state.may_be_said
        return state is not ApprovalState.RETIRED


def guide(guard: Guard, decided: Sequence[Approval], mode: ApprovalMode) -> None:
    """Let the guard know what people have released and withdrawn."""
    if mode == "off":
        guard.follow(guard.lexicon)
        return
    released = [one.known for one in decided if one.state.may_be_said]
    current = {one.name: one for one in released}
    retired = [
        one.known.text
        for one in decided
        if one.state is ApprovalState.RETIRED
        and one.known.kind == REPLY
        and one.known.name not in current
    ]
    watched = (
        piece
        for one in released
        for piece in pieces_of(one.text)
        if guard.lexicon.check(piece).found
    )
    guard.follow(guard.lexicon, watched, (piece for text in retired for piece in _whole(text)))


def pieces_of(text: str) -> list[str]:
    """What stands in every filling of a text, line by line, between its placeholders."""
    plain = _SLOT.sub("\0", text).replace("{{", "{").replace("}}", "}")
    return [piece.strip() for piece in re.split("[\0\n]", plain) if piece.strip()]


def _whole(text: str) -> list[str]:
    """The longest piece, which tells that the text is this one; none when all are short."""
    longest = max(pieces_of(text), key=len, default="")
    return [longest] if len(longest) >= 4 else []


def released_phrases(phrases: Phrases, decided: Sequence[Approval]) -> Phrases:
    """The texts of which every one was released: of a changed one that was not, the last that was.

    Raises:
        Misconfigured: some never were.
    """
    last = {one.known.key: one.known for one in decided if _is_released_reply(one)}
    states = states_of(decided)
    said: dict[str, str] = {}
    missing: list[str] = []
    for known in known_replies(phrases):
        if state_of(known, states).may_be_said:
            said[known.key] = known.text
        elif known.key in last:
            said[known.key] = last[known.key].text
        else:
            missing.append(known.name)
    if missing:
        more = "……" if len(missing) > _SHOWN_MISSING else ""
        raise Misconfigured(
            f"safety.approval: all：{len(missing)} 句话术从没有批准过，不能开始服务："
            f"{'、'.join(missing[:_SHOWN_MISSING])}{more}（concierge approve list）"
        )
    return phrases.saying(said)


def _is_released_reply(one: Approval) -> bool:
    return one.known.kind == REPLY and one.state.may_be_said
