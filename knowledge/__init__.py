"""What does the bot know? Entries, their indexes, and the gate that lets an answer out."""

from knowledge.embeddings import EmbeddingError, EndpointEmbedder, OfflineEmbedder
from knowledge.entries import Audience, Decision, FaqEntry, Match, Verdict
from knowledge.gate import Thresholds
from knowledge.library import Library
from knowledge.loader import EntryProblem, load_entries
from knowledge.retriever import Retriever

__all__ = [
    "Audience",
    "Decision",
    "EmbeddingError",
    "EndpointEmbedder",
    "EntryProblem",
    "FaqEntry",
    "Library",
    "Match",
    "OfflineEmbedder",
    "Retriever",
    "Thresholds",
    "Verdict",
    "load_entries",
]
