"""Which parts is the service made of? The composition root: the one place that knows every part."""

from bot.app.carrying import couriers
from bot.app.content import (
    FILE,
    Follower,
    Taken,
    bases_of,
    build_library,
    build_retriever,
    entries_of,
    known_texts,
    opened_contents,
    preview,
    take_files,
)
from bot.app.engine import (
    MODEL_PROMPTS,
    PROMPTS,
    SUPPLIED,
    Engine,
    build_embedder,
    build_engine,
    build_eraser,
    build_gate,
    build_roster,
    declared_tables,
    gate_file,
    open_database,
    open_store,
    vectors_folder,
)
from bot.app.escalation_meaning import ESCALATION_EXAMPLES, build_meaning, examples_in
from bot.app.escalation_words import ESCALATION_WORDS, build_rules, rules_in
from bot.app.fleet import Role
from bot.app.lexicon import (
    LEXICON,
    build_lexicon,
    forbids_of,
    imported_lists,
    lexicon_folder,
    lexicon_in,
)
from bot.app.pages import web_app
from bot.app.reading import build_reading
from bot.app.reports import build_reporter
from bot.app.service import Concierge, running
from bot.app.tag_following import build_tag_rules
from bot.app.words import KNOWLEDGE_WORDS, build_words, words_in

__all__ = [
    "ESCALATION_EXAMPLES",
    "ESCALATION_WORDS",
    "FILE",
    "KNOWLEDGE_WORDS",
    "LEXICON",
    "MODEL_PROMPTS",
    "PROMPTS",
    "SUPPLIED",
    "Concierge",
    "Engine",
    "Follower",
    "Role",
    "Taken",
    "bases_of",
    "build_embedder",
    "build_engine",
    "build_eraser",
    "build_gate",
    "build_lexicon",
    "build_library",
    "build_meaning",
    "build_reading",
    "build_reporter",
    "build_retriever",
    "build_roster",
    "build_rules",
    "build_tag_rules",
    "build_words",
    "couriers",
    "declared_tables",
    "entries_of",
    "examples_in",
    "forbids_of",
    "gate_file",
    "imported_lists",
    "known_texts",
    "lexicon_folder",
    "lexicon_in",
    "open_database",
    "open_store",
    "opened_contents",
    "preview",
    "rules_in",
    "running",
    "take_files",
    "vectors_folder",
    "web_app",
    "words_in",
]
