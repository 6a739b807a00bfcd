"""Which commands are about the rules that tag, and what may be said to each?"""

import argparse
import sys
from pathlib import Path

from bot.commands import tags_explain, tags_import
from bot.commands.arguments import Actions
from bot.config import Config


def add(actions: Actions) -> None:
    """Add the actions; each sets `work` to what it runs."""
    text = "客户的一句话会打上什么标签，为什么，什么没有打"
    one = actions.add_parser("test", help=text, description=text)
    one.set_defaults(work=_test)
    one.add_argument("text", help="客户的话")
    one.add_argument("--customer", default="", help="external_userid：看他同意没有、打不打得上")
    one.add_argument("--learn", action="store_true", help="例句还没有学过就现在学，约一分钟")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    text = "从 Excel、csv 导入规则：每行一条，先给人看再写；同一个文件可以反复导入"
    one = actions.add_parser("import", help=text, description=text)
    one.set_defaults(work=_import)
    one.add_argument("file", type=Path, help="至少有“标签”和“关键词”两列")
    one.add_argument("--to", type=Path, help="写到哪个规则文件，默认 tag-rules/文件名.yaml")
    one.add_argument(
        "--columns", default="", help="表头认不出时，如 tag=画像,contains=触发语 或列号 A、B"
    )
    one.add_argument("--yes", action="store_true", help="不问，直接写")
    one.add_argument("--dry-run", action="store_true", help="只看看，不写")


async def _test(config: Config, given: argparse.Namespace) -> int:
    return await tags_explain.explain(
        config,
        given.text,
        sys.stdout,
        customer=given.customer,
        learn=given.learn,
        as_json=given.json,
    )


async def _import(config: Config, given: argparse.Namespace) -> int:
    options = tags_import.Options(
        to=given.to or given.config.absolute().parent / "tag-rules" / f"{given.file.stem}.yaml",
        yes=given.yes,
        dry_run=given.dry_run,
        columns=given.columns,
    )
    return tags_import.import_rules(config, given.file, options, sys.stdout)
