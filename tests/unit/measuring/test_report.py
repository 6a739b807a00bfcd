"""What a window of cases adds up to, read from the tables; and the tables made anew."""

import itertools
from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from bot.measuring import Reporter, Window, days_between, last_days
from bot.model import Because, Conversation, Lane, SendMessage, Step
from bot.model.cases import rebuilt
from bot.store import (
    CaseChange,
    CaseRebuild,
    Draft,
    Handled,
    Said,
    Store,
    Unit,
    UnitConflict,
    conversation_queue,
)
from bot.store import measured as measured_module
from tests.builders import FRIDAY_MORNING, a_message
from tests.unit.measuring.records import FIXED, FOUND, LATER, NOW, answered, asked, step, wrote

DAY = 86_400.0
WEEK = Window(NOW, NOW + 7 * DAY)
WANTED = step("wanted", 60, level=2, reason="asked")
_numbers = itertools.count(1)


def reporter(store: Store, minimum: int = 1) -> Reporter:
    return Reporter(store.measured, lambda begin, end, _where: end - begin, minimum)


async def happened(
    store: Store,
    *steps: Step,
    who: str = "",
    at: str = "wk_shop",
    said: Sequence[Said] = (asked(),),
    replies: Sequence[tuple[float, Because]] = (),
    closed: float | None = 3600,
    shift: float = 0.0,
) -> str:
    """A case as the engine would have stored it; returns its id.

    Args:
        shift: how many seconds later everything happens.
    """
    case_id = f"case{next(_numbers):03}"
    where = Conversation(at, who or f"wm_{case_id}")
    whole = [step("opened", 0), *steps]
    if closed is not None:
        whole.append(step("closed", closed, reason="gap"))
    moved = [structs.replace(one, at=one.at + shift) for one in whole]
    heard = [(one.at + shift, not one.servicer) for one in said]
    case = rebuilt(case_id, where, moved, heard)
    before = structs.replace(rebuilt(case_id, where, moved[:1], []), steps=0)
    unit = Unit()
    await store.vault.ready([where.subject])
    await store.cases.save(unit, CaseChange(before, case, tuple(moved)))
    for one in said:
        message = a_message(
            of=where,
            sent_at=one.at + shift,
            origin=5 if one.servicer else 3,
            servicer_userid=one.servicer or None,
        )
        handled = Handled("answered", one.handled_by)
        store.transcript.record(unit, message, handled, received_at=one.at + shift, trace_id="")
    await store.database.commit(unit)
    for after, because in replies:
        await _replied(store, where, NOW + shift + after, because)
    return case_id


async def _replied(store: Store, where: Conversation, at: float, because: Because) -> None:
    unit, effect = Unit(), SendMessage(payload={"msgtype": "text"})
    draft = Draft(
        *(where.subject, conversation_queue(where), where, Lane.REPLY, effect, at + DAY),
        because=because,
    )
    await store.outbox.post(unit, [draft], at)
    await store.database.commit(unit)
    (parcel,) = await store.outbox.open_of(conversation_queue(where))
    unit = Unit()
    store.outbox.end(unit, parcel, "sent", at)
    await store.database.commit(unit)


async def test_each_case_is_counted_once_and_read_in_full(store: Store) -> None:
    await happened(store, replies=[(2, FIXED), (8, FOUND)])
    await happened(store, WANTED, answered(90), said=[asked(), wrote(90)])
    await happened(store, WANTED, answered(90, "lisi", 3), said=[asked(), wrote(90, "lisi")])
    await happened(store, WANTED, at="wk_other")
    await happened(store, who="wm_back", closed=3600)
    await happened(store, who="wm_back", shift=3600 + 48 * 3600 - 1, closed=None)
    report = await reporter(store).report(WEEK, LATER)
    assert {one.kind: one.share.count for one in report.classes} == {
        "L1": 1,
        "L2": 1,
        "L3": 1,
        "unserved": 1,
        "reopened": 1,
    }
    assert report.n == 5
    assert (report.reopen_rate.count, report.reopen_rate.of) == (1, 2)
    assert [(one.level, one.minutes) for one in report.work] == [(2, 1.5), (3, 1.5)]
    assert (report.frt_any.n, report.frt_any.never, report.frt_any.p50) == (5, 2, 90.0)
    assert (report.frt_human.n, report.frt_human.never, report.frt_human.p50) == (3, 1, 30.0)
    assert [(part.open_kfid, part.n) for part in report.accounts] == [
        ("wk_other", 1),
        ("wk_shop", 4),
    ]
    assert [(part.reason, part.n, part.kinds["unserved"]) for part in report.reasons] == [
        ("asked", 3, 1)
    ]


