"""Which commands are about points and coupons, and what may be said to each?"""

import sys

from bot.commands import coupons, points
from bot.commands.arguments import Command, Run, action


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    out = sys.stdout
    parser = command("points", run, "客户的积分").add_subparsers(metavar="动作", required=True)
    one = action(parser, "show", lambda c, a: points.show(c, a.customer, out), "余额、每一笔、兑换")
    one.add_argument("customer", help="external_userid")
    action(parser, "items", lambda c, _: points.items(c, out), "能换什么、还剩几份、待寄出的")
    one = action(
        parser,
        "adjust",
        lambda c, a: points.adjust(c, a.customer, a.points, out, why=a.why),
        "人工加减积分",
    )
    one.add_argument("customer", help="external_userid")
    one.add_argument("points", type=int, help="几分，减就写负数")
    one.add_argument("--why", required=True, help="为什么，记进账里和审计")
    one = action(
        parser,
        "reverse",
        lambda c, a: points.reverse(c, a.customer, a.txn, out, why=a.why),
        "冲回一笔",
    )
    one.add_argument("customer", help="external_userid")
    one.add_argument("txn", help="show 列出的编号")
    one.add_argument("--why", required=True, help="为什么，记进账里和审计")
    one = action(
        parser,
        "cancel",
        lambda c, a: points.cancel(c, a.redemption, out, why=a.why),
        "取消待寄出的兑换，退回积分和库存",
    )
    one.add_argument("redemption", help="items 列出的编号")
    one.add_argument("--why", required=True, help="为什么，记下来")

    parser = command("coupon", run, "兑换券的核销").add_subparsers(metavar="动作", required=True)
    one = action(parser, "show", lambda c, a: coupons.show(c, a.code, out), "一个兑换码是什么")
    one.add_argument("code", help="兑换码")
    one = action(
        parser, "redeem", lambda c, a: coupons.redeem(c, a.code, a.pool, out), "核销一个兑换码"
    )
    one.add_argument("code", help="兑换码")
    one.add_argument("--pool", default="", help="同一个码在几个池里时，说明是哪个池")
