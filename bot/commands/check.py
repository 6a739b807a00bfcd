"""Is everything an operator wrote right? Configuration, knowledge and prompts, all at once."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import bot
from bot.commands.check_prompts import prompt_problems
from bot.config import Config, Escalation, Inspection, inspect_config

PROMPTS = Path(bot.__file__).parent.parent / "prompts"

_CONFIG = "配置"
_MISSING = "serve 还缺的值"


class _Report:
    """Problems under the file they are in."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._groups: dict[str, list[str]] = {}

    def add(self, heading: str, problems: Iterable[object]) -> None:
        for problem in problems:
            lines = self._groups.setdefault(heading, [])
            if str(problem) not in lines:  # two accounts may share a file of knowledge
                lines.append(str(problem))

    def add_in(self, kind: str, file: str, problem: object) -> None:
        """Add a problem whose text may begin with the file that the heading names already."""
        self.add(f"{kind} {self._short(file)}", [str(problem).removeprefix(f"{file}: ")])

    @property
    def count(self) -> int:
        return sum(len(lines) for lines in self._groups.values())

    def print(self, out: TextIO) -> None:
        for heading, lines in self._groups.items():
            print(f"{heading}：{len(lines)} 个问题", file=out)
            for line in lines:
                print(f"  · {line}", file=out)
            print(file=out)

    def _short(self, file: str) -> str:
        path = Path(file)
        return str(path.relative_to(self._base)) if path.is_relative_to(self._base) else file


async def check(
    config_path: Path,
    environ: Mapping[str, str],
    online: bool,
    out: TextIO,
    *,
    prompts: Path = PROMPTS,
) -> int:
    """Print every problem.

    Args:
        config_path: config.yaml.
        environ: the environment.
        online: ask WeCom too.
        out: where the report goes.
        prompts: the folder of texts.

    Returns:
        The exit code: 0 without problems, otherwise 1.
    """
    inspection = inspect_config(config_path, environ)
    report = _Report(config_path.absolute().parent)
    report.add(f"{_CONFIG} {config_path.name}", inspection.problems)
    report.add(_MISSING, inspection.missing)
    entries = _check_knowledge(inspection.sources, report)
    report.add("知识 数据库", await _conflicts(inspection))
    for file, problem in prompt_problems(prompts):
        report.add_in("话术", str(file), problem)
    report.add("话术 errands.yaml", _offer_problems(prompts, inspection))
    _check_words(prompts, report)
    watched = await _check_lexicon(prompts, inspection, report)
    _check_escalation(prompts, inspection, report)
    _check_tag_rules(inspection, report)
    _check_consent(prompts, report)
    _check_campaign_wording(prompts, report)
    await _check_welcomes(inspection, prompts, report)
    report.add("大模型", _model_problems(inspection))
    report.add("Redis", await _redis_problems(inspection))
    report.print(out)
    _print_notes(inspection, out)
    if watched:
        print(f"不照说的话：{len(watched)} 句，有要当心的词（concierge approve list）", file=out)
        for text in watched:
            print(f"  · {text}", file=out)
        print(file=out)
    if report.count:
        print(f"✗ 共 {report.count} 个问题", file=out)
    else:
        print(f"✓ 配置、知识（{entries} 条）、话术都没有问题", file=out)
    found_online = await _check_online(inspection, out) if online else 0
    return 1 if report.count + found_online else 0


def _print_notes(inspection: Inspection, out: TextIO) -> None:
    """What is allowed and may still be a mistake: no problem, and no exit code."""
    from bot.commands.check_staff import NOBODY, staff_notes

    if inspection.config and not inspection.config.staff:
        print(f"{NOBODY}\n", file=out)
    config = inspection.config
    if config and config.tagging.rules and "profiling_tags" not in config.consent.ask:
        print("标签：有规则，但 consent.ask 里没有 profiling_tags，不会有人被打标签\n", file=out)
    if inspection.config and (note := _meaning_note(inspection.config)):
        print(f"哪些话要人工：{note}", file=out)
    notes = list(staff_notes(inspection.config, time.time())) if inspection.config else []
    if notes:
        print(f"排班：{len(notes)} 条提示", file=out)
        for note in notes:
            print(f"  · {note}", file=out)
        print(file=out)


def _meaning_note(config: Config) -> str:
    """Why the words decide alone which messages need a person; '' = they do not."""
    from bot.app import vectors_folder
    from knowledge.meaning import KEPT

    folder = vectors_folder(config)
    if not config.escalation.meaning:
        return "只看说法（escalation.meaning: false）"
    if config.embeddings.provider == "none":
        return "没有编码器（embeddings.provider: none），只看说法，不按意思认"
    if folder is None or not (folder / KEPT).exists():
        return "例句还没有学，服务启动后约三分钟学好，在这之前只看说法"
    return ""


def _check_knowledge(sets: Sequence[tuple[Path, ...]], report: _Report) -> int:
    from knowledge.loader import load_entries

    count = 0
    for sources in sets:
        entries, problems = load_entries(sources)
        count += len(entries)
        for problem in problems:
            report.add_in("知识", problem.file, problem)
    return count


def _offer_problems(prompts: Path, inspection: Inspection) -> Iterator[str]:
    """Tools that write, and whose offer a customer could not read whole."""
    from bot.errors import Misconfigured
    from bot.routing.errand_texts import lacking
    from bot.routing.phrases import Phrases

    try:
        phrases = Phrases.load(prompts / "replies")
    except Misconfigured:
        return  # told as a problem of the file
    tools = inspection.config.tools if inspection.config else {}
    for key, named in lacking(tools, phrases):
        wanted = "、".join(f"{{{name}}}" for name in named) or "不含占位符"
        yield f"replies.{key.partition('.')[2]}：要有这句话，写明到底办什么，占位符恰好是 {wanted}"


