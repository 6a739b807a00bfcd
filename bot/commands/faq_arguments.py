"""Which actions does `concierge faq` have, and what may be said to each?"""

import argparse
import sys
from pathlib import Path

from bot.commands import faq, faq_edit, faq_gaps, faq_lint, faq_paraphrase, faq_terms
from bot.commands.arguments import Actions, Work
from bot.commands.evaluate import evaluate
from bot.config import Config
from bot.errors import Misconfigured

_FIELDS = ("question", "answer", "category", "valid_from", "valid_until", "approved", "similar")


def add(actions: Actions) -> None:
    """Add every action; each sets `work` to what it runs."""
    one = _action(actions, "search", _search, "看一句话会命中哪些条目、为什么")
    one.add_argument("text", help="客户的问题")
    one.add_argument("--lexical", action="store_true", help="只按字词检索，不用向量")
    one = _action(actions, "import", _import, "导入表格、Markdown、网页、文本，或整个文件夹")
    one.add_argument("paths", nargs="+", type=Path, metavar="路径", help="文件或文件夹")
    one.add_argument(
        "--columns", default="", help="表格的列，如 question=问题,answer=答案 或列号 A、B"
    )
    one.add_argument("--yes", action="store_true", help="不问，直接写入（也移除文件里没有了的）")
    one.add_argument("--dry-run", action="store_true", help="只看会改什么，不写入")
    one.add_argument("--keep-missing", action="store_true", help="文件里没有了的也留着")
    one.add_argument("--all", action="store_true", help="列出每一行，不省略")
    one.add_argument(
        "--paraphrase", action="store_true", help="写入之后，请大模型给新的和改了的条目提出问法"
    )
    _add_paraphrase(actions)
    _add_checks(actions)
    one = _action(actions, "list", _list, "列出条目")
    one.add_argument("text", nargs="?", default="", help="编号、类别或问法里有这几个字的")
    one = _action(actions, "show", _show, "看一条，连同来源与冲突")
    one.add_argument("id", help="条目的编号")
    one = _action(actions, "put", _put, "写入一个文件里的条目（新增或覆盖），马上生效")
    one.add_argument("file", type=Path, help=".yaml 或 .jsonl 文件")
    one = _action(actions, "set", _set, "改一条里的几项，马上生效")
    one.add_argument("id", help="条目的编号")
    one.add_argument("--question", help="标准问法")
    one.add_argument("--answer", help="回答")
    one.add_argument("--similar", action="append", help="再加一个问法，可写多次")
    one.add_argument("--category", help="类别")
    one.add_argument("--valid-from", help="头一天，如 2026-01-01")
    one.add_argument("--valid-until", help="最后一天，如 2026-12-31")
    one.add_argument("--approved", choices=("true", "false"), help="是否批准说出去")
    one = _action(actions, "remove", _remove, "移除条目，马上生效")
    one.add_argument("ids", nargs="+", help="条目的编号")
    one = _action(actions, "take", _take, "与文件冲突的条目，改用文件里的")
    one.add_argument("ids", nargs="+", help="条目的编号")
    one = _action(actions, "undo", _undo, "撤销条目的最后一次修改，或整次导入")
    one.add_argument("ids", nargs="*", help="条目的编号")
    one.add_argument(
        "--import", dest="version", type=int, help="撤销整次修改：history 里的次数，如一次导入"
    )
    one = _action(actions, "history", _history, "列出最近的修改，或一条的全部修改")
    one.add_argument("id", nargs="?", default="", help="条目的编号")
    _add_gaps(actions)
    _action(actions, "export", _export, "把全部条目写成 YAML")


def _add_paraphrase(actions: Actions) -> None:
    one = _action(
        actions, "paraphrase", _paraphrase, "请大模型提出问法，不与别的条目冲突的由人确认"
    )
    one.add_argument(
        "--entry", action="append", default=[], metavar="ID", help="只给这一条，可写多次"
    )
    one.add_argument("--limit", type=int, default=20, help="最多几条，问法少的在先，默认 20")
    one.add_argument("--count", type=int, default=5, help="一条最多几个问法，默认 5")
    one.add_argument("--yes", action="store_true", help="不问，合适的都写入")
    one.add_argument("--by", default=faq_gaps.BY, help="谁批准的")


def _add_checks(actions: Actions) -> None:
    one = _action(
        actions, "lint", _lint, "检查全部条目：矛盾、重复、抢问法、过长、坏链接、要当心的词"
    )
    one.add_argument("--online", action="store_true", help="真的去访问每个网址")
    one.add_argument("--json", action="store_true", help="输出 JSON")
    one = _action(actions, "terms", _terms, "提出容易认错的专用词，供人确认")
    one.add_argument("--json", action="store_true", help="以 JSON 打印")
    one = _action(actions, "eval", _eval, "用标好答案的问题检验：找得准不准、该不该答")
    one.add_argument("--queries", type=Path, required=True, help="标好答案的问题，JSONL")
    one.add_argument("--faq", type=Path, help="另一份知识（文件或文件夹）；默认这里的知识")
    one.add_argument("--json", action="store_true", help="以 JSON 打印")
    one.add_argument("--predictions", type=Path, metavar="FILE", help="把每一问的结果写成 JSONL")


