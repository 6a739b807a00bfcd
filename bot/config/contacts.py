"""Does the service look after customer contact (客户联系), and when does it compare?"""

from pydantic import Field, SecretStr

from bot.config.section import Section
from bot.config.values import MinuteOfDay, Secret


class Contacts(Section):
    """Friends of members, and their tags at WeCom.

    Args:
        enabled: no value = when WeCom lets us, without a word when it does not.
        secret: of the old system function 客户联系, tried when the app is refused.
        compare_at: when the nightly comparison begins, in minutes since midnight.
        pages_per_minute: how many calls the comparison makes at most.
    """

    enabled: bool | None = None
    secret: Secret = SecretStr("")
    compare_at: MinuteOfDay = 3 * 60 + 30
    pages_per_minute: int = Field(default=120, ge=1, le=6000)
