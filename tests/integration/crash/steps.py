"""How does the product die exactly between two steps of a message's life?

One method is wrapped: at its Nth pass the process sends itself SIGKILL, as abrupt as a power cut
for everything but the disk's own cache.
"""

import functools
import inspect
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.delivery.intake import DurableIntake
from bot.delivery.pull import Puller
from bot.delivery.send import Sender
from bot.routing.decisions import Committer
from bot.store import Vault
from bot.store.accounts import Accounts
from bot.store.cases import Cases
from bot.store.personal_ways import PersonalWays
from bot.store.sqlite import SqliteDatabase
from bot.store.tags import Tags
from bot.wecom.contacts import Contacts
from bot.wecom.kf import Kf
from bot.wecom.staff import StaffMessages
from bot.wecom.tags import TagLibrary
from bot.wecom.ways import ContactWays


@dataclass(frozen=True, slots=True)
class Step:
    """A moment in the life of a message: just before or just after a method does its work."""

    when: Literal["before", "after"]
    owner: type
    method: str

    def arm(self, fatal_pass: int) -> None:
        """Wrap the method so that its `fatal_pass`-th pass ends the process."""
        original = getattr(self.owner, self.method)
        wrapped = _wrap(original, self.when, _countdown(fatal_pass))
        setattr(self.owner, self.method, wrapped)


STEPS: Mapping[str, Step] = {
    "callback read, nothing stored": Step("before", DurableIntake, "accept"),
    "callback stored, not answered": Step("after", DurableIntake, "accept"),
    "callback answered, account unknown": Step("before", Accounts, "register"),
    "page fetched, not stored": Step("after", Kf, "sync"),
    "person made, key not": Step("after", Vault, "_create_persons"),
    "key made, page not stored": Step("after", Vault, "_load_or_create"),
    "page stored, nobody woken": Step("before", Puller, "_wake_all"),
    "inside a transaction": Step("after", SqliteDatabase, "_run"),
    "transaction durable, nobody told": Step("after", SqliteDatabase, "_commit_batch"),
    "decided, not committed": Step("before", Committer, "commit"),
    "committed, sender not woken": Step("after", Committer, "commit"),
    "claimed, not sent": Step("before", Kf, "send"),
    "sent, result not stored": Step("after", Kf, "send"),
    "result stored": Step("after", Sender, "_close"),
    "welcome claimed, not sent": Step("before", Kf, "send_on_event"),
    "welcome sent, result not stored": Step("after", Kf, "send_on_event"),
    "seat taken, nobody asked": Step("after", Cases, "reserve"),
    "before the card": Step("before", StaffMessages, "send_card"),
    "card sent, result not stored": Step("after", StaffMessages, "send_card"),
    "before the transfer": Step("before", Kf, "trans"),
    "transferred, result not stored": Step("after", Kf, "trans"),
    "friend read, nothing followed": Step("after", Contacts, "get"),
    "before a friend's tag is made": Step("before", TagLibrary, "add"),
    "friend's tag made, not stored": Step("after", TagLibrary, "add"),
    "friend to be marked, nobody asked": Step("before", TagLibrary, "mark"),
    "friend marked, result not stored": Step("after", TagLibrary, "mark"),
    "before a contact way is made": Step("before", ContactWays, "add"),
    "contact way made, not stored": Step("after", ContactWays, "add"),
    "contact way stored, not read": Step("after", PersonalWays, "made"),
    "what people did to a friend, not followed": Step("before", Tags, "human"),
}


def _countdown(fatal_pass: int) -> Callable[[], None]:
    left = fatal_pass

    def passed() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return passed


def _wrap(
    original: Callable[..., Any], when: Literal["before", "after"], passed: Callable[[], None]
) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            if when == "before":
                passed()
            result = await original(*args, **kwargs)
            if when == "after":
                passed()
            return result

        return awaited

    @functools.wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            passed()
        result = original(*args, **kwargs)
        if when == "after":
            passed()
        return result

    return called
