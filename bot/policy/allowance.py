"""How much may still be said? Five messages per customer message (wecom-api §3.10)."""

from collections.abc import Sequence
from typing import Any

Payload = dict[str, Any]

TURN_BUDGET = 3
"""Most sends of one turn: leaves room for what a hand-over has still to say."""

_TEXT_BYTES = 2048


def budget(spent: int, allowance: int) -> int:
    """How many messages a turn may send when `spent` of the window are gone."""
    return max(0, min(TURN_BUDGET, allowance - spent))


def fit(parts: Sequence[Payload], room: int, hint: str) -> list[Payload]:
    """Shorten a reply to the messages there is room for, rather than have it refused.

    Args:
        parts: wire payloads in order; a menu, if any, comes last.
        room: how many may be sent; 0 drops all.
        hint: said at the end of a text that was cut.
    """
    if len(parts) <= room:
        return list(parts)
    kept = list(parts[:room])
    if kept and parts[-1]["msgtype"] == "msgmenu" and room > 1:
        kept[-1] = parts[-1]
    for index in range(len(kept) - 1, -1, -1):
        if kept[index]["msgtype"] == "text":
            kept[index] = _with_hint(kept[index], hint)
            break
    return kept


def _with_hint(payload: Payload, hint: str) -> Payload:
    room = _TEXT_BYTES - len(hint.encode()) - 4
    cut = payload["text"]["content"].encode()[:room].decode("utf-8", "ignore").rstrip()
    return {"msgtype": "text", "text": {"content": f"{cut}…\n{hint}"}}
