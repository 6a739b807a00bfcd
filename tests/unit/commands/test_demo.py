"""The demo's configuration: nothing that its pages offer ends with nobody."""

from pathlib import Path

from bot.commands.demo import ROOT, _demo_config
from bot.policy.roles import People


def test_somebody_in_the_demo_approves_what_members_write(tmp_path: Path) -> None:
    config = _demo_config(ROOT / "config.yaml", tmp_path, "http://127.0.0.1:1")
    assert People(config.staff).reviewers == ["wangwu"]
