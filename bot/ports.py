"""What does the engine ask of the outside, without knowing who answers? `bot.app` fills these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from bot.model import AnswerRequest, Conversation, Written

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray


class Clock(Protocol):
    """What time it is; tests move it by hand."""

    def now(self) -> float:
        """Unix seconds, UTC."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors of length 1.

    Args:
        name: model and version; vectors of different names are never compared.
        dim: length of a vector.
    """

    name: str
    dim: int

    async def embed(
        self, texts: Sequence[str], *, kind: Literal["query", "passage"]
    ) -> NDArray[float32]:
        """One normalised row per text. `knowledge.EmbeddingError` = not now."""
        ...


class Reader(Protocol):
    """Reads a question together with texts that may answer it.

    Args:
        name: model and version; scores of different names are never compared.
        most: how many texts it should be given at once.
    """

    name: str
    most: int

    async def read(self, asked: str, texts: Sequence[tuple[str, ...]]) -> Sequence[float]:
        """How well each text answers, higher is better; a text is an answer and its questions.

        `bot.errors.ModelUnavailable` = not now.
        """
        ...

    async def aclose(self) -> None:
        """Close what it keeps open."""
        ...


class ValueSource(Protocol):
    """Knows values of a customer that answers may name, such as ``{profile.name}``.

    Args:
        prefix: the part before the dot; the names stand in `knowledge.wording.VARIABLES`.
    """

    prefix: str

    async def values(self, conversation: Conversation, names: Sequence[str]) -> Mapping[str, str]:
        """What is known of these names; an unknown one is left out. Reads only, within 200 ms."""
        ...


@runtime_checkable
class FetchedSource(ValueSource, Protocol):
    """A `ValueSource` whose values can be looked up while the message waits (`Turn.look_up`)."""

    async def is_fresh(self, conversation: Conversation) -> bool:
        """Whether it was looked up so lately that there is no use in asking again."""
        ...


class ChatModel(Protocol):
    """Reads a question and our own texts, and says what may be answered from them alone."""

    async def answer(self, request: AnswerRequest) -> Written:
        """What may be said; what is returned has been checked against the passages.

        Raises:
            ModelUnavailable: no answer within the model's deadline.
        """
        ...


class Topic(StrEnum):
    """What the processes of one service tell each other about."""

    PAGES = "pages"
    """About whom a page may show something new: the subject."""


class Bus(Protocol):
    """Says something small to the other processes of the service, now or never.

    What is said may be lost, late or said twice. So it never carries a fact: it makes somebody look
    now at what the database says, who would have looked a moment later anyway.
    """

    def publish(self, topic: Topic, text: str) -> None:
        """Tell the other processes. Returns at once and never fails; we do not hear it ourselves.

        Args:
            text: ids, never what a customer wrote; whoever can read Redis can read it.
        """
        ...

    def subscribe(self, topic: Topic, heard: Callable[[str], None]) -> None:
        """Call this, on the event loop, with every text that another process publishes.

        Args:
            heard: must return at once; what it raises is logged.
        """
        ...


class Shelf(Protocol):
    """Where processes leave small sealed things for each other, for a while.

    It may be empty at any time. Where it cannot be reached nothing lies on it and everything may be
    claimed: each process does for itself.
    """

    async def look(self, name: str) -> bytes | None:
        """What lies there."""
        ...

    async def put(self, name: str, sealed: bytes, seconds: float) -> None:
        """Leave it for so long."""
        ...

    async def claim(self, name: str, seconds: float) -> bool:
        """Whether we are the one to fetch it, until `release` or for so long."""
        ...

    async def release(self, name: str) -> None:
        """Give up our claim."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a process has drawn from the common part of a limit.

    Args:
        limit: of the common part, in calls within the window.
        used: by this process, within the window.
        window_s: seconds.
    """

    limit: int
    used: int
    window_s: float


class Pool(Protocol):
    """The common part of limits: whoever needs more than an own share draws from it."""

    def draw(
        self,
        name: str,
        drawn: Callable[[], Sequence[Drawn]],
        want: int,
        granted: Callable[[int], None],
    ) -> None:
        """Ask for calls. Returns at once; a second draw on a name while one is under way is none.

        Args:
            name: of the limit, the same in every process.
            drawn: what has been drawn so far, per window; asked again when the pool forgot it.
            granted: called with how many there are, 0 included, unless the pool is out of reach.
        """
        ...