def _add_gaps(actions: Actions) -> None:
    one = _action(actions, "gaps", _gaps, "列出客户问了、知识里没答好的")
    one.add_argument("--days", type=int, default=30, help="最近几天问过的，默认 30")
    one.add_argument("--json", action="store_true", help="以 JSON 打印")
    one = _action(actions, "accept", _accept, "学会一个缺口：加进一条知识的问法，或新增一条")
    one.add_argument("gap", help="gaps 列出的编号")
    one.add_argument("--entry", metavar="ID", help="该答哪一条；默认客户点的、同事答的那一条")
    one.add_argument("--new", action="store_true", help="新增一条，回答默认用同事的原话")
    one.add_argument("--question", default="", help="只学这一个问法，或新条目的标准问法")
    one.add_argument("--answer", default="", help="新条目的回答")
    one.add_argument("--by", default=faq_gaps.BY, help="谁确认的")
    one.add_argument("--sure", action="store_true", help="一个人确认就够，重放里变差也写入")
    one.add_argument("--dry-run", action="store_true", help="只看哪些回答会变，不写入")
    one = _action(actions, "reject", _reject, "不学这个缺口，问的人多到三倍再列出")
    one.add_argument("gap", help="gaps 列出的编号")
    one.add_argument("--by", default=faq_gaps.BY, help="谁决定的")


def _action(actions: Actions, name: str, work: Work, text: str) -> argparse.ArgumentParser:
    one: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    one.add_argument(
        "--account", default="", metavar="KF", help="有自己知识的客服账号（open_kfid）；默认共用的"
    )
    one.set_defaults(work=work)
    return one


async def _search(config: Config, given: argparse.Namespace) -> int:
    return await faq.search(config, given.text, given.account, sys.stdout, lexical=given.lexical)


async def _import(config: Config, given: argparse.Namespace) -> int:
    from bot.commands import faq_import  # the splitter costs 0.2 s and 36 MB

    options = faq_import.ImportOptions(
        columns=given.columns,
        yes=given.yes,
        dry_run=given.dry_run,
        keep_missing=given.keep_missing,
        everything=given.all,
        paraphrase=given.paraphrase,
    )
    return await faq_import.import_files(config, given.account, given.paths, options, sys.stdout)


async def _paraphrase(config: Config, given: argparse.Namespace) -> int:
    wish = faq_paraphrase.Wish(
        ids=given.entry, limit=given.limit, count=given.count, yes=given.yes, by=given.by
    )
    return await faq_paraphrase.paraphrase(config, given.account, wish, sys.stdout)


async def _lint(config: Config, given: argparse.Namespace) -> int:
    return await faq_lint.lint_entries(
        config, given.account, sys.stdout, online=given.online, as_json=given.json
    )


async def _terms(config: Config, given: argparse.Namespace) -> int:
    return await faq_terms.terms(config, given.account, sys.stdout, as_json=given.json)


async def _eval(config: Config, given: argparse.Namespace) -> int:
    return await evaluate(
        config,
        given.queries,
        sys.stdout,
        faq=given.faq,
        open_kfid=given.account,
        as_json=given.json,
        predictions=given.predictions,
    )


async def _list(config: Config, given: argparse.Namespace) -> int:
    return await faq_edit.list_entries(config, given.account, given.text, sys.stdout)


async def _show(config: Config, given: argparse.Namespace) -> int:
    return await faq_edit.show(config, given.account, given.id, sys.stdout)


async def _put(config: Config, given: argparse.Namespace) -> int:
    return await faq_edit.put(config, given.account, given.file, sys.stdout)


async def _set(config: Config, given: argparse.Namespace) -> int:
    values = {key: value for key in _FIELDS if (value := getattr(given, key)) is not None}
    if not values:
        raise Misconfigured("没有写要改什么，如 --answer 新的回答")
    return await faq_edit.change(config, given.account, given.id, values, sys.stdout)


async def _remove(config: Config, given: argparse.Namespace) -> int:
    return await faq_edit.remove(config, given.account, given.ids, sys.stdout)


async def _take(config: Config, given: argparse.Namespace) -> int:
    return await faq_edit.take(config, given.account, given.ids, sys.stdout)


async def _undo(config: Config, given: argparse.Namespace) -> int:
    if bool(given.ids) == (given.version is not None):
        raise Misconfigured("写条目的编号，或者 --import 次数，二者之一")
    if given.version is not None:
        return await faq_edit.undo_change(config, given.version, sys.stdout)
    return await faq_edit.undo(config, given.account, given.ids, sys.stdout)


async def _history(config: Config, given: argparse.Namespace) -> int:
    return await faq_edit.history(config, given.account, given.id, sys.stdout)


async def _export(config: Config, given: argparse.Namespace) -> int:
    return await faq_edit.export(config, given.account, sys.stdout)


async def _gaps(config: Config, given: argparse.Namespace) -> int:
    return await faq_gaps.gaps(config, given.account, given.days, sys.stdout, as_json=given.json)


async def _accept(config: Config, given: argparse.Namespace) -> int:
    wish = faq_gaps.Wish(
        entry_id=given.entry,
        new=given.new,
        question=given.question,
        answer=given.answer,
        by=given.by,
        sure=given.sure,
        dry_run=given.dry_run,
    )
    return await faq_gaps.accept(config, given.account, given.gap, wish, sys.stdout)


async def _reject(config: Config, given: argparse.Namespace) -> int:
    return await faq_gaps.reject(config, given.account, given.gap, given.by, sys.stdout)