def _check_words(prompts: Path, report: _Report) -> None:
    from bot.app import KNOWLEDGE_WORDS, words_in

    file = prompts / KNOWLEDGE_WORDS.name
    for problem in words_in(file)[1]:
        report.add_in("同义词与专用词", str(file), problem)


async def _check_lexicon(prompts: Path, inspection: Inspection, report: _Report) -> list[str]:
    """Returns the texts that are not said as they are: no problem, but somebody should know."""
    from bot.commands.check_said import lexicon_of, tag_problems, watched_texts

    config = inspection.config
    lexicon, problems = lexicon_of(config, prompts)
    for file, problem in problems:
        report.add_in("词表", str(file), problem)
    if config is None:
        return []
    report.add("标签", tag_problems(config, lexicon))
    return await watched_texts(config, lexicon)


def _check_escalation(prompts: Path, inspection: Inspection, report: _Report) -> None:
    from bot.app import ESCALATION_EXAMPLES, ESCALATION_WORDS, examples_in, rules_in

    words, examples = (prompts / one.name for one in (ESCALATION_WORDS, ESCALATION_EXAMPLES))
    settings = inspection.config.escalation if inspection.config else Escalation()
    for problem in rules_in(words, settings)[1]:
        report.add_in("哪些话要人工", str(words), problem)
    for problem in examples_in(examples, words)[1]:
        report.add_in("哪些话要人工", str(examples), problem)


def _check_tag_rules(inspection: Inspection, report: _Report) -> None:
    from bot.app.tag_following import group_names
    from bot.app.tag_rules import rulebook_in

    if inspection.config is None or not inspection.config.tagging.rules:
        return
    settings = inspection.config.tagging
    for problem in rulebook_in(settings.rules, group_names(settings))[1]:
        report.add("打标签的规则", [problem])


async def _check_welcomes(inspection: Inspection, prompts: Path, report: _Report) -> None:
    from bot.commands.check_said import approvals_of
    from bot.commands.check_welcomes import flow_problems, welcome_problems

    if (config := inspection.config) is not None:
        decided = await approvals_of(config)
        report.add("欢迎语", welcome_problems(config, prompts, decided))
        report.add("流程", flow_problems(config, prompts))


def _check_consent(prompts: Path, report: _Report) -> None:
    from bot.app import examples_in
    from bot.app.consent_words import CONSENT_EXAMPLES, CONSENT_WORDS, wishes_in

    words, examples = (prompts / one.name for one in (CONSENT_WORDS, CONSENT_EXAMPLES))
    for problem in wishes_in(words)[1]:
        report.add_in("客户关于自己信息的话", str(words), problem)
    for problem in examples_in(examples, words)[1]:
        report.add_in("客户关于自己信息的话", str(examples), problem)


def _check_campaign_wording(prompts: Path, report: _Report) -> None:
    from bot.app import examples_in
    from bot.app.campaign_lint import CAMPAIGN_EXAMPLES
    from bot.app.campaign_wording import CAMPAIGN_WORDS, wording_in

    words, examples = (prompts / one.name for one in (CAMPAIGN_WORDS, CAMPAIGN_EXAMPLES))
    for problem in wording_in(words)[1]:
        report.add_in("活动文案", str(words), problem)
    for problem in examples_in(examples, examples)[1]:
        report.add_in("活动文案", str(examples), problem)


def _model_problems(inspection: Inspection) -> Iterator[str]:
    """What the prompts of a configured model lack."""
    from bot.app import MODEL_PROMPTS
    from bot.errors import Misconfigured
    from bot.llm.opening import open_agent, open_model, open_summariser
    from bot.telemetry import Metrics
    from knowledge.fold import even_out

    if inspection.config is None or inspection.config.llm is None:
        return
    try:
        for opened in (open_model, open_agent, open_summariser):
            opened(inspection.config, MODEL_PROMPTS, Metrics(), even_out, lambda _text: False)
    except Misconfigured as error:
        yield str(error)


async def _redis_problems(inspection: Inspection) -> list[str]:
    from bot.redis import trouble_with

    url = inspection.config.redis.url if inspection.config else None
    if url is None or not (trouble := await trouble_with(url)):
        return []
    return [f"redis.url 的服务器用不了（{trouble}）；服务没有它也照常工作，只是慢一点"]


async def _conflicts(inspection: Inspection) -> list[str]:
    """Entries that a person edited and whose file has changed since."""
    from bot.app import preview

    if inspection.config is None:
        return []
    async with preview(inspection.config) as contents:
        return [
            f"条目 {row.id}{f'（账号 {row.base}）' if row.base else ''}：有人改过，"
            f"文件里{'已经没有它' if row.offered == '' else '也改了'}"
            f"（{row.origin.removeprefix('file:')}）；用 concierge faq show {row.id} 看两者，"
            "faq take 采用文件里的，faq set 或 put 定下现在的"
            for row in await contents.conflicts()
        ]


async def _check_online(inspection: Inspection, out: TextIO) -> int:
    from bot.commands.check_online import check_online

    needed = [problem.path for problem in inspection.missing if problem.path.startswith("wecom.")]
    if inspection.config is None or needed:
        print("– 没有询问企业微信：请先解决上面的问题", file=out)
        return 1
    return await check_online(inspection.config, out)
