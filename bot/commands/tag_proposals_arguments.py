"""Which commands are about tags that a model proposes, and what may be said to each?"""

import argparse
import sys

from bot.commands import tags_proposals
from bot.commands.arguments import Actions
from bot.config import Config


def add(actions: Actions) -> None:
    """Add the actions; each sets `work` to what it runs."""
    text = "大模型提出、等人决定的标签"
    whole = actions.add_parser("proposals", help=text, description=text)
    whole.set_defaults(work=_show)
    inner = whole.add_subparsers(metavar="动作")
    text = "列出等着决定的，各附客户的原话（打码）"
    inner.add_parser("list", help=text, description=text).set_defaults(work=_show)
    for name, text in (("accept", "打上，算人打的"), ("reject", "不打，以后也不再提")):
        one = inner.add_parser(name, help=text, description=text)
        one.set_defaults(work=_decide, accepts=name == "accept")
        one.add_argument("customer", help="external_userid")
        one.add_argument("tags", nargs="+", metavar="标签", help="如 意向：面霜")


async def _show(config: Config, _given: argparse.Namespace) -> int:
    return await tags_proposals.show(config, sys.stdout)


async def _decide(config: Config, given: argparse.Namespace) -> int:
    return await tags_proposals.decide(
        config, given.customer, given.tags, sys.stdout, accept=given.accepts
    )
