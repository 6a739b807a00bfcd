"""No code of ours on the page: whatever the program can write down has words for who reads it.

The program's own text is searched for what it writes, so that a new code cannot slip in.
"""

import re
from collections.abc import Collection, Iterator

import msgspec
import pytest
import yaml

from bot.app.engine import PROMPTS
from bot.config import Escalation
from bot.model import Because, Conversation
from bot.model.cases import CLOSED, OPEN_STATUSES
from bot.model.consents import Purpose, Standing
from bot.model.outreach import Reach
from bot.model.people import ATTRIBUTES
from bot.model.tags import TagSource
from bot.routing.panels import About
from bot.routing.phrases import Phrases
from bot.store import Moment
from bot.store.timeline import SOURCES
from handlers.timeline.telling import Teller
from tests.program import constants, matched, named, returned, said

PHRASES = Phrases.load(PROMPTS)
WHERE = Conversation("wk_shop", "wm_lan")
NAMES = {"zhangsan": "张敏"}
TELLER = Teller(
    About(WHERE.external_userid, WHERE, "lisi", 0.0, PHRASES, name_of=lambda one: NAMES[one]),
    lambda _, entry: {"ship-fee": "运费怎么算"}.get(entry, ""),
)
CODE = re.compile(r"[A-Za-z_]{2,}")

REASONS = (
    said("Wish", 0)
    | said("emit", "reason")
    | said("step", "reason", "handlers/escalation")
    | said("close", 2, "handlers/escalation")
    | set(yaml.safe_load((PROMPTS.parent / "escalation.yaml").read_text("utf-8"))["classes"])
    | set(Escalation().close_reasons)
)
STEPS = said("step", 0, "handlers") | said("step", 0, "bot/routing") | {"opened", "assigned"}
OUTCOMES = said("settle", 0) | said("Handled", 0) | named("outcome", "bot/routing")
MASS_WHYS = {
    why
    for path in ("bot/delivery/mass_", "bot/store/mass_sends")
    for whys in constants(path).values()
    for why in whys
    if re.fullmatch("[a-z_]+", why)
} | said("drop_sends", 3)
WHY_NOT_RATED = returned("handlers/satisfaction/rules.py") - {""}


def moment(kind: str, what: str, why: str = "", who: str = "") -> Moment:
    return Moment(0.0, kind, what, why, who, WHERE.external_userid, WHERE.open_kfid, "", "")


def because(source: str, ref: str = "some.ref") -> str:
    return msgspec.json.encode(Because(source=source, ref=ref, score=0.5)).decode()


Cases = Iterator[tuple[Moment, int]]
"""Lines that can be, and how many parts the reason of each must have at least."""


def cases() -> Cases:
    """Every one."""
    for one in (texts, steps, consents, tags, contacts, ratings, sends, merges):
        yield from one()


def texts() -> Cases:
    """What was written, and what became of it."""
    for outcome in OUTCOMES:
        yield moment("message", "wrote", outcome), 1
    for source in said("Because", "source") - {"", "escalation"}:
        yield moment("sent", "sent", f"x.y {because(source)}"), 1
        yield moment("message", "wrote", f"answered {because(source)}"), 2
    for reason in REASONS:
        yield moment("message", "wrote", f"handed_off {because('escalation', reason)}"), 2
    for state in matched(r"'(pending|claimed|sent|held|dead|cancelled)'", "bot/store/outbox.py"):
        yield moment("sent", state), 0


def steps() -> Cases:
    """How a case goes on."""
    for reason in REASONS:
        yield moment("case", "wanted", reason), 1
    for name in STEPS:
        yield moment("case", name, "asked zhangsan", "zhangsan"), 2


def consents() -> Cases:
    """What was asked and decided, and where."""
    for purpose in Purpose:
        for decision in ("asked", Standing.GIVEN, Standing.REFUSED, Standing.WITHDRAWN):
            yield moment("consent", f"{purpose} {decision}", "kf v7 bot", "bot"), 2
    for channel in said("ConsentDecision", "channel"):
        yield moment("consent", "marketing given", f"{channel} v7 customer", "customer"), 1


def ratings() -> Cases:
    """Asked, not asked, answered."""
    for why in (*WHY_NOT_RATED, "code_unsent", "message_unsent"):
        yield moment("rating", "", f"none {why}"), 1
    yield moment("rating", "", "code"), 0
    yield moment("rating", "4", "message"), 0


