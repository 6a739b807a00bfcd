"""When is somebody there again, as people say it?"""

from zoneinfo import ZoneInfo

import pytest

from bot.app import PROMPTS
from bot.policy.roster import opening
from bot.routing.phrases import Phrases
from bot.routing.wording import opening_text
from tests.unit.policy.rosters import SHANGHAI, at

PHRASES = Phrases.load(PROMPTS)


@pytest.mark.parametrize(
    ("opens", "text"),
    [
        ("2026-02-27 14:00", "今天 14:00"),
        ("2026-02-28 00:00", "明天 00:00"),
        ("2026-02-28 09:00", "明天 09:00"),
        ("2026-03-01 09:05", "周日（3月1日）09:05"),
        ("2026-03-02 09:00", "周一（3月2日）09:00"),
    ],
)
def test_an_opening_is_told_as_people_tell_it(opens: str, text: str) -> None:
    now = at("2026-02-27 08:00")
    assert opening_text(PHRASES, opening(at(opens), now, SHANGHAI)) == text


def test_a_day_begins_at_the_midnight_of_the_zone() -> None:
    now, opens = at("2026-02-27 23:30"), at("2026-02-28 00:30")
    assert opening_text(PHRASES, opening(opens, now, SHANGHAI)) == "明天 00:30"
    berlin = ZoneInfo("Europe/Berlin")
    assert opening_text(PHRASES, opening(opens, now, berlin)) == "今天 17:30"
