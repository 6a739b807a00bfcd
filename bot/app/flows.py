"""Which flows are in force, and what is wrong with the others? Reads what `flows.sources` names."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.app.definitions import definitions_in, refuse
from bot.app.flow_file import FlowFile
from bot.config import Config, Problem
from bot.config.yaml_file import Document
from handlers.flows.flow import Flow
from handlers.flows.in_force import Flows


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