def sends() -> Cases:
    """What was sent through a member, and what was bought."""
    for state in Reach:
        yield moment("mass_send", state, "zhangsan flow:m/a", "zhangsan"), 2
    for why in MASS_WHYS:
        yield moment("mass_send", "impossible", f"zhangsan flow:m/a {why}", "zhangsan"), 3
    yield moment("link", "sent", "尺码表 zhangsan", "zhangsan"), 1
    yield moment("opened", "opened", "尺码表"), 0
    yield moment("order", "已发货", "19900"), 1


def merges() -> Cases:
    """Two who are one, and are not after all."""
    for evidence in ("unionid", "phone", "hand"):
        yield moment("merge", "merged", f"{evidence} zhangsan same", "zhangsan"), 2
    yield moment("unmerge", "taken apart", "zhangsan mistaken", "zhangsan"), 1


def tags() -> Cases:
    """Every way in which a tag changes, or does not."""
    outcomes = matched(r"'(applied|refused:\w+)'", "bot/store/tag_statements.py")
    rules = (
        "ship@3",
        "replaced:关注：退货",
        "expired",
        "lapsed",
        "withdrawn",
        "undo:7",
        "proposed:m",
    )
    for outcome in outcomes:
        for source in TagSource:
            for added in "+-":
                yield moment("tag", f"{added}关注：运费", f"{outcome} {source}"), 1
        for rule in rules:
            yield moment("tag", "-关注：运费", f"{outcome} rule {rule} zhangsan", "zhangsan"), 2


def contacts() -> Cases:
    """What happens between a member and a customer."""
    for kind in said("_note", 3, "bot/store/contacts") | {"added", "half"}:
        yield moment("contact", kind, "zhangsan c_17", "zhangsan"), 1
    for by in ("customer", "staff", "unknown", "staff DELETE_BY_TRANSFER"):
        yield moment("contact", "deleted", f"zhangsan {by}", "zhangsan"), 2
    for why in ("customer_refused", "customer_limit_exceed"):
        yield moment("contact", "transfer_failed", f"zhangsan {why}", "zhangsan"), 2


def test_no_line_holds_a_code_and_none_lacks_its_reason() -> None:
    told = [(one, TELLER.line(one), parts) for one, parts in cases()]
    assert {one.kind for one, _, _ in told} == {source.kind for source in SOURCES}
    for one, line, parts in told:
        text = f"{line.label} {line.value} {line.hint}"
        assert not CODE.search(text), (one, line)
        assert line.label, one
        assert line.value, one
        hints = [part for part in line.hint.split(" · ") if part]
        assert len(hints) >= parts, (one, line)


def test_what_the_program_writes_was_found() -> None:
    """A search that finds nothing would prove nothing."""
    assert {"answered", "missed", "greeted", "handed_off", "flood"} <= OUTCOMES
    assert {"raised", "suggest", "no_room", "withheld", "agent", "nobody", "complaint"} <= REASONS
    assert {"wanted", "queued", "taken", "nudged", "queue_told", "handing_back"} <= STEPS
    assert {"faq", "reply", "flow", "material", "lexicon"} <= said("Because", "source")
    assert {"not_made", "fail_list", "step_done", "no_consent"} <= MASS_WHYS
    assert {"off", "busy", "no_code"} <= WHY_NOT_RATED


def test_an_entry_is_named_by_its_question_and_a_member_by_his_name() -> None:
    answered = moment("sent", "sent", f"faq.answer {because('faq', 'ship-fee')}")
    assert TELLER.line(answered).hint == "知识库“运费怎么算” 50%"
    gone = moment("sent", "sent", f"faq.answer {because('faq', 'gone')}")
    assert TELLER.line(gone).hint == "知识库 50%"
    said_it = TELLER.line(moment("message", "served", "servicer", "zhangsan"))
    assert (said_it.label, said_it.value, said_it.hint) == ("同事 张敏", "同事发了消息", "")


def test_a_code_that_nobody_put_into_words_is_left_out() -> None:
    told = TELLER.line(moment("message", "wrote", f"new_outcome {because('new_source')}"))
    assert (told.label, told.value, told.hint) == ("客户", "客户发来消息", "50%")


@pytest.mark.parametrize(
    ("group", "codes"),
    [
        ("sidebar.status", (*OPEN_STATUSES, CLOSED)),
        ("sidebar.purpose", tuple(Purpose)),
        ("sidebar.standing", tuple(Standing)),
        ("sidebar.tagged_by", tuple(TagSource)),
        ("sidebar.fact", tuple(ATTRIBUTES)),
        ("escalation.reason", tuple(Escalation().close_reasons)),
    ],
)
def test_every_code_of_the_page_has_words(group: str, codes: Collection[str]) -> None:
    assert [code for code in codes if not PHRASES.word(group, code)] == []
