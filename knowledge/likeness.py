"""Which classes does a text belong to, by its likeness to examples? Learned from their vectors.

Kernel ridge regression: every example is a member of a class (1) or is not (-1), and a text is as
much of a member as the examples near it in meaning. It needs no other library, one solution serves
all classes, and what each example would be judged without itself follows from it.
"""

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from knowledge.embeddings import Vectors

_NEARNESS = (
    1.2  # how fast likeness fades, in typical distances; chosen on benchmarks/escalation dev
)
_RIDGE = 0.02  # how far examples may be believed one by one; the same
_COMMON = 0.1  # what all texts have in common
_STEPS = 50  # of Newton's method; it needs fewer than ten

Weights = NDArray[np.float32]
Cosines = NDArray[np.float32 | np.float64]


@dataclass(frozen=True, slots=True)
class Likeness:
    """What was learned.

    Args:
        rows: of all examples.
        weights: one row for each example, one column for each class.
        fade: how fast likeness fades with distance, which depends on the encoder.
        slope, offset: turn scores into probabilities.
    """

    rows: Vectors
    weights: Weights
    fade: float
    slope: float
    offset: float

    def probabilities(self, vector: Vectors) -> NDArray[np.float64]:
        """How probably a text is a member of each class."""
        scores = _likeness(self.rows @ vector, self.fade) @ self.weights
        return 1 / (1 + np.exp(-(self.slope * scores.astype(np.float64) + self.offset)))

    def nearest(self, vector: Vectors, n: int) -> list[int]:
        """The n examples nearest in meaning."""
        return [int(row) for row in np.argsort(-(self.rows @ vector), kind="stable")[:n]]

    def save(self, file: Path, digest: str) -> None:
        """Keep it, under the digest of what it was learned from."""
        part = file.with_suffix(".part")
        with part.open("wb") as out:
            np.savez(
                out,
                digest=np.array(digest),
                rows=self.rows,
                weights=self.weights,
                numbers=np.array([self.fade, self.slope, self.offset]),
            )
        part.replace(file)


def kept_likeness(file: Path, digest: str) -> Likeness | None:
    """What was kept under this digest; losing it costs time."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as kept:
            if str(kept["digest"]) != digest:
                return None
            fade, slope, offset = (float(number) for number in kept["numbers"])
            return Likeness(kept["rows"], kept["weights"], fade, slope, offset)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def learn(rows: Vectors, members: NDArray[np.bool_], doubted: NDArray[np.bool_]) -> Likeness:
    """Learn classes from examples. Seconds for thousands; a thread's work.

    Args:
        rows: a normalised vector of each example.
        members: for each example and class, whether it is a member.
        doubted: which of these probabilities are to be right: what stands for or against a class
            beside what stands for others.
    """
    cosines = rows.astype(np.float64) @ rows.T.astype(np.float64)
    apart = 1 - float(np.median(cosines))
    fade = _NEARNESS / max(apart, 1e-6)
    inverse = np.linalg.inv(_likeness(cosines, fade) + _RIDGE * np.eye(len(rows)))
    wanted = np.where(members, 1.0, -1.0)
    weights = inverse @ wanted
    alone = wanted - weights / np.diag(inverse)[:, None]  # each judged without itself
    slope, offset = _calibrated(alone[doubted], members[doubted])
    return Likeness(rows, weights.astype(np.float32), fade, slope, offset)


def _likeness(cosines: Cosines, fade: float) -> Cosines:
    return np.asarray(np.exp(fade * (cosines - 1)) + cosines.dtype.type(_COMMON), cosines.dtype)


def _calibrated(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of the logistic curve through what happened (Platt), smoothed as he does."""
    yes, no = int(right.sum()), int((~right).sum())
    target = np.where(right, (yes + 1) / (yes + 2), 1 / (no + 2))
    inputs = np.stack([scores, np.ones_like(scores)], axis=1)
    curve = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(inputs @ curve, -30, 30)))
        gradient = inputs.T @ (p - target) + 1e-6 * curve
        bend = (inputs * (p * (1 - p))[:, None]).T @ inputs + 1e-6 * np.eye(2)
        step = np.linalg.solve(bend, gradient)
        curve -= np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    if curve[0] <= 0:  # too few examples to tell one class from the other: all are as probable
        return 0.0, float(np.log((yes + 1) / (no + 1)))
    return float(curve[0]), float(curve[1])
