"""Which access tokens are good, and does the product ask for them too often (wecom-api §1.1-1.2)?

The current documentation no longer promises that gettoken repeats itself, so every call gives
a new token, and older ones live on until their own end.
"""

import secrets
from collections import deque

from simulator.errors import BAD_TOKEN, NO_TOKEN, TOKEN_EXPIRED, Refused

LIFETIME_S = 7200
_KEPT = 500


class AccessTokens:
    """Tokens of the app of this company, and of the old system function 客户联系."""

    def __init__(self, per_minute: int) -> None:
        self._expires_at: dict[str, float] = {}
        self._identities: dict[str, str] = {}
        self._killed: dict[str, int] = {}
        self._refused_at: dict[str, float] = {}
        self._given: deque[float] = deque()
        self._excuses: deque[float] = deque()
        self._per_minute = per_minute

    def give(self, now: float, identity: str = "app") -> str:
        """A new token of this identity, good for two hours."""
        token = secrets.token_urlsafe(64)
        self._identities[token] = identity
        self._expires_at[token] = now + LIFETIME_S
        if len(self._expires_at) > _KEPT:
            del self._expires_at[next(iter(self._expires_at))]
            del self._identities[next(iter(self._identities))]
        self._given.append(now)
        return token

    def identity_of(self, token: str | None) -> str:
        """Whose token it is."""
        return self._identities.get(token or "", "")

    def is_flood(self, now: float) -> bool:
        """Whether more tokens were given within a minute than expiries can explain."""
        for times in (self._given, self._excuses):
            while times and times[0] <= now - 60:
                times.popleft()
        return len(self._given) > self._per_minute + len(self._excuses)

    def check(self, token: str | None, now: float) -> None:
        """Let a good token pass.

        Raises:
            Refused: missing, unknown, expired or killed.
        """
        try:
            self._check(token, now)
        except Refused:
            self._refused_at.setdefault(token or "", now)
            if len(self._refused_at) > _KEPT:
                del self._refused_at[next(iter(self._refused_at))]
            raise

    def refused_since(self, token: str | None, now: float) -> float:
        """For how many seconds it has been known that this token is refused."""
        return now - self._refused_at.get(token or "", now)

    def _check(self, token: str | None, now: float) -> None:
        if not token:
            raise Refused(NO_TOKEN, "access_token missing")
        if token in self._killed:
            raise Refused(self._killed[token], "access_token invalidated")
        expires_at = self._expires_at.get(token)
        if expires_at is None:
            raise Refused(BAD_TOKEN, "invalid access_token")
        if now >= expires_at:
            raise Refused(TOKEN_EXPIRED, "access_token expired")

    def kill_all(self, code: int | None, now: float) -> None:
        """Invalidate every token before its time, "for operational reasons" (§1.2)."""
        for token in self._expires_at:
            self._killed[token] = code or BAD_TOKEN
        self._expires_at.clear()
        while len(self._killed) > _KEPT:
            del self._killed[next(iter(self._killed))]
        self._excuses.append(now)
