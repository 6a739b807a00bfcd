"""Which share of the work is this process's? All of it, unless several share one database.

What has to be done once is divided into shares with names: each subject and each queue of the
outbox belongs to one of `SHARDS`, each kf account to the one share of whoever pulls it, and what
goes on for the company as a whole to `LOOPS`.
"""

import zlib
from dataclasses import dataclass
from typing import Protocol

from bot.store.fences import Fence

SHARDS = tuple(f"shard:{number}" for number in range(64))
"""Never changed: two processes that divide differently would work on one subject at once."""

LOOPS = "loops"
_PULL = "pull:"
_CUSTOMER = "customer:"


def shard_of(key: str) -> str:
    """The share of a subject or of a queue; a customer's conversations go with the customer.

    The same for ever and in every process, see `SHARDS`.
    """
    whose = key.removeprefix(_CUSTOMER).rpartition("/")[2]
    return SHARDS[zlib.crc32(whose.encode()) % len(SHARDS)]


def pull_of(open_kfid: str) -> str:
    """The share of pulling a kf account."""
    return _PULL + open_kfid


@dataclass(frozen=True, slots=True)
class Beat:
    """What a sign of life has changed.

    Args:
        taken: shares that are ours from now on.
        lost: that others have taken over: whatever is under way for them is to end.
        surplus: that others should have: to be given once what is under way has ended.
    """

    taken: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    surplus: frozenset[str] = frozenset()


class Leases(Protocol):
    """What is this process's to do.

    Args:
        every_s: how often to give a sign of life, 0 = once is enough.
        works: whether anything is ever ours.
        shared: whether other processes do what is not.
    """

    every_s: float
    works: bool
    shared: bool

    @property
    def held(self) -> frozenset[str]:
        """Shares that are ours, those that were let go too."""
        ...

    @property
    def living(self) -> int:
        """Among how many what all of them may use is divided; it is one part of it that is ours."""
        ...

    def holds(self, name: str) -> bool:
        """Whether something of this share may be begun."""
        ...

    def fence(self, name: str) -> Fence | None:
        """What is committed for a share that is ours must carry this.

        Raises:
            LeaseLost: it is not ours.
        """
        ...

    def check(self) -> None:
        """Whether the world may be told something on behalf of the present task.

        Raises:
            LeaseLost: it has been so long since we could say that we live that others may do it.
        """
        ...

    async def beat(self) -> Beat:
        """Say that we live, and take what is nobody's, up to a fair share.

        Raises:
            StoreFailed: the database cannot.
        """
        ...

    def let_go(self, names: frozenset[str]) -> None:
        """Begin nothing more of these; what is under way may end."""
        ...

    async def give(self, names: frozenset[str]) -> None:
        """Others may have these."""
        ...

    async def leave(self) -> None:
        """Others may have everything; we end."""
        ...


class Alone:
    """Everything is ours, and nobody else's: one process on one database."""

    every_s, works, shared, living = 0.0, True, False, 1
    held: frozenset[str] = frozenset()

    def holds(self, name: str) -> bool:
        """Everything."""
        return True

    def fence(self, name: str) -> Fence | None:
        """Nobody could take it over."""
        return None

    def check(self) -> None:
        """Nobody else does it."""

    async def beat(self) -> Beat:
        """All is taken, once."""
        return Beat(taken=frozenset((*SHARDS, LOOPS)))

    def let_go(self, names: frozenset[str]) -> None:
        """Nobody asks for it."""

    async def give(self, names: frozenset[str]) -> None:
        """Nobody asks for it."""

    async def leave(self) -> None:
        """Nobody waits for it."""


class Bystander(Alone):
    """Nothing is ours: a process that answers over HTTP while others work.

    It asks WeCom for a name or a ticket now and then, and is not counted among those who work: what
    they leave free (`our_share` in ``limits.yaml``) is enough for four of these.
    """

    works, shared, living = False, True, 16

    def holds(self, name: str) -> bool:
        """Nothing."""
        return False

    async def beat(self) -> Beat:
        """Nothing is taken."""
        return Beat()
