"""What may a member write about a customer whom he has as a friend (wecom-api §4.6)? Pure."""

import hashlib
import re

import msgspec

REMARK_CHARS, DESCRIPTION_CHARS, MOST_MOBILES = 20, 150, 5
_MOBILE = re.compile(r"\+?[0-9][0-9\-]{4,19}", re.ASCII)


class Remark(msgspec.Struct, frozen=True):
    """One member's notes about one customer, as WeCom keeps them.

    Args:
        remark: what he calls him, at most 20 characters.
        description: at most 150 characters.
        mobiles: phone numbers; writing them replaces those that were there.
    """

    remark: str = ""
    description: str = ""
    mobiles: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What a page was made of, so that it overwrites nothing that it has not shown."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    @property
    def problem(self) -> str:
        """What WeCom would refuse: a text ``remarks.<problem>``; empty = nothing."""
        if len(self.remark) > REMARK_CHARS:
            return "remark_long"
        if len(self.description) > DESCRIPTION_CHARS:
            return "description_long"
        if len(self.mobiles) > MOST_MOBILES:
            return "many_mobiles"
        return "" if all(map(_MOBILE.fullmatch, self.mobiles)) else "no_mobile"
