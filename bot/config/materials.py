"""Who hears of it when a customer opens what he was sent?"""

from pydantic import Field

from bot.config.section import Section


class OpenedLinks(Section):
    """Links of ours that lead to materials.

    Args:
        tell_staff: whether whoever sent it gets a message; the sidebar shows it anyway.
        again_after_min: of the same link he is told again only after so many minutes.
    """

    tell_staff: bool = True
    again_after_min: int = Field(default=60, ge=10, le=10_080)
