"""Which welcomes are there for newcomers?"""

from bot.config.section import Section
from bot.config.values import Many, Source


class Welcome(Section):
    """How newcomers are greeted.

    Args:
        sources: files of welcomes, or folders of such files; the first one written wins.
    """

    sources: Many[Source] = ()
