"""Which exception does an errcode of WeCom become?

Classes of wecom-api §1.6, codes of §1.7, §3.17 and §4.20. What is in no table is plain `Rejected`.
"""

from bot.errors import (
    AllowanceSpent,
    CodeSpent,
    MemberBarred,
    Misconfigured,
    NameTaken,
    NotAuthorised,
    NotFriends,
    Rejected,
    RetryLater,
    SendCancelled,
    ServicerUnavailable,
    Throttled,
    UnknownTag,
    UnknownWay,
    WeComError,
    WindowClosed,
    WrongState,
)
from bot.model.effects import NOT_ARCHIVED_YET
from bot.wecom.apis import CONTACT, GET_TOKEN, KF_SEND, KF_SEND_ON_EVENT

TOKEN_CODES = frozenset({40014, 42001, 40001})
"""The access token is refused: refresh it and try once more."""

TRANSIENT_CODES = frozenset({-1, 6000})
"""The same call may succeed in a moment."""

FREQUENCY_CODES = frozenset({45009, 45011, 45033})
"""Called too often: leave that API alone for the length of the window."""

BAD_CREDENTIALS = frozenset({40001, 40013, 40091, 41002, 41004})
"""From gettoken itself: corp id or secret is wrong, asking again cannot help."""

INVALID_CALLBACK_TOKEN = 95007

WRONG_STATES = frozenset({95013, 95016, 95018})
"""The session is not in the state that this call needs (§3.17)."""

STILL_DISPATCHING = 41063
"""A mass-send task is not with its member yet: the same question has an answer later (§4.12)."""

_CLASSES: dict[int, type[Rejected]] = {
    # permission and configuration: alert a person (§1.6)
    **dict.fromkeys((48001, 48002, 48004, 48005, 48006), NotAuthorised),
    **dict.fromkeys((50001, 50002, 50003, 60011, 60020, 301002, 301052), NotAuthorised),
    **dict.fromkeys((95003, 95011, 95012, 95017, 95023), NotAuthorised),
    40201: NotAuthorised,  # kf account banned: only WeCom's support can help (§3.17)
    # kf (§3.17)
    95001: AllowanceSpent,
    95002: WindowClosed,
    **dict.fromkeys(WRONG_STATES, WrongState),
    95014: ServicerUnavailable,
    95019: ServicerUnavailable,
    60253: ServicerUnavailable,
    # single-use codes (§3.11, §4.20)
    INVALID_CALLBACK_TOKEN: CodeSpent,
    41050: CodeSpent,
    41051: CodeSpent,
    NOT_ARCHIVED_YET: CodeSpent,
    41096: CodeSpent,
    40029: CodeSpent,
}

ONLY_AN_OPERATOR = frozenset(str(code) for code, kind in _CLASSES.items() if kind is NotAuthorised)
"""Codes that mean: a switch, a scope or the list of addresses at WeCom, as metrics write them."""

_ON_CONTACT: dict[int, type[Rejected]] = {
    84061: NotFriends,
    40096: NotFriends,  # the customer's id, or its member, is not one that we may see (§1.7)
    **dict.fromkeys((40003, 50002, 60011, 60111, 84074), MemberBarred),
    40068: UnknownTag,
    40071: NameTaken,
    41044: UnknownWay,
    41054: MemberBarred,
    40098: MemberBarred,
    41093: SendCancelled,
}
"""What these say of customer contact alone (§4.20); 60011 and 50002 name one member there."""

_ON_SEND: dict[int, type[Rejected]] = {95026: AllowanceSpent}  # (conflict) in §3.17

_GENERAL_CODES = """
    -1 0 6000 40001 40003 40004 40005 40006 40007 40008 40009 40011 40013 40014 40029 40031 40032
    40033 40035 40039 40050 40056 40057 40058 40063 40068 40071 40072 40073 40091 40093 40094 40096
    40097 40098 40099 40100 40123 40128 40129 40130 40131 40201 41001 41002 41004 41006 41011 42001
    42012 43004 43012 44001 44004 45001 45002 45007 45008 45009 45011 45029 45033 46004 48001 48002
    48004 48005 48006 50001 50002 50003 60011 60020 60102 60111 60123 60136 60251 60253 80001 81013
    81017 82001 82002 82003 301002 301052 600018
"""
_KF_CODES = """
    95000 95001 95002 95003 95004 95005 95006 95007 95008 95009 95011 95012 95013 95014 95015 95016
    95017 95018 95019 95021 95022 95023 95026 95027
"""
_CONTACT_CODES = """
    41035 41036 41037 41038 41042 41044 41045 41046 41047 41048 41049 41050 41051 41052 41053 41054
    41055 41056 41063 41064 41065 41066 41067 41068 41093 41096 41098 84061 84074 90500 90501
"""
KNOWN_CODES = frozenset(int(code) for code in (_GENERAL_CODES + _KF_CODES + _CONTACT_CODES).split())
"""Codes with a documented meaning (wecom-api §1.7, §3.17, §4.20)."""

_SAYS_LITTLE = 40058  # "invalid parameter", also seen for a repeated msgid


def error_for(
    endpoint: str, errcode: int, errmsg: str = "", *, retry_at: float = 0.0
) -> WeComError:
    """The exception of an errcode other than 0."""
    if errcode in FREQUENCY_CODES:
        return Throttled(endpoint, errcode, errmsg, retry_at=retry_at)
    if errcode in TRANSIENT_CODES or errcode in TOKEN_CODES or errcode == STILL_DISPATCHING:
        return RetryLater(endpoint, errcode, errmsg)
    if endpoint in {KF_SEND.path, KF_SEND_ON_EVENT.path} and errcode in _ON_SEND:
        return _ON_SEND[errcode](endpoint, errcode, errmsg)
    if endpoint.startswith(CONTACT) and errcode in _ON_CONTACT:
        return _ON_CONTACT[errcode](endpoint, errcode, errmsg)
    return _CLASSES.get(errcode, Rejected)(endpoint, errcode, errmsg)


def credentials_error(errcode: int) -> Misconfigured | None:
    """The exception of a gettoken answer that blames corp id or secret."""
    if errcode not in BAD_CREDENTIALS:
        return None
    return Misconfigured(
        f"WeCom refuses wecom.corp_id or wecom.secret: {GET_TOKEN.path} errcode={errcode}"
    )


def means_already_accepted(error: Rejected) -> bool:
    """Whether the refusal of a *retried* kf message says that the first try had succeeded.

    No code is documented for a repeated msgid (wecom-api §3.10), so every code without another
    known meaning counts (architecture.md, "Repeats are harmless").
    """
    if error.errcode is None:
        return False
    return error.errcode == _SAYS_LITTLE or error.errcode not in KNOWN_CODES


def means_card_known(error: Rejected) -> bool:
    """Whether the refusal of a *retried* card says that the first try had succeeded.

    A task_id works once and the code for a repeat is not documented (wecom-api §5.3). "Invalid
    parameter" does not count here: a text too many is better than a servicer without notice.
    """
    return error.errcode is not None and error.errcode not in KNOWN_CODES
