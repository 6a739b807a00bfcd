"""How do the outcomes of trials look in a table?"""

from collections.abc import Sequence

from tests.integration.crash.trial import Outcome

_COLUMNS = (
    *("kill point, condition", "messages", "kills", "starts", "accidents"),
    *("answered", "lost", "doubled", "order", "other", "seconds"),
)


def table(outcomes: Sequence[Outcome]) -> str:
    """One line per trial."""
    rows = [_COLUMNS, *map(_row, outcomes)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(_COLUMNS))]
    lines = [
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def starts(outcomes: Sequence[Outcome]) -> str:
    """How long the product took from spawn to ready, over all trials."""
    took = sorted(seconds for outcome in outcomes for seconds in outcome.ready_s)
    if not took:
        return "no start was timed"
    median, worst = took[len(took) // 2], took[-1]
    return f"{len(took)} starts to ready: median {median:.2f} s, slowest {worst:.2f} s"


def _row(outcome: Outcome) -> tuple[str, ...]:
    verdict = outcome.verdict
    faulty = (verdict.wrong, outcome.violations, outcome.leftovers, outcome.discourtesies)
    return (
        outcome.plan.name,
        *map(str, (outcome.plan.messages, outcome.kills, outcome.lives, outcome.accidents)),
        str(verdict.answered),
        *map(str, map(len, (verdict.lost, verdict.doubled, verdict.out_of_order))),
        str(sum(map(len, faulty))),
        f"{outcome.seconds:.1f}",
    )
