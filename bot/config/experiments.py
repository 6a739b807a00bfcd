"""Which versions of something are tried against each other, and by what are they judged?"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from bot.config.section import Section

ExperimentName = Annotated[
    str, StringConstraints(pattern=r"^[\w-]{1,40}$", min_length=1, max_length=40)
]
VariantName = ExperimentName
Weight = Annotated[int, Field(ge=1, le=1000)]
Goal = Literal["wrote", "bought", "stayed"]
"""What is counted within the window: the customer wrote, an order was paid, no friend was lost."""


class Experiment(Section):
    """One experiment; the first variant is what the others are compared with.

    Args:
        baseline: the share that reaches the goal today.
        lift: the smallest relative change that matters, 0.2 = from 30 % to 36 %.
        window_days: how long after the first sight the goal is waited for.
        keep: the variant that everybody gets from now on; ends the experiment.
    """

    variants: Annotated[Mapping[VariantName, Weight], Field(min_length=2, max_length=6)]
    goal: Goal = "wrote"
    baseline: Annotated[float, Field(gt=0, lt=1)]
    lift: Annotated[float, Field(gt=0, le=10)] = 0.2
    window_days: Annotated[int, Field(ge=1, le=90)] = 7
    keep: VariantName | None = None

    @model_validator(mode="after")
    def _keeps_one_of_its_own(self) -> "Experiment":
        if self.keep is not None and self.keep not in self.variants:
            raise ValueError("keep 是 variants 里的一个")
        if self.baseline * (1 + self.lift) >= 1:
            raise ValueError("baseline 提高 lift 之后小于 1")
        return self
