"""What are an entry's own questions, and what customers were heard to ask, worth together?

The best one alone would count for an entry that is asked about in many loose ways: whatever one
asks, something sounds like it. On the authored sets (`python -m benchmarks.learning`) ten days of
learning lowered R@1 from .58 to .55 that way, and raise it to .60 this way; phrasings that people
wrote do no such harm. What is asked nearly word for word wins all the same.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", float, NDArray[np.float32])

HEARD = 0.4  # weight of what was heard; the own questions keep the rest
LESS = 0.2  # what a phrasing that was heard is worth less, alone


def pooled(own: Number, heard: Number) -> Number:
    """The score of an entry.

    Args:
        own: likeness of the best of its own questions, 0 to 1.
        heard: likeness of the best phrasing that was heard, 0 = there is none.
    """
    mixed = (1 - HEARD) * own + HEARD * np.maximum(own, heard)
    best: Number = np.maximum(mixed, heard - LESS)
    return best
