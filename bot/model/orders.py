"""What does a customer's order look like, wherever it was found?"""

import msgspec

ORDERS = "orders"
"""Name of the look-up of a customer's own orders."""

VALUES = "values"
"""Name of the look-up of values that an answer names, such as ``profile.name``."""


class Shipment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is on its way for an order; texts as the source words them, empty = not told."""

    carrier: str = ""
    number: str = ""
    status: str = ""
    last_event: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order of a customer.

    Args:
        amount: in 分, ``None`` = not told.
        paid_at: Unix seconds, ``None`` = not told.
    """

    number: str
    status: str = ""
    title: str = ""
    amount: int | None = None
    paid_at: float | None = None
    shipments: tuple[Shipment, ...] = ()
