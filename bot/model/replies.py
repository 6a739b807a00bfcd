"""What is meant to be said, why, and what goes with it? Nouns that effects carry."""

from typing import Any, Literal

import msgspec

from bot.model.consents import Purpose
from bot.model.outreach import Outreach


class Because(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was said; stored with it.

    Args:
        source: kind of reason, e.g. ``faq``, ``reply`` (a fixed text) or ``model``.
        ref: id of the entry, rule or text.
        score: confidence from 0 to 1, where there is one.
        detail: further evidence, JSON-able.
    """

    source: str
    ref: str = ""
    score: float | None = None
    detail: dict[str, Any] = {}


class MenuItem(msgspec.Struct, frozen=True):
    """One line of a menu that a customer can tap; the tap comes back as text with this id."""

    id: str  # 1–64 bytes (wecom-api §3.10)
    content: str  # 1–128 bytes


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What goes with an answer or a welcome beside its text (wecom-api §3.10, §4.3).

    Args:
        kind: an image, video or file needs `media`; a link `title` and `url`; a miniprogram
            `appid`, `pagepath` and `media`. Videos and files go with no answer of the knowledge.
        title: at most 128 bytes for a link, 64 for a miniprogram.
        desc: of a link, at most 512 bytes.
        url: of a link, http(s), at most 2048 bytes.
        media: the picture: a file beside the entry's file, or its http(s) address. WeCom forgets a
            media_id after three days, so it is uploaded when it is needed.
        appid: of a miniprogram that the company has linked, at most 32 bytes.
        pagepath: of a miniprogram, at most 1024 bytes.
    """

    kind: Literal["image", "link", "miniprogram", "video", "file"]
    title: str = ""
    desc: str = ""
    url: str = ""
    media: str = ""
    appid: str = ""
    pagepath: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What we mean to say: text, and optionally a menu under it.

    Args:
        survey: items under the menu that ask whether this helped; left out where they would cost a
            message, or where the reply answers several messages.
        attachments: what follows the text while there is room for it.
        purpose: what the customer must have agreed to for it to be said, ``None`` = nothing.
        outreach: why it is said though nobody asked; it takes from the person's budget.
    """

    text: str
    menu: tuple[MenuItem, ...] = ()
    survey: tuple[MenuItem, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    tail: str = ""
    because: Because | None = None
    category: str = ""
    written_by_model: bool = False
    purpose: Purpose | None = None
    outreach: Outreach | None = None


class Benefit(msgspec.Struct, frozen=True, kw_only=True):
    """A code that is given with a welcome, once per person and campaign (R-2.4).

    Args:
        without: said instead of the text when this person gets none, or none is left.
    """

    campaign: str
    without: str
