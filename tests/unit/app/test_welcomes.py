from pathlib import Path

from msgspec.structs import replace

from bot.app.approving import known_welcome
from bot.app.welcomes import welcomes_in
from bot.commands.check_welcomes import welcome_problems
from bot.model import Attachment
from bot.store import Approval, ApprovalState
from handlers.welcome.choosing import WelcomeText
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
    assert list(welcome_problems(config, ROOT / "prompts", [])) == []


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
    (problem,) = welcome_problems(config, ROOT / "prompts", [])
    assert "welcomes a：有要当心的词" in str(problem)


def decided(state: ApprovalState, one: WelcomeText) -> Approval:
    return Approval(known_welcome(one), state, 1.0, "li", "")


def test_where_all_is_approved_each_welcome_that_is_not_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("welcomes: [{id: a, text: 您好}, {id: b, text: 欢迎}]", "utf-8")
    config = a_config(tmp_path, welcome={"sources": [file]}, safety={"approval": "all"})
    (one, _), _ = welcomes_in([file])
    said = [
        str(problem)
        for problem in welcome_problems(
            config, ROOT / "prompts", [decided(ApprovalState.APPROVED, one)]
        )
    ]
    assert len(said) == 1
    assert said[0].startswith("welcomes b：没有批准")
    assert "concierge approve review welcome:b" in said[0]


def test_a_watched_word_that_a_person_has_released_is_no_problem(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("welcomes: [{id: a, text: 全网第一，保证治愈}]", "utf-8")
    config = a_config(tmp_path, welcome={"sources": [file]})
    (one,), _ = welcomes_in([file])
    approved = [decided(ApprovalState.LIVE, one)]
    assert list(welcome_problems(config, ROOT / "prompts", approved)) == []


def test_whatever_a_newcomer_reads_or_taps_is_part_of_what_is_released() -> None:
    link = Attachment(kind="link", title="新人必看", url="https://example.com/new")
    one = WelcomeText(id="a", text="您好", without="没有券", attachments=(link,))
    for changed in (
        replace(one, without="也没有券"),
        replace(one, attachments=(replace(link, url="https://example.com/other"),)),
        replace(one, attachments=(replace(link, title="老人必看"),)),
    ):
        assert known_welcome(changed).digest != known_welcome(one).digest
    same_words = replace(one, channels=frozenset({"poster"}))
    assert known_welcome(same_words).digest == known_welcome(one).digest
