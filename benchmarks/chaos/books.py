"""Do the books agree, with themselves and with what the phones received? Read from the database."""

from collections import Counter

from benchmarks.chaos.script import FLOWS, PRICE, Script
from benchmarks.chaos.stands import Stand
from simulator.scenery import PRESALE
from simulator.server import Simulator

_DUE = "done_at IS NULL AND parked_at IS NULL AND due_at <= ?"

_RULES = {
    "a transaction of points does not add up": (
        "SELECT txn, SUM(amount) FROM points_postings GROUP BY txn HAVING SUM(amount) <> 0"
    ),
    "a purse below zero": (
        "SELECT external_userid, SUM(amount) FROM points_postings WHERE account = 'wallet'"
        " GROUP BY external_userid HAVING SUM(amount) < 0"
    ),
    "an exchange without its one code": (
        "SELECT r.id, COUNT(c.code) FROM points_redemptions r"
        " LEFT JOIN coupons c ON c.given_for = r.id WHERE r.standing = 'given'"
        " GROUP BY r.id HAVING COUNT(c.code) <> 1"
    ),
    "an exchange without its points": (
        "SELECT r.id, COUNT(p.id) FROM points_redemptions r LEFT JOIN points_postings p"
        f" ON p.source_id = r.id AND p.account = 'wallet' AND p.amount = -{PRICE}"
        " GROUP BY r.id HAVING COUNT(p.id) <> 1"
    ),
    "exchanged more than once": (
        "SELECT external_userid, COUNT(*) FROM points_redemptions"
        " GROUP BY external_userid HAVING COUNT(*) > 1"
    ),
    "a code given for two things": (
        "SELECT given_for, COUNT(*) FROM coupons WHERE given_for IS NOT NULL"
        " GROUP BY given_for HAVING COUNT(*) > 1"
    ),
    "a reward granted twice": (
        "SELECT external_userid, COUNT(*) FROM referral_grants"
        " GROUP BY campaign, external_userid, tier, side HAVING COUNT(*) > 1"
    ),
    "a friend credited twice": (
        "SELECT external_userid, COUNT(*) FROM referral_invites WHERE standing <> 'refused'"
        " GROUP BY campaign, external_userid HAVING COUNT(*) > 1"
    ),
    "two open cases of one conversation": (
        "SELECT open_kfid, external_userid, COUNT(*) FROM cases WHERE closed_at IS NULL"
        " GROUP BY open_kfid, external_userid HAVING COUNT(*) > 1"
    ),
    "a case with somebody, and nobody named": (
        "SELECT id, status FROM cases WHERE status IN ('assigned', 'serving') AND servicer = ''"
        " AND closed_at IS NULL"
    ),
}

_TOUCHES = (
    "SELECT o.external_userid, COUNT(*) FROM outreach o WHERE o.refused = '' AND NOT EXISTS"
    " (SELECT 1 FROM outbox b WHERE b.msgid = o.msgid"
    "  AND b.state IN ('dead', 'cancelled', 'expired', 'held'))"
    " GROUP BY o.external_userid HAVING COUNT(*) > 1"
)

_CODE_GONE = ("errcode=95007", "errcode=95018", "errcode=41050")

_LEFT = (
    "SELECT 'outbox', kind, state, error, COUNT(*) FROM outbox"
    " WHERE state IN ('pending', 'claimed', 'dead') GROUP BY kind, state, error UNION ALL"
    " SELECT 'mailbox', kind, CASE WHEN parked_at IS NULL THEN 'open' ELSE 'parked' END, error,"
    " COUNT(*) FROM mailbox WHERE done_at IS NULL AND (parked_at IS NOT NULL OR due_at <= ?)"
    " GROUP BY kind, parked_at IS NULL, error"
)


async def left_to_do(stand: Stand) -> int:
    """Rows that are due and not done."""
    rows = await stand.rows(
        f"SELECT (SELECT COUNT(*) FROM mailbox WHERE {_DUE})"
        " + (SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'claimed'))",
        stand.now(),
    )
    return int(rows[0][0])


async def told_of(stand: Stand) -> set[str]:
    """Customers of whom people know: there is a case, or they were told what went wrong."""
    rows = await stand.rows(
        "SELECT external_userid FROM cases WHERE wanted_at IS NOT NULL UNION"
        " SELECT substr(subject, length('customer:') + 1) FROM outbox"
        " WHERE kind = 'NotifyStaff' AND handled_by LIKE 'escalation.%' AND state = 'sent'"
    )
    return {str(row[0]) for row in rows}


async def wrong_books(stand: Stand, sim: Simulator, script: Script) -> list[str]:
    """Everything that the books should not say."""
    found = [
        f"{rule}: {row}"
        for rule, sql in _RULES.items()
        for row in (await stand.rows(sql))[:5]
    ]  # fmt: skip
    found += [f"more touches than one a day: {row}" for row in await stand.rows(_TOUCHES)]
    for table, kind, state, error, count in await stand.rows(_LEFT, stand.now()):
        if not _is_known_end(str(kind), str(state), str(error)):
            found.append(f"{count}× {table} {kind} {state} {error}")
    given = (await stand.rows("SELECT COUNT(*) FROM coupons WHERE given_for IS NOT NULL"
                              " AND pool = 'coffee'"))[0][0]  # fmt: skip
    buyers = sum(part.has("tap") for part in script.parts)
    if given != min(script.stock, buyers):
        found.append(f"{given} codes given of {script.stock} to {buyers}")
    return [*found, *await _sent_and_received(stand, sim)]


def _is_known_end(kind: str, state: str, error: str) -> bool:
    """What WeCom could not deliver is told to people, see `verdict`; a code that was too late, or
    whose session has moved on, says a courtesy less.
    """
    if kind in ("SendOnEvent", "SendWelcome"):
        return state == "dead" and any(code in error for code in _CODE_GONE)
    return kind == "SendMessage" and state == "dead" and error.startswith("msg_send_fail")


async def _sent_and_received(stand: Stand, sim: Simulator) -> list[str]:
    """Each message that a phone shows is a row that says sent, and the other way round."""
    rows = await stand.rows("SELECT msgid, state FROM outbox WHERE kind = 'SendMessage'")
    state = {str(msgid): str(state) for msgid, state in rows}
    shown = Counter(
        message.msgid
        for conversation in sim.world.conversations.values()
        for message in conversation.messages
        if message.sender == "bot" and message.via == "send_msg"
    )
    found = [f"{msgid} shown {times} times" for msgid, times in shown.items() if times > 1]
    found += [
        f"{msgid} was shown, its row says {state.get(msgid)}"
        for msgid in shown
        if state.get(msgid) not in ("sent", "dead")
    ]
    lost = [msgid for msgid, how in state.items() if how == "sent" and msgid not in shown]
    return found + [f"{msgid} is said to be sent, no phone shows it" for msgid in lost]


def advertised_too_often(sim: Simulator, script: Script) -> list[str]:
    """Customers whom both flows reached, or one twice: they agreed to one touch a day."""
    found = []
    for part in script.parts:
        said = sim.said_by_bot(PRESALE, part.customer)
        times = sum(text in one for one in said for text in FLOWS.values())
        if times > 1 or (times and not part.takes_touches):
            found.append(f"{part.customer} was reached out to {times} times")
    return found
