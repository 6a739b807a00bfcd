"""Who joined and left the groups of campaigns, as WeCom told? Reads, and a statement.

Of groups that no campaign leads into nothing is kept (docs/decisions/0035).
"""

from bot.store import Statement, Store
from handlers.referral.rules import Tie


async def ties_of(facts: Store, customer: str) -> list[Tie]:
    """What is known of a customer in such groups."""
    rows = await facts.database.fetch(
        "SELECT * FROM referral_group_ties WHERE external_userid = ? ORDER BY at, noted_at, began",
        customer,
    )
    return [
        Tie(row["at"], row["noted_at"], row["place"], bool(row["began"]), row["state"], row["by"])
        for row in rows
    ]


async def is_known(facts: Store, customer: str, tie: Tie) -> bool:
    """Whether that was told before."""
    found = await ties_of(facts, customer)
    named = (tie.userid, tie.at, tie.began)
    return any((one.userid, one.at, one.began) == named for one in found)


def tied(customer: str, tie: Tie) -> Statement:
    """Somebody joined or left; told once more it changes nothing."""
    return Statement(
        "INSERT INTO referral_group_ties VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (customer, tie.userid, tie.at, tie.noted_at, int(tie.began), tie.state, tie.by),
    )
