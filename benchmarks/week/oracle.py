"""What are the cases of the played week, seen from WeCom alone?

Follows docs/measuring-721.md and nothing else: it reads the raw log, the book of phrases and who
works in the shop, never the product's tables or code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.week.book import MEANINGS, Meaning, answers
from benchmarks.week.log import ENDED, PERSON, POOL, Log, Seen

DAY = 86_400.0
_NEVER = float("inf")
_SMALL_TALK = frozenset({Meaning.GREETING, Meaning.FAREWELL})
_WANTS = {Meaning.PERSON: "asked", Meaning.COMPLAINT: "complaint"}
_LONGEST_WORK_S = 300.0
_SESSION_S = 48 * 3600.0
"""So long after the customer's last message a session ends (wecom-api §3.5)."""


@dataclass(slots=True)
class Story:
    """One case as WeCom saw it.

    Args:
        said: moment and servicer of each message, no servicer = the customer.
        given: moments at which a servicer was given the session.
        answered: moments at which the bot gave one of the shop's answers.
        waits_from: the first message that was not small talk.
    """

    who: tuple[str, str]
    opened_at: float
    last_at: float
    closed_at: float | None = None
    said: list[tuple[float, str]] = field(default_factory=list)
    given: list[tuple[float, str]] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    pooled: bool = False
    waits_from: float | None = None
    wanted_at: float | None = None
    reason: str = ""
    misses: int = 0
    solved: bool = False
    last_meaning: Meaning | None = None
    invited_at: float | None = None
    score: int | None = None
    next_at: float | None = None

    @property
    def human_words(self) -> list[tuple[float, str]]:
        """What servicers wrote."""
        return [one for one in self.said if one[1]]

    @property
    def first_human_at(self) -> float | None:
        """When a servicer wrote first."""
        return next((at for at, _ in self.human_words), None)

    @property
    def wanted_first(self) -> bool:
        """Whether a person was wanted before a servicer came."""
        came = [at for at, _ in (*self.given, *self.human_words)]
        return self.wanted_at is not None and self.wanted_at <= min(came, default=_NEVER)

    def kind(self, levels: Mapping[str, int]) -> str:
        """Its class."""
        written = [levels[servicer] for _, servicer in self.human_words]
        if written:
            return "L3" if max(written) >= 3 else "L2"
        if self.wanted_at is not None or self.given or self.pooled:
            return "unserved"
        return "reopened" if self.came_back else "L1"

    @property
    def came_back(self) -> bool:
        """Whether the conversation's next case began within 48 h of the end."""
        if self.next_at is None or self.closed_at is None:
            return False
        return self.next_at - self.closed_at < 2 * DAY

    @property
    def first_answer_at(self) -> float:
        """The first substantive reply since the customer began to wait."""
        began = self.waits_from or 0.0
        found = [at for at in self.answered if at >= began]
        found += [at for at, _ in self.human_words if at >= began]
        return min(found, default=_NEVER)

    def worked(self, levels: Mapping[str, int]) -> dict[int, float]:
        """Seconds of servicers, by level."""
        spent: dict[int, float] = {}
        before = self.opened_at
        for at, servicer in self.said:
            if servicer:
                given = [moment for moment, whom in self.given if whom == servicer and moment < at]
                seconds = min(at - max([before, *given]), _LONGEST_WORK_S)
                level = levels[servicer]
                spent[level] = spent.get(level, 0.0) + seconds
            before = at
        return spent


def stories(log: Log, now: float) -> list[Story]:
    """Every case of the log as it stands now, open ones too."""
    found: list[Story] = []
    for who, seen in log.by_conversation().items():
        found += _Reader(who).read([one for one in seen if one.at <= now], now)
    return found


