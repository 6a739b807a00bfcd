"""What measures 7-2-1 in this deployment?"""

from bot.app.engine import build_roster
from bot.config import Config
from bot.measuring import Reporter
from bot.store import Measured


def build_reporter(config: Config, cases: Measured) -> Reporter:
    """Measures by the company's business hours."""
    return Reporter(cases, build_roster(config).duty_seconds, config.measuring.minimum_cases)
