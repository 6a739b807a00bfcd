"""Which variant does this customer get, and how is it written down that he got it?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.config.experiments import Experiment
from bot.errors import Misconfigured
from bot.measuring.experiments import variant_of
from bot.routing.turn import Turn
from bot.store import Store


@dataclass(frozen=True, slots=True)
class Experimenting:
    """Gives each person one variant of an experiment, for good.

    Args:
        running: the experiments of the configuration, by name.
    """

    store: Store
    running: Mapping[str, Experiment] = field(default_factory=dict)

    async def variant(self, turn: Turn, name: str) -> str:
        """The variant of this turn's customer; that he sees it is written in the turn's commit.

        Call it where the customer is about to see the difference, not before: who never sees it
        would count for both.

        Raises:
            Misconfigured: there is no such experiment.
        """
        experiment = self.running.get(name)
        if experiment is None:
            raise Misconfigured(f"experiments.{name}: no such experiment")
        customer = turn.external_userid
        if experiment.keep is not None or not customer:
            return experiment.keep or next(iter(experiment.variants))
        seen = await self.store.experiments.variant(name, customer)
        if seen is not None and seen in experiment.variants:
            return seen
        chosen = variant_of(name, experiment.variants, customer)
        # an aside: to be counted is no reason to own a message
        seen_now = self.store.experiments.expose(name, customer, chosen, turn.now)
        turn.decisions.asides.append([seen_now])
        return chosen
