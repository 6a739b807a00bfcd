"""Is what we say of events what the model is?"""

import json

import pytest

from bot.cli import main
from bot.model.events import AnyEvent
from tests.unit.docs_pages import ROOT


def test_the_page_of_events_is_what_the_model_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events"]) == 0
    shown = capsys.readouterr().out
    assert (ROOT / "docs" / "events.md").read_text("utf-8") == shown, (
        "run: .venv/bin/python -m bot events > docs/events.md"
    )


def test_every_event_is_in_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "--json"]) == 0
    defined = json.loads(capsys.readouterr().out)["$defs"]
    assert {one.__name__ for one in AnyEvent.__args__} <= set(defined)
    assert "origin" in defined["MessageReceived"]["required"]
