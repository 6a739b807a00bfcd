"""Are the questions of the learning simulation other words for the same thing?"""

import random
from collections import Counter

import pytest

from benchmarks.variations import HOW, Change, Traffic, Wording, halves, ranked
from knowledge.evaluate import Labelled
from knowledge.fold import exact_key, fold

TEXT = "请问我买的这个耳机坏了，保修期内怎么退款，要三天吗？"
LABELS = [
    *(
        Labelled(query=f"第{i}种退款的问法怎么说{n}", faq_id=f"e{i}")
        for i in range(9)
        for n in "甲乙丙"
    ),
    *(Labelled(query=f"别处的事情{n}怎么办", faq_id=None, type="oos_near") for n in "甲乙丙丁"),
]


def test_the_same_seed_words_it_the_same_way() -> None:
    one, other = (Wording(random.Random(5)) for _ in range(2))
    assert [one.other(TEXT) for _ in range(50)] == [other.other(TEXT) for _ in range(50)]


@pytest.mark.parametrize("change", list(HOW))
def test_every_change_changes_something_and_keeps_most_of_it(change: Change) -> None:
    dice = random.Random(1)
    made = {change(TEXT, dice) for _ in range(30)}
    assert made - {TEXT}
    for text in made:
        shared = Counter(fold(TEXT)) & Counter(fold(text))
        assert shared.total() >= 0.7 * min(len(fold(TEXT)), len(fold(text)))


def test_what_is_fresh_differs_in_more_than_particles() -> None:
    wording = Wording(random.Random(2))
    known = {exact_key(fold(TEXT))}
    for _ in range(50):
        text = wording.fresh(TEXT, known)
        assert text is not None
        key = exact_key(fold(text))
        assert key not in known
        known.add(key)


def test_the_halves_share_no_wording_and_lose_none() -> None:
    both = halves(LABELS, random.Random(3))
    heard, unheard = ([text for one in half for text in one.texts] for half in both)
    assert set(heard).isdisjoint(unheard)
    assert sorted(heard + unheard) == sorted(label.query for label in LABELS)
    assert {one.entry for one in both.heard if one.entry} == {f"e{i}" for i in range(9)}
    assert {len(one.texts) for one in both.heard if one.entry} == {2}


def test_few_things_are_asked_often_and_the_kinds_keep_their_share() -> None:
    dice = random.Random(4)
    heard = halves(LABELS, dice).heard
    ranks = ranked(heard, dice)
    traffic = Traffic(heard, ranks, dice)
    asked = [traffic.next()[0] for _ in range(2000)]
    times = Counter(one.entry for one in asked if one.entry)
    by_rank = [times[name] for name in sorted(times, key=lambda name: ranks[name])]
    assert by_rank[0] > 1.5 * by_rank[1] > 1.5 * by_rank[4]
    outside = sum(len(one.texts) for one in heard if one.entry is None)
    share = outside / sum(len(one.texts) for one in heard)
    assert sum(one.entry is None for one in asked) / 2000 == pytest.approx(share, abs=0.03)


def test_what_is_held_out_was_never_in_the_log() -> None:
    dice = random.Random(6)
    heard = halves(LABELS, dice).heard
    traffic = Traffic(heard, ranked(heard, dice), dice)
    known = {exact_key(fold(traffic.next()[1])) for _ in range(200)}
    assert all(exact_key(fold(traffic.next(known)[1])) not in known for _ in range(50))
