"""What does the bot know? Entries, their indexes, and the gate that lets an answer out."""

import os

# Read when numpy is loaded: its threads would fight the encoder's over the same cores (measured
# p50 32 ms against 17.6 ms at 10,000 entries).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bot.model import Attachment
from knowledge.embeddings import EmbeddingError, EndpointEmbedder, OfflineEmbedder
from knowledge.entries import (
    Audience,
    Decision,
    FaqEntry,
    Match,
    Verdict,
    body_of,
    entry_of,
)
from knowledge.gate import Thresholds
from knowledge.library import Library
from knowledge.loader import EntryProblem, load_entries
from knowledge.meaning import Meaning
from knowledge.retriever import Retriever
from knowledge.words import Words

__all__ = [
    "Attachment",
    "Audience",
    "Decision",
    "EmbeddingError",
    "EndpointEmbedder",
    "EntryProblem",
    "FaqEntry",
    "Library",
    "Match",
    "Meaning",
    "OfflineEmbedder",
    "Retriever",
    "Thresholds",
    "Verdict",
    "Words",
    "body_of",
    "entry_of",
    "load_entries",
]
