"""Are an operator's own synonyms read wherever texts are compared, and not only in retrieval?"""

from collections.abc import Iterator
from datetime import date

from knowledge import FaqEntry, Words
from knowledge.context import rewrite
from knowledge.dialogues import entry_said
from knowledge.fold import Fold, fold
from knowledge.gaps import Asked, group, joint_vectors
from knowledge.lint import Watched, lint


def nothing(_text: str) -> Iterator[Watched]:
    return iter(())


def test_a_deployment_s_synonyms_count_wherever_texts_are_compared() -> None:
    """Lint, gaps, what is said in short, what servicers wrote: all read the operator's words."""
    own = Words({"云币": "积分"}).fold
    twins = [
        FaqEntry(id="a", question="云币怎么用", answer="下单抵扣。"),
        FaqEntry(id="b", question="积分怎么用", answer="不能用。"),
    ]

    def codes(reading: Fold) -> set[str]:
        return {one.kind for one in lint(twins, nothing, today=date(2026, 6, 1), fold=reading)}

    assert "contradiction" in codes(own)
    assert "contradiction" not in codes(fold)

    texts = ["云币怎么用", "积分怎么用"]
    asked = [
        Asked(key=str(at), text=text, at=at, who="wm", why="missed")
        for at, text in enumerate(texts)
    ]

    def groups(reading: Fold) -> int:
        vectors = joint_vectors(texts, None, None, fold=reading)
        return len(group(asked, vectors, fold=reading))

    assert (groups(own), groups(fold)) == (1, 2)

    answers = [("pay", "可以用积分抵扣货款")]
    assert entry_said(answers, ["可以用云币抵扣货款"], fold=own) == ["pay"]

    coupon = FaqEntry(id="c", question="优惠券怎么用", answer="下单勾选。")
    followup = rewrite("那云币呢", coupon, own)
    assert followup is not None
    assert followup.is_answered_by(twins[1], own)
