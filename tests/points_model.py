"""What should a purse hold? Every point by itself, and what was exchanged, by brute force."""

from dataclasses import dataclass, field

NEVER = float("inf")
COFFEE, MUG = "coffee", "mug"
PRICES = {COFFEE: 20, MUG: 30}
STOCK = {COFFEE: 2, MUG: 1}
EACH = {COFFEE: 2, MUG: 1}
ITEMS = {
    COFFEE: {"name": "咖啡券", "points": 20, "kind": "code", "pool": COFFEE, "each": 2},
    MUG: {"name": "马克杯", "points": 30, "kind": "gift", "stock": 1, "each": 1},
}


@dataclass
class Purses:
    """Who has which points, each with its end, in the order in which they came.

    Args:
        points: by person: end and gift of each single point.
        exchanged: what was exchanged: person, item, and whether it is still his.
        reversed: gifts that were booked back.
    """

    points: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    exchanged: list[tuple[str, str, bool]] = field(default_factory=list)
    reversed: set[str] = field(default_factory=set)
    redeemed: set[str] = field(default_factory=set)

    def balance(self, who: str) -> int:
        return len(self.points.get(who, []))

    def earns(self, who: str, many: int, gift: str, ends: float = NEVER) -> None:
        self.points.setdefault(who, []).extend([(ends, gift)] * many)

    def exchanges(self, who: str, item: str) -> bool:
        """Whether he gets it; what ends first goes first."""
        his = [one for one in self.exchanged if one[1] == item and one[2]]
        enough = self.balance(who) >= PRICES[item] and len(his) < STOCK[item]
        if not enough or sum(one[0] == who for one in his) >= EACH[item]:
            return False
        self._gives(who, PRICES[item])
        self.exchanged.append((who, item, True))
        return True

    def cancels(self, place: int) -> None:
        """What was not sent goes back: its points, which end no more, and its stock."""
        who, item, _ = self.exchanged[place]
        self.exchanged[place] = (who, item, False)
        self.earns(who, PRICES[item], f"back{place}")

    def ends(self, now: float) -> None:
        """Somebody looks for what has ended."""
        for who, points in self.points.items():
            self.points[who] = [one for one in points if one[0] > now]

    def takes_back(self, who: str, gift: str, many: int) -> bool:
        """A gift is booked back, if he has as much; of the gift itself first."""
        if gift in self.reversed or self.balance(who) < many:
            return False
        self.reversed.add(gift)
        self._gives(who, many, gift)
        return True

    def _gives(self, who: str, many: int, first: str = "") -> None:
        points = self.points.setdefault(who, [])
        order = sorted(range(len(points)), key=lambda n: (points[n][1] != first, points[n][0], n))
        gone = set(order[:many])
        self.points[who] = [one for n, one in enumerate(points) if n not in gone]
