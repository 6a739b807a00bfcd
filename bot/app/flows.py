"""Which flows are in force, and what is wrong with the others? Reads what `flows.sources` names."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.app.definitions import definitions_in, refuse
from bot.app.flow_file import FlowFile
from bot.config import Config, Problem
from bot.config.yaml_file import Document
from bot.model import Emitted, Lane
from bot.ports import Clock
from bot.store import Arrival, Store, Unit
from handlers.flows.flow import Flow
from handlers.flows.in_force import Flows
from handlers.flows.on_edits import EDITED
from handlers.flows.store import outdated

log = structlog.get_logger(__name__)

PAGE = 200
"""Customers that are told in one commit."""


def build_flows(config: Config) -> Flows:
    """The flows of this deployment.

    Raises:
        Misconfigured: a file has a problem, or a step names an experiment that is not there.
    """
    found, problems = flows_in(config.flows.sources)
    lacking = [
        f"flows {flow.id}：没有 experiments.{step.experiment}"
        for flow in found
        for step in flow.steps
        if step.experiment and step.experiment not in config.experiments
    ]
    refuse("flows.sources", [*problems, *lacking])
    return Flows(found, config.flows.way)


def flows_in(sources: Sequence[Path]) -> tuple[list[Flow], list[Problem]]:
    """The flows of these files and folders without what has a problem, and the problems."""
    return definitions_in(sources, "flows", "流程", _read)


def _read(document: Document, _file: Path) -> tuple[Iterator[Flow], list[Problem]]:
    reading = FlowFile(document)
    return reading.flows(), reading.problems


@dataclass(slots=True)
class EditedFlows:
    """Tells everybody who is in a flow that was edited since, once in the life of the process.

    Definitions are read at start, so that nothing changes later; whoever is told twice, because a
    process died in between, has his alarms set to the same moments.

    Args:
        wake: told whose mailbox has something new.
    """

    store: Store
    flows: Flows
    clock: Clock
    wake: Callable[[str, Lane], None]
    _is_done: bool = False

    async def look(self) -> None:
        """Tell them, page by page."""
        if self._is_done:
            return
        for flow in self.flows:
            told, after = 0, ""
            while runs := await outdated(self.store, flow, after, PAGE):
                await self._tell(runs)
                told, after = told + len(runs), runs[-1][0]
            if told:
                log.info("flow.edited", flow=flow.id, customers=told)
        self._is_done = True

    async def _tell(self, runs: Sequence[tuple[str, str]]) -> None:
        unit, now = Unit(), self.clock.now()
        arrivals = [
            Arrival(
                f"customer:{external_userid}",
                Emitted(name=EDITED, data={"run": run}, external_userid=external_userid),
                Lane.BACKGROUND,
                sent_at=now,
            )
            for run, external_userid in runs
        ]
        await self.store.mailbox.deliver(unit, arrivals, now)
        await self.store.database.commit(unit)
        for one in arrivals:
            self.wake(one.subject, one.lane)
