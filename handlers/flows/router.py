"""Take customers through the flows that are written down, days long and across restarts (R-2.7).

Everything lies in rows and timers of the customer's own mailbox; what it acts on stands in the
modules ``on_…`` beside this one.
"""

from bot.routing import Router, Stage
from handlers.flows import store

router = Router("flows", stage=Stage.CAMPAIGN, tables=store.TABLES)
