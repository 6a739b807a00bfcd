"""Does a request show the token that the configuration asks for?"""

import hmac
from collections.abc import Mapping

from aiohttp import web


def refusal(request: web.Request, token: bytes) -> web.Response | None:
    """What a request is answered that may not come in, ``None`` = it may.

    Args:
        token: empty = there is no such address at all.
    """
    if not token:
        return failed(404, "not found")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    given_bytes = given.strip().encode("utf-8", "surrogateescape")
    if hmac.compare_digest(given_bytes, token) and scheme.lower() == "bearer":
        return None
    return failed(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})


def failed(status: int, why: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer that says why there is no other."""
    return web.json_response({"error": why}, status=status, headers=headers)
