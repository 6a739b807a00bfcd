"""Which welcomes are there for newcomers?"""

from bot.config.section import Section
from bot.config.values import Many, Source


class Welcome(Section):
    """How newcomers are greeted.

    Args:
        sources: files of welcomes, or folders of such files; the first one written wins.
    """

    sources: Many[Source] = ()


class Flows(Section):
    """What customers are taken through, step by step.

    Args:
        sources: files of flows, or folders of such files.
    """

    sources: Many[Source] = ()
