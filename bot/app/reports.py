"""What measures 7-2-1 in this deployment?"""

from bot.config import Config
from bot.measuring import Reporter, all_hours
from bot.store import Measured


def build_reporter(config: Config, cases: Measured) -> Reporter:
    """Measures by the company's business hours."""
    return Reporter(cases, all_hours, config.measuring.minimum_cases)