async def test_suggestions_are_counted_by_what_was_asked_and_the_best_that_became_of_them(
    store: Store,
) -> None:
    """Three suggestions to one text are one occasion; sent counts more than rejected."""
    suggested = {
        ("wk_shop", "m1"): ["rejected", "sent", ""],
        ("wk_shop", "m2"): ["edited", ""],
        ("wk_shop", "m3"): ["rejected"],
        ("wk_shop", "m4"): ["", "", ""],
        ("", "pasted:1"): ["sent"],
        ("wk_other", "m1"): ["sent"],
    }
    number = 0
    for (account, msgid), outcomes in suggested.items():
        for outcome in outcomes:
            number += 1
            await store.database.execute(
                "INSERT INTO suggestions (id, open_kfid, external_userid, created_at, handled_by,"
                " msgid) VALUES (?, ?, 'wm_lan', ?, 'test', ?)",
                *(number, account, NOW, msgid),
            )
            if outcome:
                await store.database.execute(
                    "INSERT INTO suggestion_outcomes (open_kfid, external_userid, userid, at,"
                    " suggestion, msgid, source, ref, outcome)"
                    " VALUES (?, 'wm_lan', 'zhangsan', ?, ?, ?, 'faq', 'x', ?)",
                    *(account, NOW, number, msgid, outcome),
                )
    for open_kfid, n, counts in (("", 6, (3, 1, 1, 1)), ("wk_shop", 4, (1, 1, 1, 1))):
        found = (await reporter(store).report(WEEK, LATER, open_kfid)).suggesting
        shares = (found.sent, found.edited, found.rejected, found.untouched)
        assert (found.n, tuple(share.count for share in shares)) == (n, counts)
        assert {share.of for share in shares} == {n}


async def test_one_account_alone(store: Store) -> None:
    await happened(store, at="wk_other")
    await happened(store)
    report = await reporter(store).report(WEEK, LATER, "wk_other")
    assert (report.n, report.open_kfid) == (1, "wk_other")


async def test_a_window_holds_its_beginning_and_not_its_end(store: Store) -> None:
    await happened(store, closed=3600)
    for since, until, n in ((3600, 7200, 1), (3601, 7200, 0), (0, 3600, 0), (0, 3601, 1)):
        report = await reporter(store).report(Window(NOW + since, NOW + until), LATER)
        assert report.n == n


async def test_a_message_of_the_next_case_is_none_of_this_one(store: Store) -> None:
    await happened(store, who="wm_x", closed=DAY)
    await happened(store, who="wm_x", shift=DAY, closed=3600, said=[asked()])
    pages = [page async for page in store.measured.closed(NOW, NOW + 9 * DAY)]
    assert [len(record.said) for record in pages[0]] == [1, 1]


async def test_verdicts_need_enough_cases(store: Store) -> None:
    for _ in range(7):
        await happened(store)
    for _ in range(2):
        await happened(store, WANTED, answered(90), said=[asked(), wrote(90)])
    await happened(store, WANTED, answered(90, "lisi", 3), said=[asked(), wrote(90, "lisi")])
    report = await reporter(store, minimum=10).report(WEEK, LATER)
    assert [one.verdict for one in report.classes] == ["met", "met", "met", "", ""]
    report = await reporter(store, minimum=11).report(WEEK, LATER)
    assert [one.verdict for one in report.classes] == ["too_few"] * 3 + ["", ""]
    await happened(store, WANTED)
    report = await reporter(store, minimum=1).report(WEEK, LATER)
    assert [one.verdict for one in report.classes] == ["off", "met", "met", "", ""]


