"""What the knowledge tests share: entries, an audience and an encoder that counts."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge import Audience, EmbeddingError, FaqEntry, load_entries
from knowledge.embeddings import Kind, Vectors

SHOP = Path(__file__).parents[3] / "knowledge" / "faq"
TODAY = Audience(today=date(2026, 6, 1))


def an_entry(name: str, question: str, answer: str = "好的。", **more: object) -> FaqEntry:
    return FaqEntry(id=name, question=question, answer=answer, **more)  # type: ignore[arg-type]


class FakeEmbedder:
    """Texts that share characters point the same way. Set `fails` to make it fail so many times."""

    name = "fake"
    dim = 512

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.fails = 0

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        if self.fails:
            self.fails -= 1
            raise EmbeddingError("no vectors now")
        self.texts += texts
        rows = np.full((len(texts), self.dim), 0.01, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for character in text:
                row[ord(character) % self.dim] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture(scope="session")
def shop() -> list[FaqEntry]:
    entries, problems = load_entries([SHOP])
    assert problems == []
    return entries
