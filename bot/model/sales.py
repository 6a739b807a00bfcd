"""What was paid for in a shop, as the shop tells it?"""

import msgspec

ORDER_PAID = "order_paid"
"""Name of the event that a customer has paid for an order."""


class Sale(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order as a shop, a marketplace or the company's own system tells of it.

    Args:
        number: the shop's own, unique for ever.
        shop: where it was bought, e.g. ``taobao``.
        status: in the shop's words.
        amount: paid, in 分.
        refunded: of it paid back, in 分; all of it = it does not count.
        paid_at: Unix seconds, ``None`` = not paid (yet).
        changed_at: when this became so; of two tellings the later one holds (R-1.7).
        external_userid: who bought it, where the shop knows that.
        phone: of the buyer, as the shop verified it.
        categories: of the goods.
    """

    number: str
    changed_at: float
    shop: str = ""
    status: str = ""
    amount: int = 0
    refunded: int = 0
    paid_at: float | None = None
    external_userid: str = ""
    unionid: str = ""
    phone: str = ""
    title: str = ""
    categories: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether money stayed."""
        return self.paid_at is not None and self.amount > self.refunded
