"""Do changed lists come into force while the service runs, and only when they are right?"""

from pathlib import Path

from bot.app.approving import Releases
from bot.app.lexicon import build_lexicon
from bot.app.lexicon_following import LexiconFollower
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision
from bot.store import Approvals, Store
from tests.builders import a_config


async def test_a_changed_list_comes_into_force_once_it_is_right(
    tmp_path: Path, store: Store
) -> None:
    path = tmp_path / "ours.txt"
    path.write_text("甲方公司\n", "utf-8")
    config = a_config(tmp_path, safety={"lists": [str(path)], "list_decision": "block"})
    guard = Guard(build_lexicon(config))
    releases = Releases.read(Approvals(store.database), "flagged")
    follower = LexiconFollower(config, guard, releases)

    async def decisions(text: str) -> list[Decision]:
        path.write_text(text, "utf-8")
        await follower.look()
        return [guard.check(name).decision for name in ("甲方公司", "乙方公司")]

    assert await decisions("甲方公司\n") == [Decision.BLOCK, Decision.ALLOW]
    assert await decisions("乙方公司\n！！\n") == [Decision.BLOCK, Decision.ALLOW]
    assert await decisions("乙方公司\n") == [Decision.ALLOW, Decision.BLOCK]
