"""What does the product get when it pulls, and does it pull as it should (wecom-api §3.7)?

Cursors and callback tokens carry their facts and a seal, so nothing has to be kept for them.
"""

import hashlib
import hmac
from collections import defaultdict, deque

import msgspec

from simulator.arguments import Arguments, integer, text
from simulator.errors import BAD_MSGTOKEN, BAD_PARAMETER, NO_OPEN_KFID, TOO_OFTEN, Refused
from simulator.records import Account, Content
from simulator.throttle import Throttle
from simulator.world import World

CALLBACK_TOKEN_S = 600
_SEAL_KEY = b"simulator, not a secret"
_REPEATS = 3


def callback_token(world: World, open_kfid: str) -> str:
    """The ``Token`` of a callback: good for 10 minutes, at this account."""
    issued = f"{int(world.now()):x}"
    return f"ENC{issued}.{_seal(f'token:{open_kfid}:{issued}')}"


class Syncing:
    """Serves `kf/sync_msg`.

    Args:
        world: whose journals are read.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokenless: defaultdict[str, deque[float]] = defaultdict(deque)
        self._throttle = Throttle(world)

    def sync_msg(self, world: World, arguments: Arguments) -> Content:
        """One page from the cursor on."""
        open_kfid = text(arguments, "open_kfid")
        if not open_kfid:
            world.blame("sync_without_open_kfid", "cursors are per account")
            raise Refused(NO_OPEN_KFID, "open_kfid missing")
        account = world.account(open_kfid)
        limit = integer(arguments, "limit", 1000, least=1, most=1000)
        integer(arguments, "voice_format", 0, least=0, most=1)
        position = self._position(account, text(arguments, "cursor", most=64))
        self._check_token(account, text(arguments, "token", most=128))
        return self._page(account, position, min(limit, world.options.max_page))

    def _page(self, account: Account, position: int, limit: int) -> Content:
        world, journal = self._world, account.journal
        if world.faults and world.faults.take("empty_page"):
            return self._answer(account, [], position, has_more=True, salt=f"-{world.next_id()}")
        page = journal.page(position, limit, world.now())
        entries = page.entries
        if world.faults and world.faults.take("duplicate_messages"):
            entries = journal.before(position, _REPEATS) + entries + entries[-1:]
        return self._answer(account, entries, page.end, has_more=page.has_more)

    def _answer(
        self, account: Account, entries: list[bytes], end: int, *, has_more: bool, salt: str = ""
    ) -> Content:
        return {
            "next_cursor": self.cursor(account.open_kfid, end, salt),
            "has_more": int(has_more),
            "msg_list": [msgspec.Raw(entry) for entry in entries],
        }

    def cursor(self, open_kfid: str, position: int, salt: str = "") -> str:
        """The cursor of a position; a salt makes another one of the same."""
        facts = f"{self._world.run_id}.{position:x}{salt}"
        return f"{facts}.{_seal(f'cursor:{open_kfid}:{facts}')}"

    def _position(self, account: Account, cursor: str) -> int:
        """Where a cursor points; the product never goes back behind one it came back with."""
        journal = account.journal
        position = self._unseal(account.open_kfid, cursor) if cursor else 0
        if position < journal.used:
            self._world.blame(
                "cursor_lost", f"{account.open_kfid}: {position} after {journal.used}"
            )
        if position > journal.used:
            journal.returned.append((position, self._world.now()))
        journal.used = position
        return position

    def _unseal(self, open_kfid: str, cursor: str) -> int:
        facts, _, seal = cursor.rpartition(".")
        run_id = facts.partition(".")[0]
        expected = _seal(f"cursor:{open_kfid}:{facts}")
        if not hmac.compare_digest(expected.encode(), seal.encode()):
            self._world.blame("bad_cursor", f"not a cursor of {open_kfid}: {cursor}")
            raise Refused(BAD_PARAMETER, "invalid cursor")
        # An earlier run of the simulator gave it: everything here is newer.
        return position_in(cursor) if run_id == self._world.run_id else 0

    def _check_token(self, account: Account, token: str) -> None:
        now = self._world.now()
        if not token:
            self._meter(account.open_kfid, now)
            return
        issued, _, seal = token.removeprefix("ENC").partition(".")
        expected = _seal(f"token:{account.open_kfid}:{issued}")
        if not hmac.compare_digest(expected.encode(), seal.encode()):
            raise Refused(BAD_MSGTOKEN, "invalid msgtoken")
        if now - int(issued, 16) > CALLBACK_TOKEN_S:
            raise Refused(BAD_MSGTOKEN, "msgtoken expired")

    def _meter(self, open_kfid: str, now: float) -> None:
        """The strict limit of pulls without a token (§1.8)."""
        self._throttle.check(open_kfid)
        times = self._tokenless[open_kfid]
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= self._world.options.tokenless_pulls_per_minute:
            self._throttle.block(open_kfid, TOO_OFTEN, seconds=60)
            raise Refused(TOO_OFTEN, "sync_msg without token too often")
        times.append(now)


def position_in(cursor: str) -> int:
    """The position that a cursor stands for, for who wants to know how far a product is."""
    position, _, _salt = cursor.split(".")[1].partition("-")
    return int(position, 16)


def _seal(facts: str) -> str:
    return hmac.new(_SEAL_KEY, facts.encode(), hashlib.sha256).hexdigest()[:16]
