"""Who is told what happens to customers, and of what exactly?"""

from typing import Literal

from pydantic import Field

from bot.config.section import Section
from bot.config.tools import ToolName, ToolUrl
from bot.config.values import ApiToken, Many

WebhookEvent = Literal[
    "customer.added",
    "customer.deleted",
    "customer.tagged",
    "customer.untagged",
    "customer.merged",
    "customer.unmerged",
    "consent.changed",
]
WebhookAttribute = Literal[
    "company", "stage", "source", "level", "city", "name", "phone", "email", "gender", "birthday"
]

WebhookName = ToolName
WEBHOOK_EVENTS: tuple[WebhookEvent, ...] = (
    "customer.added",
    "customer.deleted",
    "customer.tagged",
    "customer.untagged",
    "customer.merged",
    "customer.unmerged",
    "consent.changed",
)


class Webhook(Section):
    """An address that is told, signed with a secret."""

    url: ToolUrl
    secret: ApiToken
    events: Many[WebhookEvent] = WEBHOOK_EVENTS
    attributes: Many[WebhookAttribute] = ()
    timeout_s: float = Field(default=5, gt=0, le=30, allow_inf_nan=False)