async def test_pages_join_without_a_gap(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured_module, "PAGE", 3)
    sql = measured_module._CLOSED.replace("LIMIT 100", "LIMIT 3")
    monkeypatch.setattr(measured_module, "_CLOSED", sql)
    for _ in range(8):
        await happened(store)
    report = await reporter(store).report(WEEK, LATER)
    assert report.n == 8
    assert (await reporter(store).kinds(WEEK)).total() == 8


# ---------------------------------------------------------------------- made anew


async def test_cases_are_made_again_from_steps_and_messages(store: Store) -> None:
    await happened(store, WANTED, answered(90), said=[asked(), asked(50), wrote(90)])
    await happened(store, who="wm_x", closed=DAY)
    await happened(store, WANTED, who="wm_x", shift=DAY, closed=None, said=[asked(), asked(99)])
    cases = CaseRebuild(store.database)
    assert [one.columns for page in [p async for p in cases.compared()] for one in page] == [()] * 3

    before = await reporter(store).report(WEEK, LATER)
    rows = await store.database.fetch("SELECT * FROM cases ORDER BY id")
    await store.database.execute("DELETE FROM cases WHERE id = ?", rows[0]["id"])
    await store.database.execute(
        "UPDATE cases SET closed_at = closed_at - 9, served_level = 3 WHERE id = ?", rows[1]["id"]
    )
    await store.database.execute("UPDATE cases SET active_at = 0 WHERE id = ?", rows[2]["id"])
    assert (await reporter(store).report(WEEK, LATER)) != before

    found = [one for page in [p async for p in cases.compared()] for one in page]
    assert [one.columns for one in found][1:] == [("served_level", "closed_at"), ("active_at",)]
    assert found[0].stored is None
    await cases.write(found)
    assert (await reporter(store).report(WEEK, LATER)) == before
    again = await store.database.fetch("SELECT * FROM cases ORDER BY id")
    assert [dict(row) | {"version": 0} for row in again] == [
        dict(row) | {"version": 0} for row in rows
    ]


async def test_a_case_whose_first_steps_are_gone_is_left_alone(store: Store) -> None:
    case_id = await happened(store, WANTED)
    await store.database.execute("DELETE FROM case_steps WHERE case_id = ? AND n = 0", case_id)
    cases = CaseRebuild(store.database)
    (one,) = [one for page in [p async for p in cases.compared()] for one in page]
    assert (one.made, one.columns) == (None, ())


async def test_a_case_that_changes_meanwhile_is_not_overwritten(store: Store) -> None:
    case_id = await happened(store)
    await store.database.execute("UPDATE cases SET level = 3 WHERE id = ?", case_id)
    cases = CaseRebuild(store.database)
    found = [one for page in [p async for p in cases.compared()] for one in page]
    await store.database.execute("UPDATE cases SET version = version + 1 WHERE id = ?", case_id)
    with pytest.raises(UnitConflict):
        await cases.write(found)


# ---------------------------------------------------------------------- days


def test_days_are_whole_days_of_the_company() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    window = last_days(7, FRIDAY_MORNING, zone)
    assert window.until == FRIDAY_MORNING - 10 * 3600
    assert window.until - window.since == 7 * DAY
    assert days_between(date(2026, 11, 13), date(2026, 11, 19), zone) == window


def test_a_day_may_be_shorter_than_another() -> None:
    window = days_between(date(2026, 3, 29), date(2026, 3, 29), ZoneInfo("Europe/Berlin"))
    assert window.until - window.since == 23 * 3600
