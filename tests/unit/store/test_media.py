"""Which files of customers' media stay, and which go?"""

import os
import time
from pathlib import Path

from bot.store import Download, Store, Unit
from tests.builders import a_customer


async def test_only_old_files_that_no_row_names_are_deleted(store: Store, tmp_path: Path) -> None:
    conversation, download = a_customer(), Download(b"picture", "image/png", "a.png")
    await store.vault.ready([conversation.subject])
    kept = store.media.write(conversation.subject, "kept", download)
    unit = Unit()
    store.media.record(
        unit,
        conversation,
        "kept",
        msgid="m1",
        msgtype="image",
        path=kept,
        download=download,
        now=1.0,
    )
    await store.database.commit(unit)
    orphan = store.media.write(conversation.subject, "orphan", download)
    fresh = store.media.write(conversation.subject, "fresh", download)
    half = kept.with_name("half.part")
    half.write_bytes(b"half")
    foreign = kept.with_name("readme.txt")
    foreign.write_text("not ours", "utf-8")
    for path in (kept, orphan, half, foreign):
        os.utime(path, (time.time() - 7_200,) * 2)

    assert await store.media.forget_orphans() == 2
    assert [path.exists() for path in (kept, orphan, fresh, half, foreign)] == [
        *(True, False, True, False, True)
    ]
