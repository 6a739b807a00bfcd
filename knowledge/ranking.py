"""Which entries come first for a question, and how likely is each the right one?

Scores are calibrated and summed, never fused by rank: ranks cannot tell that nothing fits.
"""

import math
from collections.abc import Collection, Sequence

import msgspec

from knowledge.entries import Match
from knowledge.evidence import FEATURES, Asked, Evidence, Question, share_first
from knowledge.gate import Gate, variant_of
from knowledge.lexical import LexicalIndex
from knowledge.reading import Read
from knowledge.shelf import Candidate
from knowledge.words import NO_WORDS, Words

TERM = "term"
"""Among the evidence: the deployment's term that the question names, but not the entry."""

JUDGED = 10  # entries at least for which all evidence is gathered
_CROWD = 4  # entries behind the best


def judge(
    question: Question,
    found: Sequence[Candidate],
    k: int,
    *,
    gate: Gate,
    index: LexicalIndex,
    entries: int,
    words: Words = NO_WORDS,
    named: Collection[str] = (),
) -> list[Match]:
    """The k first of the candidates, each with its evidence and what the gate makes of it.

    They stay in the order of the weighted sum. Ordered by the gate's probability, fewer questions
    find their entry first where customers write in ways it was not fitted on.

    Args:
        index: what decides how telling a character is.
        entries: how many there are in all.
        named: which of the deployment's terms any entry names.
    """
    order = sorted(found, key=lambda c: (-c.rank, c.entry.id))[: max(k, JUDGED)]
    if not order:
        return []
    asked = Asked(question, index, entries, words=words, named=named)
    matches = []
    for place, evidence in enumerate(_evidence(asked, order)):
        candidate = order[place]
        variant = variant_of(
            has_vectors=candidate.dense is not None, has_answer=bool(candidate.entry.answer)
        )
        why: dict[str, float | str] = {
            name: round(float(value), 4) for name, value in msgspec.structs.asdict(evidence).items()
        }
        if term := asked.term_missing(candidate.texts):
            why[TERM] = term
        matches.append(Match(candidate.entry, gate.probability(evidence, variant), why, variant))
    return matches[:k]


def reread(matches: Sequence[Match], read: Read, gate: Gate) -> list[Match]:
    """The matches again, those that were read judged by that too.

    Where the gate was not fitted on this reader, what it says only puts them in another order:
    the gate goes by the evidence there was, and says nothing that it would not have said.
    """
    again = []
    for match in matches:
        mine = read.scores.get(match.entry.id)
        if mine is None:
            again.append(match)
            continue
        others = [score for name, score in read.scores.items() if name != match.entry.id]
        lead = mine - max(others) if others else 0.0
        why = match.why | {"read": round(mine, 4), "read_lead": round(lead, 4)}
        variant = gate.variant(match.variant, read.reader)
        p = match.score
        if variant != match.variant:
            evidence = Evidence(**{name: float(why[name]) for name in FEATURES})
            p = gate.probability(evidence, variant)
        again.append(Match(match.entry, p, why, variant, read.reader))
    if read.reader != gate.reader:
        again.sort(key=lambda match: -read.scores.get(match.entry.id, -math.inf))
    return again


def _evidence(asked: Asked, order: Sequence[Candidate]) -> list[Evidence]:
    ranks = [candidate.rank for candidate in order]
    dense = [candidate.dense for candidate in order]
    lexical = [candidate.lexical for candidate in order]
    rankings = [lexical]
    if all(dense):
        rankings += [
            [scores.question for scores in dense if scores],
            [scores.answer for scores in dense if scores],
        ]
    best = ranks[0]
    behind = ranks[1 : _CROWD + 1]
    crowd = sum(behind) / len(behind) / best if behind and best > 0 else 0.0
    return [
        Evidence(
            dense=scores.question if (scores := candidate.dense) else 0.0,
            dense_answer=scores.answer if scores else 0.0,
            lexical=candidate.lexical,
            answer=candidate.answer,
            coverage=asked.coverage(candidate.texts),
            covered=asked.covered(candidate.texts),
            margin=candidate.rank - _rival(ranks, i),
            crowd=crowd,
            agreement=share_first(rankings, i),
            number_mismatch=asked.number_mismatch(candidate.texts),
            contrast_mismatch=asked.contrast_mismatch(candidate.texts),
            term_mismatch=asked.term_mismatch(candidate.texts),
            short=asked.short,
            long=asked.long,
            base=asked.base,
            heard=candidate.heard if asked.may_be(candidate.texts) else 0.0,
        )
        for i, candidate in enumerate(order)
    ]


def _rival(ranks: Sequence[float], i: int) -> float:
    """The rank of the best other candidate."""
    if i:
        return ranks[0]
    return ranks[1] if len(ranks) > 1 else 0.0
