"""How urgent is a piece of work? Each lane has drain and send slots of its own."""

from enum import StrEnum


class Lane(StrEnum):
    """Lanes in order of precedence; who goes first within one: `bot/delivery/lanes.py`."""

    URGENT = "urgent"  # welcome and end codes: they die after 20 s (wecom-api §3.11)
    HANDOFF = "handoff"
    REPLY = "reply"
    MODEL = "model"  # of its own: a model that hangs must not hold up what others wait for
    BACKGROUND = "background"
    WEBHOOK = "webhook"  # of its own: an address that hangs must not hold up anything else
