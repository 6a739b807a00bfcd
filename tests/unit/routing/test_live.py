"""Do pages hear of what another process did, and is the word not passed round for ever?"""

from collections.abc import Callable

from bot.ports import Topic
from bot.routing.live import Live


class FakeBus:
    """One process' end of a bus; those of `joined` hear each other."""

    def __init__(self) -> None:
        self.others: list[FakeBus] = []
        self.said: list[str] = []
        self._heard: list[Callable[[str], None]] = []

    def publish(self, topic: Topic, text: str) -> None:
        self.said.append(text)
        for other in self.others:
            for heard in other._heard:
                heard(text)

    def subscribe(self, topic: Topic, heard: Callable[[str], None]) -> None:
        self._heard.append(heard)


def joined() -> tuple[FakeBus, FakeBus]:
    one, other = FakeBus(), FakeBus()
    one.others, other.others = [other], [one]
    return one, other


async def test_a_page_follows_what_another_process_did() -> None:
    here, there = joined()
    live = Live(there)
    with live.listen("customer:wm1") as page, live.listen("customer:wm2") as another:
        Live(here).changed("customer:wm1")
        assert (page.is_set(), another.is_set()) == (True, False)


async def test_who_was_told_tells_nobody() -> None:
    here, there = joined()
    Live(there)
    Live(here).changed("customer:wm1")
    assert (here.said, there.said) == (["customer:wm1"], [])
