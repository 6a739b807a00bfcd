"""Is what the pages say still so? Links, commands, keys, metrics and every example."""

import re
import shlex
from pathlib import Path
from string import Formatter

import pytest
import yaml

import handlers
from bot.app import PROMPTS, rules_in, words_in
from bot.app.flows import flows_in
from bot.app.lexicon import groups_in
from bot.app.material_file import read_materials
from bot.app.tag_rules import rulebook_in
from bot.app.welcomes import welcomes_in
from bot.cli import _parser
from bot.commands.check_prompts import prompt_problems
from bot.config import Escalation, inspect_config, schema
from bot.policy.lexicon import Decision
from bot.routing.discovery import discover
from bot.routing.phrases import Phrases
from bot.store.opening import KEYS
from bot.telemetry import Metrics
from knowledge import load_entries
from tests.unit import docs_pages
from tests.unit.docs_pages import ROOT, Block, name_of

PAGES = docs_pages.pages()
BLOCKS = [block for page in PAGES for block in docs_pages.blocks(page)]
ADD_A_BEHAVIOUR = ROOT / "docs" / "how-to" / "add-a-behaviour.md"

PHRASES = Phrases.load(PROMPTS)
SOURCES = "".join(
    p.read_text("utf-8") for room in ("bot", "knowledge") for p in ROOT.glob(f"{room}/**/*.py")
)
HANDLERS = {one.name for router in discover(handlers) for one in (*router.messages, *router.events)}
FILES = (".py", ".yaml", ".toml", ".db")

every_page = pytest.mark.parametrize("page", PAGES, ids=map(name_of, PAGES))


def examples(mark: str) -> pytest.MarkDecorator:
    found = [block for block in BLOCKS if block.mark == mark]
    return pytest.mark.parametrize("block", found, ids=[name_of(b.page) for b in found])


# ---------------------------------------------------------------------- links and paths


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    near = [link for link in docs_pages.links(page) if not link.startswith(("https://", "#"))]
    assert [link for link in near if not (page.parent / link).exists()] == []


@every_page
def test_paths_of_the_repository_exist(page: Path) -> None:
    rooms = "bot|handlers|knowledge|prompts|simulator|tests|docs|deploy|benchmarks"
    named = [
        w for w in docs_pages.words_in_code_style(page) if re.fullmatch(f"({rooms})/[\\w./-]*", w)
    ]
    made = {block.mark for block in docs_pages.blocks(page)}
    assert [path for path in named if path not in made and not (ROOT / path).exists()] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = docs_pages.links(folder / "README.md")
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")), ids=name_of
)
def test_a_decision_has_its_four_parts(path: Path) -> None:
    parts = re.findall(r"^\*\*(\w+)\.\*\*", path.read_text("utf-8"), re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "Alternatives"]


# ---------------------------------------------------------------------- what is named exists


