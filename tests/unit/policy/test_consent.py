from bot.model.consents import Asked, Purpose, Standing
from bot.policy.consent import permits, to_ask

DAY_S = 86_400.0
WANTED = [Purpose.PROFILING_TAGS, Purpose.MARKETING]


def test_only_what_was_given_opens_a_gate_and_service_needs_none() -> None:
    for purpose in Purpose:
        for standing in Standing:
            expected = purpose is Purpose.SERVICE or standing is Standing.GIVEN
            assert permits(purpose, standing) is expected, (purpose, standing)


def ask(
    standings: dict[Purpose, Standing] | None = None,
    asked: list[Asked] | None = None,
    *,
    version: str = "1",
    now: float = 100 * DAY_S,
    again_days: float = 0,
) -> list[Purpose]:
    return to_ask(
        WANTED, version, standings or {}, asked or [], now=now, again_after_s=again_days * DAY_S
    )


def test_each_purpose_is_asked_by_itself_and_once_per_notice() -> None:
    shown = [Asked(Purpose.MARKETING, "1", 99 * DAY_S)]
    assert ask() == WANTED
    assert ask(asked=shown) == [Purpose.PROFILING_TAGS]
    assert ask(asked=shown, version="2") == WANTED


def test_a_refusal_is_an_answer_whatever_notice_comes_next() -> None:
    for standing in (Standing.REFUSED, Standing.WITHDRAWN, Standing.GIVEN):
        assert ask({Purpose.MARKETING: standing}, version="2") == [Purpose.PROFILING_TAGS]


def test_who_said_nothing_is_asked_once_more_after_a_while_and_never_a_third_time() -> None:
    first = Asked(Purpose.MARKETING, "1", 10 * DAY_S)
    second = Asked(Purpose.MARKETING, "1", 50 * DAY_S)
    assert Purpose.MARKETING not in ask(asked=[first])
    assert Purpose.MARKETING in ask(asked=[first], again_days=90)
    assert Purpose.MARKETING not in ask(asked=[first], again_days=91)
    assert Purpose.MARKETING not in ask(asked=[first, second], again_days=1)
