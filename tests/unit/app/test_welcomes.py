from pathlib import Path

from bot.app.welcomes import welcomes_in
from bot.commands.check_welcomes import welcome_problems
from tests.builders import a_config
from tests.unit.docs_pages import ROOT

WRONG = """\
welcomes:
  - id: a
    text: 您好{name}
  - id: a
    text: 好
  - id: b
    at: kf
    text: 好
    benefit: new
    attachments: [{kind: image, media: x.png}]
  - id: c
    text: 券 {code}
  - id: d
    text: "{company}%s"
    hours: 25:00
    weekdays: [8]
    from: 2026-02-30
  - id: e
    attachments: [{kind: voice, media: a.amr}]
  - id: f
    attachments: [{kind: file, media: gone.pdf}]
"""


def test_what_is_shipped_has_no_problem(tmp_path: Path) -> None:
    found, problems = welcomes_in([ROOT / "prompts" / "welcome"])
    assert problems == []
    assert {one.id for one in found} == {"newcomer", "welcome-back", "invited"}
    config = a_config(tmp_path, welcome={"sources": [ROOT / "prompts" / "welcome"]})
    assert list(welcome_problems(config, ROOT / "prompts")) == []


def test_every_mistake_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(WRONG % ("长" * 1400), "utf-8")
    found, problems = welcomes_in([file])
    said = "\n".join(map(str, problems))
    for part in (
        *("不认识的占位符 {name}", "welcomes[2].benefit", "welcomes[2].attachments"),
        *("{code} 和 benefit 只写了一个", "填满以后最长 4800 字节", "welcomes[4].hours"),
        *("welcomes[4].weekdays", "welcomes[4].from", "kind voice", "找不到 gone.pdf"),
    ):
        assert part in said, part
    assert [one.id for one in found] == ["a"]


def test_a_watched_word_is_named_when_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("welcomes: [{id: a, text: 全网第一，保证治愈}]", "utf-8")
    config = a_config(tmp_path, welcome={"sources": [file]})
    (problem,) = welcome_problems(config, ROOT / "prompts")
    assert "welcomes a：有要当心的词" in str(problem)
