"""Each turn that does something leaves one row: who, what, why, from what, and how it ended."""

from tests.talk import Chat


async def test_an_answer_leaves_one_row_that_says_why_and_names_nobody(chat: Chat) -> None:
    before = len(await chat.store.audit.search())
    msgid = await chat.says("多久发货")
    rows = await chat.store.audit.search()
    assert len(rows) == before + 1
    row = rows[0]
    assert (row["actor"], row["action"], row["why"]) == ("faq.answer", "Reply", "faq:ship-time")
    assert row["result"] == "answered"
    assert [row["subject"]] == await chat.store.audit.persons_of(["wm_lan"])
    text = "".join(str(value) for value in tuple(row))
    assert "wm_lan" not in text
    assert "发货" not in text
    digest = chat.store.vault.digest(chat.conversation.subject, f"{msgid}\0多久发货".encode())
    assert row["inputs"] == digest, "whoever has the key can show what it was decided from"


async def test_what_nobody_acts_on_leaves_no_row(chat: Chat) -> None:
    await chat.take_over()
    before = len(await chat.store.audit.search())
    await chat.says("还有一个问题")
    assert chat.outcome == "silent"
    assert len(await chat.store.audit.search()) == before


async def test_a_hand_over_is_found_by_its_kind(chat: Chat) -> None:
    await chat.says("转人工")
    (row,) = await chat.store.audit.search(action="HandOff")
    assert "escalation.needed" in row["actor"].split()
    assert row["result"] == "handed_off"
