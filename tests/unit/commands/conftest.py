"""A shop's folder and the commands that work on it."""

import io
from pathlib import Path

import pytest

from bot.cli import main

SHIP = """\
- id: ship
  question: 多久发货
  similar: [什么时候发货]
  answer: 两天内。
  category: 物流
- {id: fee, question: 运费多少, answer: 8 元。, menu: [ship]}
"""


class Shop:
    """Runs commands as in a terminal that nobody sits at."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.files = folder / "faq"
        self.files.mkdir()
        self.said = ""
        self.complained = ""
        self.write("faq/ship.yaml", SHIP)
        self.write(
            "config.yaml",
            "knowledge: {sources: [faq]}\nembeddings: {provider: none}\n"
            f"storage: {{url: 'sqlite:///{folder}/data/concierge.db'}}\n",
        )

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def run(self, *line: object) -> int:
        """One command; what it printed is in `said` and `complained`."""
        code = main([*map(str, line), "--config", str(self.folder / "config.yaml")])
        self.said, self.complained = self._capsys.readouterr()
        return code


@pytest.fixture
def shop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shop:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return Shop(tmp_path, capsys)