@every_page
def test_commands_are_understood(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in docs_pages.command_lines(page):
        words = shlex.split(line, comments=True)[1:]
        try:
            _parser().parse_args(words)
        except SystemExit:
            pytest.fail(f"{line}: {capsys.readouterr().err}")


@every_page
def test_dotted_names_exist(page: Path) -> None:
    words = docs_pages.words_in_code_style(page)
    named = [word for word in words if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", word)]
    made = "birthday." if page == ADD_A_BEHAVIOUR else "/"
    named = [word for word in named if not word.endswith(FILES) and not word.startswith(made)]
    assert [word for word in named if not _is_named_somewhere(word)] == []


def _is_named_somewhere(name: str) -> bool:
    """Whether it is a key of the configuration, a text, a log event, a handler or a module."""
    loc = tuple(name.split("."))
    file_key = (*loc[:-1], loc[-1].removesuffix("_file"))
    return (
        schema.annotation_at(loc) is not None
        or (file_key != loc and schema.is_secret(schema.annotation_at(file_key)))
        or PHRASES.has_reply(name)
        or PHRASES.has_words(name)
        or f'"{name}"' in SOURCES
        or name in HANDLERS
        or (ROOT / name.replace(".", "/")).is_dir()
    )


@pytest.mark.parametrize("path", [*PAGES, ROOT / "config.yaml"], ids=name_of)
def test_variables_of_the_environment_exist(path: Path) -> None:
    wrong = []
    for name in re.findall(r"CONCIERGE_([A-Z][A-Z0-9_]*[A-Z0-9])", path.read_text("utf-8")):
        loc = tuple(name.removesuffix("_FILE").lower().split("__"))
        annotation = schema.annotation_at(loc)
        if annotation is None or (name.endswith("_FILE") and not schema.is_secret(annotation)):
            wrong.append(name)
    assert wrong == []


@every_page
def test_metrics_exist(page: Path) -> None:
    known = set(re.findall(r"^# TYPE (\w+)", Metrics().render().decode(), re.MULTILINE))
    named = re.findall(r"\bconcierge_[a-z_]+\b", page.read_text("utf-8"))
    assert [name for name in named if name not in known | {KEYS}] == []


def test_every_text_with_placeholders_is_listed() -> None:
    page = ROOT / "prompts" / "README.md"
    listed: dict[str, set[str]] = {}
    for keys, values in re.findall(
        r"^\| (`[a-z.`_、]+) \| (.*\{.*) \|$", page.read_text("utf-8"), re.MULTILINE
    ):
        for key in re.findall(r"`([\w.]+)`", keys):
            listed[key] = set(re.findall(r"`\{(\w+)\}`", values))
    found: dict[str, set[str]] = {}
    for path in sorted(PROMPTS.glob("*.yaml")):
        for key, text in yaml.safe_load(path.read_text("utf-8"))["replies"].items():
            if names := {name for _, name, _, _ in Formatter().parse(str(text)) if name}:
                found[f"{path.stem}.{key}"] = names
    assert listed == found


# ---------------------------------------------------------------------- examples


@examples("knowledge")
def test_an_example_of_knowledge_is_read_without_problems(block: Block, tmp_path: Path) -> None:
    file = tmp_path / f"example.{block.language}"
    file.write_text(block.text, "utf-8")
    entries, problems = load_entries([file])
    assert entries
    assert [str(problem) for problem in problems] == []


@examples("config")
def test_an_example_of_configuration_is_accepted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(block.text, "utf-8")
    inspection = inspect_config(file, {})
    assert [str(problem) for problem in inspection.problems] == []
    named = [path.relative_to(tmp_path) for paths in inspection.sources for path in paths]
    assert [path for path in named if not (ROOT / path).exists()] == []


@examples("replies")
def test_an_example_of_replies_is_accepted(block: Block, tmp_path: Path) -> None:
    (tmp_path / "replies").mkdir()
    (tmp_path / "replies" / "example.yaml").write_text(block.text, "utf-8")
    assert [str(problem) for _, problem in prompt_problems(tmp_path)] == []


@examples("words")
def test_an_example_of_words_is_accepted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "knowledge.yaml"
    file.write_text(block.text, "utf-8")
    words, problems = words_in(file)
    assert words.groups
    assert [str(problem) for problem in problems] == []


@examples("escalation")
def test_an_example_of_what_needs_a_person_is_accepted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "escalation.yaml"
    file.write_text(block.text, "utf-8")
    rules, problems = rules_in(file, Escalation())
    assert rules.classes
    assert [str(problem) for problem in problems] == []


@examples("lexicon")
def test_an_example_of_watched_words_is_accepted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(block.text, "utf-8")
    groups, problems = groups_in(file, Decision.REVIEW)
    assert groups
    assert [str(problem) for problem in problems] == []


@examples("tags")
def test_an_example_of_rules_that_tag_is_accepted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(block.text, "utf-8")
    book, problems = rulebook_in([file])
    assert book.rules
    assert [str(problem) for problem in problems] == []


@examples("flows")
def test_an_example_of_flows_is_accepted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(block.text, "utf-8")
    found, problems = flows_in([file])
    assert found
    assert [str(problem) for problem in problems] == []


@examples("welcomes")
def test_an_example_of_welcomes_is_accepted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(block.text, "utf-8")
    found, problems = welcomes_in([file])
    assert found
    assert [str(problem) for problem in problems] == []


@examples("materials")
def test_an_example_of_materials_is_accepted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(block.text, "utf-8")
    found, problems = read_materials(file)
    assert found
    assert [str(problem) for problem in problems] == []


def test_every_yaml_example_is_checked() -> None:
    marks = {block.mark for block in BLOCKS if block.language in ("yaml", "jsonl")}
    assert {mark for mark in marks if not mark.startswith("prompts/")} == {
        "knowledge",
        "config",
        "escalation",
        "lexicon",
        "materials",
        "replies",
        "tags",
        "flows",
        "welcomes",
        "words",
    }


def test_the_behaviour_of_the_readme_is_that_of_the_how_to() -> None:
    (shown,) = [b for b in docs_pages.blocks(ROOT / "README.md") if b.language == "python"]
    whole = next(b for b in docs_pages.blocks(ADD_A_BEHAVIOUR) if b.language == "python")
    assert set(shown.text.splitlines()) <= set(whole.text.splitlines())
