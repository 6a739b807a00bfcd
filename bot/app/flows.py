"""Which flows are in force, and what is wrong with the others? Reads what `flows.sources` names."""

from collections.abc import Sequence
from pathlib import Path

from bot.app.flow_file import FlowFile
from bot.app.tag_rules import files_in
from bot.config import Config, ConfigErrors, Problem
from bot.config.yaml_file import read_document
from bot.errors import Misconfigured
from handlers.flows.flow import Flow
from handlers.flows.in_force import Flows


def build_flows(config: Config) -> Flows:
    """The flows of this deployment.

    Raises:
        Misconfigured: a file has a problem, or a step names an experiment that is not there.
    """
    found, problems = flows_in(config.flows.sources)
    told = [str(one) for one in problems]
    told += [
        f"flows {flow.id}：没有 experiments.{step.experiment}"
        for flow in found
        for step in flow.steps
        if step.experiment and step.experiment not in config.experiments
    ]
    if told:
        raise Misconfigured("\n".join(["flows.sources:", *(f"  · {one}" for one in told)]))
    return Flows(found)


def flows_in(sources: Sequence[Path]) -> tuple[list[Flow], list[Problem]]:
    """The flows of these files and folders without what has a problem, and the problems."""
    found: dict[str, Flow] = {}
    problems: list[Problem] = []
    for file in files_in(sources):
        try:
            document = read_document(file)
        except ConfigErrors as error:
            problems += error.problems
            continue
        reading = FlowFile(document)
        for one in reading.flows():
            if one.id in found:
                problems.append(
                    Problem(f"flows {one.id}", "已有同名的流程", "不重复的 id", file.name)
                )
            found.setdefault(one.id, one)
        problems += reading.problems
    return list(found.values()), problems
