"""What do all commands have in common: how they are added, and how one is run?"""

import argparse
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from bot.config import Config

Run = Callable[[argparse.Namespace], int]
"""What a command of the line does; returns the exit code."""

Command = Callable[[str, Run, str], argparse.ArgumentParser]
"""Adds a command: its name, what runs it, and what it is for."""

Work = Callable[[Config, argparse.Namespace], Coroutine[Any, Any, int]]
"""What a command does with the configuration; every command that has one sets it as `work`."""

Actions: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def action(actions: Actions, name: str, work: Work, text: str) -> argparse.ArgumentParser:
    """Add one action of a command."""
    one: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    one.set_defaults(work=work)
    return one
