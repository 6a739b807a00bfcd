"""Is what waits for a person said once it was released, and not a moment before?"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.lexicon.labelled import shipped
from bot.app import PROMPTS, build_library, known_texts, take_files
from bot.app.approving import (
    Releases,
    guide,
    known_entry,
    known_replies,
    known_welcome,
    pieces_of,
    released_phrases,
    unreleased,
)
from bot.app.content import Follower
from bot.config import ApprovalMode
from bot.errors import Misconfigured
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision
from bot.routing.phrases import Phrases
from bot.store import Approvals, ApprovalState, KnownText, Store, Unit
from handlers.welcome.choosing import Occasion, WelcomeText
from handlers.welcome.in_force import Welcomes
from knowledge import FaqEntry
from tests.builders import a_config
from tests.conftest import OpenChat
from tests.talk import PlayedClock

CLAIM = FaqEntry(
    id="claim", question="你们什么级别", answer="{profile.name|您}好，我们是国家级实验室。"
)
SAID = "您好，我们是国家级实验室。"
INSTEAD = "这个问题由同事来回答您，我已经请同事来看。"


async def decide(
    store: Store, state: ApprovalState, *texts: KnownText, now: float = 1.0
) -> Approvals:
    approvals, unit = Approvals(store.database), Unit()
    for known in texts:
        approvals.decide(unit, known, state, by="li", now=now, why="有证书")
    await approvals.commit(unit)
    return approvals


async def test_a_watched_text_is_said_once_it_is_approved(open_chat: OpenChat) -> None:
    chat = await open_chat(entries=[CLAIM])
    await chat.says("你们什么级别")
    assert chat.replies[0] == INSTEAD
    approvals = await decide(chat.store, ApprovalState.APPROVED, known_entry("", CLAIM))
    await Releases.read(approvals, "flagged").follow(chat.engine.guard)
    await chat.says("你们什么级别")
    assert chat.replies == [SAID]


async def test_approval_is_of_that_text_and_without_it_nothing_is_said(
    open_chat: OpenChat, store: Store
) -> None:
    other = known_entry("", FaqEntry(id="claim", question="", answer="我们是国家级工厂。"))
    await decide(store, ApprovalState.APPROVED, other)
    await decide(store, ApprovalState.REVIEWED, known_entry("", CLAIM))
    chat = await open_chat(entries=[CLAIM])
    await chat.says("你们什么级别")
    assert chat.replies[0] == INSTEAD


async def test_where_approvals_are_off_the_lexicon_decides_alone(
    open_chat: OpenChat, store: Store
) -> None:
    await decide(store, ApprovalState.APPROVED, known_entry("", CLAIM))
    chat = await open_chat(entries=[CLAIM], safety={"approval": "off"})
    await chat.says("你们什么级别")
    assert chat.replies[0] == INSTEAD


async def test_the_running_service_follows_what_people_decide(tmp_path: Path, store: Store) -> None:
    (tmp_path / "faq.yaml").write_text(
        "- {id: ship, question: 多久发货, answer: 两天。}\n"
        "- {id: fee, question: 运费, answer: 八元。}\n",
        "utf-8",
    )
    config = a_config(tmp_path, knowledge={"sources": [str(tmp_path / "faq.yaml")]})
    await take_files(config, store.contents, now=0.0)
    approvals = Approvals(store.database)
    releases = Releases.read(approvals, "flagged")
    library = await build_library(config, store.contents, None, releases)
    guard = Guard(shipped())
    follower = Follower(store.contents, library, await store.contents.version(), releases, guard)

    def approved() -> list[bool]:
        entries = [library.everything.get(name) for name in ("ship", "fee")]
        return [entry is not None and entry.approved for entry in entries]

    ship = next(k for k in await known_texts(config, store.contents, _phrases()) if k.key == "ship")
    await decide(store, ApprovalState.RETIRED, ship)
    await follower.look()
    assert approved() == [False, True]
    await decide(store, ApprovalState.APPROVED, ship)
    await follower.look()
    assert approved() == [True, True]


async def test_what_is_in_use_is_live_and_what_is_not_is_not(store: Store) -> None:
    one, two = KnownText("entry", "a", "甲"), KnownText("entry", "a", "乙")
    approvals = await decide(store, ApprovalState.APPROVED, one, two)
    await decide(store, ApprovalState.RETIRED, KnownText("entry", "b", "丙"))
    await approvals.use([one, KnownText("entry", "b", "丙")])
    assert {a.known.text: a.state.value for a in await approvals.all()} == {
        "甲": "live",
        "乙": "approved",
        "丙": "retired",
    }
    await approvals.use([two])
    assert {a.known.text: a.state.value for a in await approvals.all()}["甲"] == "approved"


# ---------------------------------------------------------------------- all of them


def _phrases() -> Phrases:
    return Phrases.load(PROMPTS)


async def test_where_all_is_approved_nothing_starts_before(
    open_chat: OpenChat, store: Store, clock: PlayedClock
) -> None:
    with pytest.raises(Misconfigured, match=r"从没有批准过.*concierge approve list"):
        released_phrases(_phrases(), [])
    await decide(store, ApprovalState.APPROVED, *known_replies(_phrases()), now=clock.now())
    chat = await open_chat(safety={"approval": "all"})
    await chat.says("谢谢")
    assert chat.handled_by == "greeting.thanks"


async def test_of_a_changed_text_the_last_one_that_was_approved_is_said(store: Store) -> None:
    phrases = Phrases({"engine.late": "久等了。", "engine.waiting": "请稍候。"}, {})
    await decide(store, ApprovalState.APPROVED, *known_replies(phrases))
    changed = phrases.saying({"engine.late": "抱歉久等了。"})
    decided = await Approvals(store.database).all()
    assert released_phrases(changed, decided).say("engine.late") == "久等了。"
    await decide(store, ApprovalState.APPROVED, *known_replies(changed), now=2.0)
    decided = await Approvals(store.database).all()
    assert released_phrases(changed, decided).say("engine.late") == "抱歉久等了。"


async def test_entries_that_nobody_approved_are_not_said_where_all_are_to_be(store: Store) -> None:
    plain = FaqEntry(id="a", question="多久发货", answer="两天。")
    other = FaqEntry(id="b", question="运费", answer="八元。")
    approvals = await decide(store, ApprovalState.APPROVED, known_entry("wk1", plain))
    releases = Releases.read(approvals, "all")
    assert [one.approved for one in releases.admitted("wk1", [plain, other])] == [True, False]
    assert [one.approved for one in releases.admitted("", [plain])] == [False]


# ---------------------------------------------------------------------- pieces


async def test_a_retired_reply_is_not_said_until_another_is_released(store: Store) -> None:
    old = KnownText("reply", "engine.late", "让您久等了，{who}在此致歉。")
    guard = Guard(shipped())
    await decide(store, ApprovalState.RETIRED, old)
    guide(guard, await Approvals(store.database).all(), "flagged")
    assert guard.check("让您久等了，小礼在此致歉。").decision is Decision.BLOCK
    assert guard.check("久等了。").decision is Decision.ALLOW


def test_pieces_stand_between_placeholders_and_lines() -> None:
    text = "{who}好，我们是{{甲}}。\n  国家级实验室{profile.name|您}在等您 "
    assert pieces_of(text) == ["好，我们是{甲}。", "国家级实验室", "在等您"]


HELLO = WelcomeText(id="hello", text="您好，欢迎。")
SALE = WelcomeText(id="sale", text="今天有活动。", channels=frozenset({"poster"}))


def hears(welcomes: Welcomes) -> str | None:
    moment = datetime(2026, 11, 2, 10, tzinfo=UTC)
    chosen = welcomes.choose(Occasion(at="friend", moment=moment, channel="poster"))
    return chosen.id if chosen else None


async def test_a_welcome_is_said_from_the_moment_it_is_released(
    open_chat: OpenChat, store: Store
) -> None:
    """Until then the newcomer hears another one that was released, or none (R-15.9)."""
    chat = await open_chat()
    welcomes = Welcomes([HELLO, SALE], chat.engine.guard)
    releases = Releases(Approvals(store.database), "all", {}, welcomes)
    await releases.follow(chat.engine.guard)
    assert hears(welcomes) is None
    await decide(store, ApprovalState.APPROVED, known_welcome(HELLO))
    await releases.follow(chat.engine.guard)
    assert hears(welcomes) == "hello"
    await decide(store, ApprovalState.APPROVED, known_welcome(SALE))
    await releases.follow(chat.engine.guard)
    assert hears(welcomes) == "sale"
    await decide(store, ApprovalState.RETIRED, known_welcome(SALE))
    await releases.follow(chat.engine.guard)
    assert hears(welcomes) == "hello"


@pytest.mark.parametrize(
    ("mode", "held"), [("off", set()), ("flagged", {"sale"}), ("all", {"hello", "sale"})]
)
def test_what_must_be_released_depends_on_the_mode(mode: ApprovalMode, held: set[str]) -> None:
    known = known_welcome(SALE)
    states = {(known.kind, known.key, known.digest): ApprovalState.RETIRED}
    assert unreleased([HELLO, SALE], states, mode) == held


async def test_a_welcome_with_a_watched_word_is_said_once_it_is_approved(
    open_chat: OpenChat, store: Store
) -> None:
    chat = await open_chat()
    one = WelcomeText(id="one", text="{customer}您好，我们是国家级实验室。")
    welcomes = Welcomes([one], chat.engine.guard)
    said = "兰您好，我们是国家级实验室。"
    assert welcomes.say(one.text, {"customer": "兰"}, nameless="朋友") is None
    approvals = await decide(store, ApprovalState.APPROVED, known_welcome(one))
    await Releases.read(approvals, "flagged").follow(chat.engine.guard)
    assert welcomes.say(one.text, {"customer": "兰"}, nameless="朋友") == said