class _Reader:
    """Reads the log of one conversation from its beginning."""

    def __init__(self, who: tuple[str, str]) -> None:
        self._who, self._state = who, ENDED
        self._owner, self._wrote_at = "", 0.0
        self._stories: list[Story] = []
        self._open: Story | None = None

    def read(self, seen: Sequence[Seen], now: float) -> list[Story]:
        """The cases of this conversation, in order."""
        hear: Mapping[str, Callable[[Seen], None]] = {
            "customer": self._customer,
            "servicer": self._servicer,
            "bot": self._bot,
            "session": self._session,
        }
        for one in seen:
            self._close_if_left(one.at)
            if one.kind in hear:
                hear[one.kind](one)
        self._close_if_left(now)
        for story, later in zip(self._stories, self._stories[1:], strict=False):
            story.next_at = later.opened_at
        return self._stories

    def _close_if_left(self, now: float) -> None:
        if self._open is not None and now - self._open.last_at >= DAY:
            self._open.closed_at = self._open.last_at + DAY
            self._open = None

    # ------------------------------------------------------------------ what was said

    def _customer(self, one: Seen) -> None:
        if one.at - self._wrote_at >= _SESSION_S:
            self._state = ENDED  # it falls there by itself, and WeCom says nothing
        self._wrote_at = one.at
        rating = one.menu and one.menu[0].startswith("csat:")
        meaning = None if rating else MEANINGS[one.text]
        if rating:
            self._rated(one)
        if self._open is None:
            if rating or meaning is Meaning.FAREWELL:
                return
            self._open = self._begun(one.at, meaning)
        story = self._open
        story.said.append((one.at, ""))
        story.last_at = one.at
        if meaning is None:
            return
        if story.waits_from is None and meaning not in _SMALL_TALK:
            story.waits_from = one.at
        story.last_meaning = meaning
        if self._state not in (POOL, PERSON):
            self._to_the_bot(story, meaning, one.at)

    def _begun(self, at: float, meaning: Meaning | None) -> Story:
        """A new case; whoever has the session still is given it with its first message."""
        story = Story(self._who, at, at)
        self._stories.append(story)
        if self._state == PERSON:
            story.given.append((at, self._owner))
            if meaning in _WANTS:
                self._want(story, _WANTS[meaning], at)
            story.reason = story.reason or "with_person"
        return story

    def _to_the_bot(self, story: Story, meaning: Meaning, at: float) -> None:
        if meaning in _WANTS:
            self._want(story, _WANTS[meaning], at)
        elif meaning in (Meaning.UNKNOWN, Meaning.TALK):
            story.misses += 1
            if story.misses == 2:
                self._want(story, "missed_twice", at)
        elif meaning is Meaning.KNOWN:
            story.misses = 0
        elif meaning in (Meaning.SOLVED, Meaning.UNSOLVED):
            story.solved = meaning is Meaning.SOLVED

    def _want(self, story: Story, reason: str, at: float) -> None:
        story.solved = False  # he has no solution, whatever he said before
        if story.wanted_at is None:
            story.wanted_at = at
            story.reason = story.reason or reason

    def _servicer(self, one: Seen) -> None:
        if self._open is not None:
            self._open.said.append((one.at, one.servicer))
            self._open.last_at = one.at

    def _bot(self, one: Seen) -> None:
        if one.menu and one.menu[0].startswith("csat:") and self._stories:
            self._stories[-1].invited_at = one.at
        if self._open is not None and answers(one.text):
            self._open.answered.append(one.at)

    def _rated(self, one: Seen) -> None:
        invited = [story for story in self._stories if story.invited_at is not None]
        if invited and one.at - (invited[-1].invited_at or 0.0) <= DAY:
            invited[-1].score = int(one.menu[0].rpartition(":")[2])

    # ------------------------------------------------------------------ who has the session

    def _session(self, one: Seen) -> None:
        before, self._state = self._state, one.state
        self._owner = one.servicer
        story = self._open
        if story is None:
            return
        if one.state == PERSON:
            if story.wanted_at is None and not story.given:
                story.reason = story.reason or "by_himself"
            story.given.append((one.at, one.servicer))
        elif one.state == POOL:
            story.pooled = True
        elif one.state == ENDED and before in (POOL, PERSON) and not self._gave_up(story):
            story.closed_at = one.at
            self._open = None

    def _gave_up(self, story: Story) -> bool:
        return story.last_meaning is Meaning.GIVES_UP and story.first_human_at is None
