"""May something be done for a purpose, and whom do we ask for it? Pure."""

from collections.abc import Iterable, Mapping, Sequence

from bot.model.consents import Asked, Purpose, Standing


def permits(purpose: Purpose, standing: Standing) -> bool:
    """Whether something may be done for this purpose; what is unknown is closed."""
    return purpose is Purpose.SERVICE or standing is Standing.GIVEN


def to_ask(
    wanted: Sequence[Purpose],
    version: str,
    standings: Mapping[Purpose, Standing],
    asked: Iterable[Asked],
    *,
    now: float,
    again_after_s: float,
) -> list[Purpose]:
    """The purposes that a person may be asked about now.

    Who has decided is not asked again, not even after another notice: a refusal is an answer, and
    asking until it is yes is no free choice. Who said nothing is asked once per notice, and once
    more after `again_after_s` (0 = never again).
    """
    shown: dict[Purpose, list[Asked]] = {}
    for one in asked:
        if one.version == version:
            shown.setdefault(one.purpose, []).append(one)
    return [
        purpose
        for purpose in wanted
        if purpose is not Purpose.SERVICE
        and standings.get(purpose, Standing.UNKNOWN) is Standing.UNKNOWN
        and _may_ask(shown.get(purpose, []), now, again_after_s)
    ]


def _may_ask(shown: Sequence[Asked], now: float, again_after_s: float) -> bool:
    if not shown:
        return True
    once = len(shown) == 1 and again_after_s > 0
    return once and now - shown[0].at >= again_after_s
