"""What does the model propose after a case, and who may be asked about it?

Nobody waits for it. The model is told only the customer's own words, masked, of a customer who has
consented; it chooses among tags of configured groups, and people decide about each.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import structlog

from bot.config import Tagging
from bot.delivery.consulting import TokenBudget
from bot.errors import Conflict, ModelUnavailable
from bot.llm.tag_proposer import Proposals, TagProposer
from bot.model import MessageReceived
from bot.model.consents import Purpose, Standing
from bot.model.tags import group_of
from bot.ports import Clock
from bot.store import Store, Unit
from bot.store.tag_proposals import EndedCase, TagProposals

log = structlog.get_logger(__name__)

AT_ONCE = 5
"""Cases of one look."""

_LINES, _TAGS = 20, 200
"""Of what the customer wrote last, and of what may be chosen."""

_UNSEEN_TOKENS = 1200
"""Of instructions and answer, roughly."""

PROPOSER = "model"


@dataclass(frozen=True, slots=True)
class TagProposing:
    """Asks the model about cases that have ended. A repeat asks again and proposes nothing twice.

    Args:
        vocabulary: the tags that rules give.
        may_tag: whether a tag of this name may be put on with its group's consent (R-4.8).
        may_leave: whether what was said at an account may leave the house.
        budget: ``None`` = it may cost what it likes.
    """

    store: Store
    settings: Tagging
    proposer: TagProposer
    vocabulary: Callable[[], Collection[str]]
    may_tag: Callable[[str], bool]
    may_leave: Callable[[str], bool]
    clock: Clock
    budget: TokenBudget | None = None

    async def look(self) -> int:
        """Look once; returns how many tags were proposed."""
        proposals, proposed = TagProposals(self.store), 0
        for case in await proposals.ended(self.clock.now(), AT_ONCE):
            try:
                proposed += await self._ask(proposals, case)
            except ModelUnavailable as error:  # the case is asked about at a later look
                log.warning("tags.model_unavailable", error=str(error))
                break
            except Conflict:  # another process was quicker
                continue
        return proposed

    async def _ask(self, proposals: TagProposals, case: EndedCase) -> int:
        now, unit = self.clock.now(), Unit()
        messages = await self._written(case)
        tags = await self._tags_for(proposals, case.external_userid, now) if messages else []
        found = Proposals()
        if messages and tags:
            found = await self._propose(case.external_userid, messages, tags, now)
        proposals.asked(unit, case, now, consented=bool(found.proposed))
        for tag, line in found.proposed:
            self.store.tags.propose(
                unit,
                case.external_userid,
                tag,
                proposed_by=PROPOSER,
                version=found.prompt,
                msgid=messages[line].msgid,
                at=now,
            )
        await self.store.database.commit(unit)
        if found.proposed or found.refused:
            log.info("tags.proposed", tags=len(found.proposed), refused=found.refused)
        return len(found.proposed)

    async def _propose(
        self, customer: str, messages: list[MessageReceived], tags: list[str], now: float
    ) -> Proposals:
        lines = [one.text for one in messages]
        tokens = _UNSEEN_TOKENS + sum(map(len, lines)) + sum(map(len, tags))
        if self.budget and not await self.budget.admits(customer, tokens, now):
            return Proposals()
        try:
            found = await self.proposer.propose(lines, tags)
        except ModelUnavailable as unavailable:
            timed_out = isinstance(unavailable.__cause__, TimeoutError)  # and may have cost all
            if self.budget and not timed_out:
                await self.budget.correct(customer, -tokens, now)
            raise
        if self.budget and found.tokens:
            await self.budget.correct(customer, found.tokens - tokens, now)
        return found

    async def _written(self, case: EndedCase) -> list[MessageReceived]:
        """What the customer wrote in the case; the words of a menu item are ours."""
        if not self.may_leave(case.open_kfid):
            return []
        written = await self.store.transcript.written_by(
            case.external_userid, case.opened_at, 4 * _LINES
        )
        return [
            one
            for one in written
            if one.open_kfid == case.open_kfid
            and one.sent_at <= case.closed_at
            and one.text.strip()
            and not one.menu_id
        ][-_LINES:]

    async def _tags_for(self, proposals: TagProposals, customer: str, now: float) -> list[str]:
        """Tags that this customer has consented to, and that are no news to people."""
        standings = await self.store.consents.standings(customer)
        given = {str(one) for one, standing in standings.items() if standing is Standing.GIVEN}
        if Purpose.PROFILING_TAGS.value not in given:
            return []
        permitted = {one.name for one in self.settings.groups if one.purpose in given}
        known = await proposals.known(customer, now)
        return list(self._choice(permitted, known))[:_TAGS]

    def _choice(self, permitted: Collection[str], known: Collection[str]) -> Iterator[str]:
        for tag in sorted(self.vocabulary()):
            if group_of(tag) in permitted and tag not in known and self.may_tag(tag):
                yield tag
