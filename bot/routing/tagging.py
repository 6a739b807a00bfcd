"""What does a turn know of the customer's tags, and how does it change them?"""

from dataclasses import replace

from bot.model import Event, Lane, MessageReceived, ProjectTags, ReadCorpTags
from bot.model.tags import TagChange, TagSource
from bot.routing.collected import Decided, Decisions
from bot.store import Statement, Store, Unit
from bot.store.projecting import ask_projection

_CUSTOMER = "customer:"


def customer_in(subject: str) -> str:
    """The external_userid of a customer's mailbox, empty for any other."""
    return subject.removeprefix(_CUSTOMER) if subject.startswith(_CUSTOMER) else ""


class TurnTags:
    """The part of a `Turn` that concerns tags. Nothing is certain before the commit: consent, what
    people took off, exclusive groups and caps decide there (`bot/store/tag_statements.py`).
    """

    decisions: Decisions
    event: Event | None
    handler: str
    subject: str
    now: float
    tags: frozenset[str]
    """What is on the customer as this turn begins."""

    @property
    def external_userid(self) -> str:
        """The customer whose mailbox this is, empty in the turn of another subject."""
        return customer_in(self.subject)

    def tag(
        self,
        name: str,
        *,
        source: TagSource = TagSource.RULE,
        rule: str = "",
        version: str = "",
        msgid: str | None = None,
        expires_after_s: float | None = None,
    ) -> None:
        """Put a tag on the customer, if it may be.

        Args:
            name: group and tag, ``关注：运费``.
            rule: what decided, with its `version`; by default the handler.
            msgid: the message it was decided from, by default the one that is handled.
            expires_after_s: when it lapses, by default as its group says.

        Raises:
            ValueError: that is no name of a tag.
        """
        expires_at = None if expires_after_s is None else self.now + expires_after_s
        change = self._change(name, source, rule, version, msgid)
        self._decide_tag(replace(change, expires_at=expires_at))

    def untag(
        self,
        name: str,
        *,
        source: TagSource = TagSource.RULE,
        rule: str = "",
        version: str = "",
        msgid: str | None = None,
    ) -> None:
        """Take a tag off the customer, if it may be; the arguments are those of `tag`."""
        self._decide_tag(replace(self._change(name, source, rule, version, msgid), add=False))

    def project_tags(self, external_userid: str, *, read: bool = False) -> None:
        """Bring a customer's tags to WeCom.

        Args:
            read: take in first what people have changed there.
        """
        effect = ProjectTags(external_userid=external_userid, read=read)
        self.decisions.effects.append(Decided(effect, Lane.BACKGROUND, "", self.handler))

    def read_corp_tags(self) -> None:
        """Follow what people changed in the company's library of tags."""
        decided = Decided(ReadCorpTags(), Lane.BACKGROUND, "", self.handler)
        self.decisions.effects.append(decided)

    def _change(
        self, name: str, source: TagSource, rule: str, version: str, msgid: str | None
    ) -> TagChange:
        assert self.external_userid, f"{self.subject} is no customer"
        heard = self.event.msgid if isinstance(self.event, MessageReceived) else ""
        return TagChange(
            name=name,
            add=True,
            at=self.now,
            source=source,
            rule=rule or self.handler,
            version=version,
            msgid=heard if msgid is None else msgid,
        )

    def _decide_tag(self, change: TagChange) -> None:
        if change not in self.decisions.tags:
            self.decisions.tags.append(change)


async def write_tags(store: Store, turn: TurnTags) -> tuple[list[Statement], list[str]]:
    """What changes the tags as the turn decided.

    Returns:
        Statements for a savepoint of their own (whatever goes wrong there costs nobody an answer),
        and the queues of the outbox in which WeCom may have to be told.
    """
    if not turn.decisions.tags:
        return [], []
    unit = Unit()
    keys = store.tags.assign(unit, turn.external_userid, turn.decisions.tags)
    queues = await ask_projection(store, unit, turn.external_userid, keys, turn.now)
    return unit.statements, queues
