"""Was a customer told something untrue, given to two people, or forgotten? Looks on, and tells."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.judge import message_text
from simulator.records import HUMAN, QUEUED, Conversation
from simulator.server import Simulator

HANDED_OVER = ("已为您转接", "同事现在可以接待您了")
"""Words that are only true once WeCom has moved the session because of us (R-11.4)."""

_FORGOTTEN = """
SELECT cases.id, cases.open_kfid, cases.external_userid, cases.status, cases.servicer,
       EXISTS (SELECT 1 FROM tickets WHERE tickets.case_id = cases.id AND done_at IS NULL) AS ticket
FROM cases WHERE closed_at IS NULL AND wanted_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM case_steps WHERE case_id = cases.id AND name = 'given_up')
"""


@dataclass(frozen=True, slots=True)
class Move:
    """A session came to another state.

    Args:
        ours: whether the product did it, not somebody in the client.
        load: how many sessions the servicer has with it.
    """

    customer: str
    before: int
    state: int
    servicer: str
    ours: bool
    load: int


class Witness:
    """Sees every move of every session.

    Args:
        capacity: how many sessions a servicer may be given, by userid.
    """

    def __init__(self, sim: Simulator, capacity: Mapping[str, int]) -> None:
        self._sim, self._capacity = sim, capacity
        self.moves: list[Move] = []
        self._change = sim.world.change_state
        sim.world.change_state = self._seen  # type: ignore[method-assign]

    def _seen(self, conversation: Conversation, state: int, **how: Any) -> None:
        before = conversation.state
        self._change(conversation, state, **how)
        servicer = conversation.servicer or ""
        everybody = self._sim.world.conversations.values()
        load = sum(one.state == HUMAN and one.servicer == servicer for one in everybody)
        ours = how.get("told_by") == -1
        self.moves.append(Move(conversation.external_userid, before, state, servicer, ours, load))

    def assignments(self, customer: str) -> list[str]:
        """To whom the product gave this customer, in order."""
        return [
            move.servicer
            for move in self.moves
            if move.customer == customer and move.ours and move.state == HUMAN
        ]

    def faults(self, database: Path) -> list[str]:
        """Everything that must not be, as far as it can be seen now."""
        blamed = [f"{one.kind}: {one.detail}" for one in self._sim.violations]
        return [*blamed, *self._untrue(), *self._overfull(), *self._forgotten(database)]

    def _untrue(self) -> list[str]:
        found = []
        for conversation in self._sim.world.conversations.values():
            moved = any(
                move.ours and move.state in (QUEUED, HUMAN)
                for move in self.moves
                if move.customer == conversation.external_userid
            )
            for message in conversation.messages:
                if message.sender != "bot" or message.failed is not None:
                    continue
                text, with_people = message_text(message.view()), message.state in (QUEUED, HUMAN)
                told = any(words in text for words in HANDED_OVER)
                if told and not (moved and with_people):
                    found.append(f"untrue in state {message.state}: {text[:30]}")
                if with_people and message.via != "event":
                    found.append(f"the bot spoke in state {message.state}: {text[:30]}")
                if told and "排队" in text and message.state != QUEUED:
                    found.append(f"no queue in state {message.state}: {text[:30]}")
        return found

    def _overfull(self) -> list[str]:
        return [
            f"{move.servicer} was given {move.load} at once"
            for move in self.moves
            if move.ours and move.state == HUMAN
            if move.load > self._capacity.get(move.servicer, 0)
        ]

    def _forgotten(self, database: Path) -> list[str]:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
            rows = opened.execute(_FORGOTTEN).fetchall()
        found = []
        for case_id, open_kfid, customer, status, servicer, ticket in rows:
            session = self._sim.conversation(open_kfid, customer)
            fine = {
                "queued": session.state == QUEUED,
                "assigned": session.state == HUMAN,
                "serving": session.state == HUMAN,
                "ticket": bool(ticket),
            }
            if not fine.get(status):
                found.append(f"case {case_id} of {customer} is {status} in state {session.state}")
            elif session.state == HUMAN and (session.servicer or "").lower() != servicer:
                found.append(f"case {case_id} is {servicer}'s, the session {session.servicer}'s")
        return found
