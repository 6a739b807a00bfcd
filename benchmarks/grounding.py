"""What do the checks of a model's answers stop, and what do they cost? Prints one table.

python -m benchmarks.grounding

Beside them stands what there is without: send whatever the model says, as long as it has the form.
"""

from collections import Counter
from collections.abc import Callable

from bot.app import MODEL_PROMPTS
from bot.llm.grounding import Grounding, Words
from bot.llm.plain import plain
from knowledge.fold import even_out
from tests.model_cases import FORBIDS, Case, honest, lies, soft

LEAKED = (MODEL_PROMPTS / "write.md").read_text("utf-8")[:60]
GROUNDING = Grounding(Words.load(MODEL_PROMPTS / "words.yaml", even_out), even_out, FORBIDS)
INSTRUCTIONS = (MODEL_PROMPTS / "write.md").read_text("utf-8")


def passes_naively(case: Case) -> bool:
    """Only the form counts."""
    return bool(case.says and case.says["enough"] and case.says["answer"].strip())


def passes(case: Case) -> bool:
    """The product's checks."""
    used = case.says.get("used_ids", ())
    if not passes_naively(case) or not used or not set(used) <= set(case.passages):
        return False
    headings, told = zip(*(case.passages[one] for one in used), strict=True)
    answer = plain(case.says["answer"])
    return not GROUNDING.refuses(case.question, answer, told, INSTRUCTIONS, headings=headings)


def main() -> None:
    """Print the table."""
    print(f"{'set':<22}{'n':>5}{'send all':>12}{'checked':>12}")
    for name in ("lies.jsonl", "lies-fresh.jsonl"):
        _row(name, [case for case in lies(LEAKED, name) if case.says], "reach the customer")
    for name in ("honest.jsonl", "honest-fresh.jsonl"):
        _row(name, honest(name), "get through")
    for name in ("soft.jsonl", "soft-fresh.jsonl", "soft-last.jsonl"):
        _soft_rows(name)
    kinds = Counter(case.kind for case in lies(LEAKED) if case.says and passes_naively(case))
    print("\nlies of lies.jsonl that would be sent without checks:")
    for kind, count in kinds.most_common():
        print(f"  {kind:<34}{count:>3}")


def _soft_rows(name: str) -> None:
    """Lies and honest answers without a number, a contact or a promise."""
    for what, told in (("lies", "reach the customer"), ("honest", "get through")):
        pairs = [(one, text) for one in soft(name) for text in getattr(one, what)]
        passed = sum(
            not GROUNDING.refuses(one.question, plain(text), [one.passage], INSTRUCTIONS)
            for one, text in pairs
        )
        n = len(pairs)
        print(f"{name + ' ' + what:<22}{n:>5}{f'{n}/{n}':>12}{f'{passed}/{n}':>12}  {told}")


def _row(name: str, cases: list[Case], what: str) -> None:
    def share(judge: Callable[[Case], bool]) -> str:
        return f"{sum(map(judge, cases))}/{len(cases)}"

    print(f"{name:<22}{len(cases):>5}{share(passes_naively):>12}{share(passes):>12}  {what}")


if __name__ == "__main__":
    main()
