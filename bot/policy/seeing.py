"""May this member see this customer, and act for him (R-12.1)?

What a browser says is only a question: which customer, at which account. The answer is made of our
own rows each time. Whoever may not see a customer learns not even that there is one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Case, Conversation
from bot.model.cases import SEATED
from bot.policy.roles import People, Who
from bot.ports import Clock
from bot.store import Store

AFTER_S = 86_400.0
"""So long after the end of his case a servicer sees the customer: as long as he may add a note."""

_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a member may see.

    Args:
        conversation: at which account, ``None`` = none is meant: they are friends.
        case: the conversation's open case.
        why: ``friend``, ``seat``, ``account``, ``former``, ``leader`` or ``auditor``.
        may_act: whether he may change anything.
    """

    external_userid: str
    conversation: Conversation | None
    case: Case | None
    why: str
    may_act: bool


@dataclass(frozen=True, slots=True)
class Seeing:
    """Judges by what is stored now.

    Args:
        people: who everybody is.
        clock: tells how long ago a case has ended.
    """

    store: Store
    people: People
    clock: Clock

    async def sight(self, who: Who, external_userid: str, open_kfid: str = "") -> Sight | None:
        """What he may see of a customer.

        Args:
            open_kfid: the account whose toolbar he says he is in; being a friend is not enough
                there. Empty = a chat with the customer as a friend, or wherever a case is open.
        """
        if not _ID.fullmatch(external_userid) or (open_kfid and not _ID.fullmatch(open_kfid)):
            return None
        if not await self._exists(external_userid):
            return None
        cases = [
            one
            for one in await self.store.cases.all_open_of(external_userid)
            if open_kfid in ("", one.conversation.open_kfid)
        ]
        for one in cases:
            if why := await self._by_case(who, one):
                return self._seen(who, external_userid, one.conversation, one, why)
        if open_kfid:
            at = Conversation(open_kfid, external_userid)
            return await self._formerly(who, at) or await self._overseen_at(who, at)
        case = cases[0] if cases else None
        where = case.conversation if case else None
        relation = await self.store.contacts.relation(who.userid, external_userid)
        if relation is not None and relation.is_friend:
            return self._seen(who, external_userid, where, case, "friend")
        if who.oversees and await self._overseen(who, external_userid, cases):
            return self._seen(who, external_userid, where, case, "")
        return None

    def group(self, who: Who, staff: Sequence[str]) -> str:
        """Why he may see a customer group.

        Args:
            staff: the members of the company in it.

        Returns:
            ``member``, ``leader`` or ``auditor``; empty = he may not.
        """
        if who.key in {one.lower() for one in staff}:
            return "member"
        if not who.oversees:
            return ""
        is_below = not who.unit or any(who.covers(self.people.unit_of(one)) for one in staff)
        return _overseer(who) if is_below else ""

    async def serves(self, who: Who, open_kfid: str) -> bool:
        """Whether he is a servicer of an account: by WeCom's list, else by the configuration."""
        known = await self.store.servicers.known(open_kfid)
        member = self.people.member(who.userid)
        if known:
            return who.key in known and (member is None or member.serves(open_kfid))
        return member is not None and member.serves(open_kfid)

    # ------------------------------------------------------------------ why

    async def _by_case(self, who: Who, case: Case) -> str:
        if case.status in SEATED and case.servicer == who.key:
            return "seat"
        if await self.serves(who, case.conversation.open_kfid):
            return "account"
        return ""

    async def _formerly(self, who: Who, where: Conversation) -> Sight | None:
        """Whoever had the last case there may go on for a day with what it leaves to do."""
        last = await self.store.cases.last_closed(where)
        if last is None or last.servicer != who.key or not await self.serves(who, where.open_kfid):
            return None
        if self.clock.now() - (last.closed_at or 0.0) > AFTER_S:
            return None
        return self._seen(who, where.external_userid, where, None, "former")

    async def _overseen_at(self, who: Who, where: Conversation) -> Sight | None:
        """Where no open case lets him in: who leads may look at what was."""
        facts = await self.store.conversations.facts(where)
        if facts.version < 0 or not who.oversees:
            return None
        case = await self.store.cases.open_of(where)
        cases = [case] if case else []
        if not await self._overseen(who, where.external_userid, cases):
            return None
        return self._seen(who, where.external_userid, where, case, "")

    async def _overseen(self, who: Who, external_userid: str, cases: Sequence[Case]) -> bool:
        """Whether anybody who looks after the customer is below him."""
        if not who.unit:
            return True
        following = await self.store.contacts.friends_of(external_userid)
        responsible = [one.userid for one in following]
        responsible += [one.servicer for one in cases if one.servicer]
        return any(who.covers(self.people.unit_of(userid)) for userid in responsible)

    def _seen(
        self,
        who: Who,
        external_userid: str,
        where: Conversation | None,
        case: Case | None,
        why: str,
    ) -> Sight:
        why = why or _overseer(who)
        return Sight(external_userid, where, case, why, may_act=why != "auditor")

    async def _exists(self, external_userid: str) -> bool:
        row = await self.store.database.fetch_one(
            "SELECT 1 FROM customers WHERE external_userid = ? UNION ALL"
            " SELECT 1 FROM relations WHERE external_userid = ? LIMIT 1",
            *(external_userid, external_userid),
        )
        return row is not None


def _overseer(who: Who) -> str:
    return "auditor" if who.only_looks else "leader"
