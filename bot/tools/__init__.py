"""How are the company's own systems asked, and what do their answers mean?"""

from bot.tools.answers import fields_in, orders_in
from bot.tools.http import HttpTools

__all__ = ["HttpTools", "fields_in", "orders_in"]
