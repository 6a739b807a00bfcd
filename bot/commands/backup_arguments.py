"""Which commands copy what is held and bring it back, and what may be said to each?"""

import argparse
import sys
from pathlib import Path

from bot.commands import backup
from bot.commands.arguments import Command, Run
from bot.config import Config


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    one = command("backup", run, "备份数据和密钥库，服务照常运行")
    one.add_argument("folder", type=Path, help="放数据的文件夹，每次备份在里面新建一个")
    one.add_argument("--keys", type=Path, required=True, help="放密钥库的文件夹，要与数据分开")
    one.add_argument("--keep", type=int, default=0, help="只留最近几次，默认全留")
    one.set_defaults(work=_back_up)
    one = command("restore", run, "从备份恢复；先停止服务")
    one.add_argument("folder", type=Path, help="一次备份的文件夹，concierge-日期-时间")
    one.add_argument("--keys", type=Path, help="那一次的密钥库，这里没有密钥库时必须写")
    one.add_argument("--replace", action="store_true", help="这里已有数据库：改名留着，换成备份的")
    one.set_defaults(work=_restore)


async def _back_up(config: Config, given: argparse.Namespace) -> int:
    return await backup.back_up(config, given.folder, given.keys, sys.stdout, keep=given.keep)


async def _restore(config: Config, given: argparse.Namespace) -> int:
    return await backup.restore(config, given.folder, given.keys, sys.stdout, replace=given.replace)
