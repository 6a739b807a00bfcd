"""What happened to the customers that a problem names? For whoever looks for the cause."""

import re
from collections.abc import Sequence

from benchmarks.chaos.crowd import Crowd
from benchmarks.chaos.stands import Stand
from simulator.judge import message_text
from simulator.scenery import PRESALE

_CUSTOMER = re.compile(r"wm_chaos_\d+")
_MSGID = re.compile(r"\b(?:cg|wait)_[0-9a-f]+")
_MOST = 6


async def stories(crowd: Crowd, problems: Sequence[str]) -> str:
    """Everything that the phone, the mailbox and the outbox know of them."""
    names = dict.fromkeys(name for one in problems for name in _CUSTOMER.findall(one))
    for msgid in {name for one in problems for name in _MSGID.findall(one)}:
        sql = "SELECT external_userid FROM outbox WHERE msgid = ?"
        names.update({str(row[0]): None for row in await crowd.stand.rows(sql, msgid)})
    told = [await _story(crowd, name) for name in list(names)[:_MOST]]
    return "\n".join(told)


async def _story(crowd: Crowd, customer: str) -> str:
    messages = crowd.sim.conversation(PRESALE, customer).messages
    lines = [
        f"{one.at:.2f} state {one.state} {one.sender} {one.via} {one.msgid}"
        f" {'FAILED ' if one.failed is not None else ''}{_text(one.content, one.view())}"
        for one in messages
    ]
    moves = [str(move) for move in crowd.watched.moves if move.customer == customer]
    came = [f"{at:.2f} came to people" for at in crowd.watched.came.get(customer, ())]
    return "\n  ".join(
        [f"--- {customer}", *lines, *moves, *came, *await _rows(crowd.stand, customer)]
    )


def _text(content: object, view: dict[str, object]) -> str:
    return (message_text(view) or str(content)).replace("\n", " | ")[:160]


async def _rows(stand: Stand, customer: str) -> list[str]:
    """Its rows, with the time of the service's own clock."""
    outbox = await stand.rows(
        "SELECT id, kind, state, attempts, error, created_at, claimed_at, ended_at, msgid,"
        " handled_by, answers, window_msgid FROM outbox WHERE subject = ? ORDER BY id",
        f"customer:{customer}",
    )
    mailbox = await stand.rows(
        "SELECT id, kind, lane, attempts, error, due_at, received_at, done_at, key, timer_name"
        " FROM mailbox WHERE subject = ? ORDER BY id",
        f"customer:{customer}",
    )
    cases = await stand.rows(
        "SELECT s.at, s.name, s.level, s.servicer, s.reason FROM case_steps s"
        " WHERE s.external_userid = ? ORDER BY s.at, s.n",
        customer,
    )
    named = (("outbox", outbox), ("mailbox", mailbox), ("step", cases))
    return [f"{table} {' '.join(map(str, row))}" for table, rows in named for row in rows]
