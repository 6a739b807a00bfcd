"""Which knowledge belongs to which kf account? Most share one base; some have their own."""

from collections.abc import Iterable, Mapping

from bot.ports import Embedder
from knowledge.reading import Reading
from knowledge.retriever import Retriever


class Library:
    """The knowledge bases of all accounts.

    Args:
        everything: the base of every account that has none of its own.
        own: bases by open_kfid.
        embedder: who makes the vectors of all bases; asked for the same text again, it makes one.
        reading: who reads for all bases.
    """

    def __init__(
        self,
        everything: Retriever,
        own: Mapping[str, Retriever] | None = None,
        embedder: Embedder | None = None,
        reading: Reading | None = None,
    ) -> None:
        self.everything = everything
        self.embedder = embedder
        self.reading = reading
        self._own = dict(own or {})

    def of(self, open_kfid: str) -> Retriever:
        """The base of an account."""
        return self._own.get(open_kfid, self.everything)

    def base(self, name: str) -> Retriever | None:
        """The base of this name: '' = the shared one, else an account's own, if it has one."""
        return self._own.get(name) if name else self.everything

    def all(self) -> Iterable[Retriever]:
        """Every base once."""
        return (self.everything, *self._own.values())

    async def warm(self) -> None:
        """Complete the vectors of every base, in the background of answering."""
        for base in self.all():
            await base.warm()

    async def aclose(self) -> None:
        """Close connections, threads and files."""
        if self.reading:
            await self.reading.aclose()
        self.close()

    def close(self) -> None:
        """Release threads and files."""
        for base in self.all():
            base.close()
