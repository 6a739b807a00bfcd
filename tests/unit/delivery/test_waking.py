"""Are lanes and pages of another process told, and no more often than they must be?"""

from collections.abc import Callable

from bot.delivery.lanes import Lanes
from bot.delivery.waking import Waking
from bot.model import Lane
from bot.ports import Topic
from bot.routing.live import Live
from tests.talk import PlayedClock


class FakeBus:
    """One process' end of a bus; `joined` makes the ends hear each other."""

    def __init__(self) -> None:
        self.others: list[FakeBus] = []
        self.said: list[tuple[Topic, str]] = []
        self._heard: list[tuple[Topic, Callable[[str], None]]] = []

    def publish(self, topic: Topic, text: str) -> None:
        self.said.append((topic, text))
        for other in self.others:
            for wanted, heard in other._heard:
                if wanted is topic:
                    heard(text)

    def subscribe(self, topic: Topic, heard: Callable[[str], None]) -> None:
        self._heard.append((topic, heard))


def joined() -> tuple[FakeBus, FakeBus]:
    one, other = FakeBus(), FakeBus()
    one.others, other.others = [other], [one]
    return one, other


class Worked:
    """Lanes that note which keys were worked on."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.lanes = Lanes("drain", self._work, dict.fromkeys(Lane, 1), PlayedClock())

    async def _work(self, key: str) -> None:
        self.keys.append(key)

    async def done(self) -> list[str]:
        await self.lanes.stop(grace_s=1)
        return self.keys


async def test_a_key_woken_here_is_woken_in_the_other_process_too() -> None:
    (here, there), mine, theirs = joined(), Worked(), Worked()
    waking = Waking(here, Topic.MAILBOX, mine.lanes)
    Waking(there, Topic.MAILBOX, theirs.lanes)
    waking.wake("customer:wm 1", Lane.REPLY)
    assert (await mine.done(), await theirs.done()) == (["customer:wm 1"], ["customer:wm 1"])
    assert there.said == []  # who was told tells nobody: the word would go round for ever


async def test_mailboxes_and_queues_of_one_name_are_not_confused() -> None:
    (here, there), mine, theirs = joined(), Worked(), Worked()
    Waking(there, Topic.OUTBOX, theirs.lanes)
    Waking(here, Topic.MAILBOX, mine.lanes).wake("corp", Lane.REPLY)
    assert await theirs.done() == []


async def test_a_page_follows_what_another_process_did() -> None:
    here, there = joined()
    live = Live(there)
    with live.listen("customer:wm1") as page, live.listen("customer:wm2") as another:
        Live(here).changed("customer:wm1")
        assert (page.is_set(), another.is_set()) == (True, False)
    assert there.said == []
