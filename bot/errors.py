"""Which failures exist, and what can the catcher do about each?

::

    ConciergeError
    ├── Misconfigured            a person must change configuration, content or the console
    ├── Conflict                 a unit met other facts than it expected: decide again
    │   └── LeaseLost            another process has taken this over: leave it
    ├── StoreFailed              the database did not do it, and kept nothing of it
    │   ├── StoreUnavailable     it cannot now (locked, full, gone): it may later
    │   └── StoreRefused         it never will: a wrong statement, or a constraint that forbids it
    ├── NotConsented             the person has not agreed to this: leave it
    ├── Unreadable               input that cannot be verified, decrypted or parsed: refuse it
    ├── ModelUnavailable         the chat model gave no answer: go on without it
    ├── ToolFailed               one of the company's systems gave no answer: say so
    └── WeComError               WeCom answered with an error, or not at all
        ├── RetryLater           the same request may succeed later
        │   ├── Unreachable      no answer: the outcome of the request is unknown
        │   └── Throttled        frequency block: stop calling that API until `retry_at`
        └── Rejected             the same request will be refused again
            ├── NotAuthorised    permission, allow-list or switch: alert an operator
            ├── WrongState       the session state forbids it: re-read the state
            ├── AllowanceSpent   five messages used: wait for the customer's next message
            ├── WindowClosed     48 h since the customer wrote: cannot be sent any more
            ├── ServicerUnavailable  that servicer cannot take a session now
            ├── NotFriends       leave this pair of member and customer alone until they are friends
            ├── MemberBarred     leave this member alone: outside of the app's range, or gone
            ├── UnknownTag       read the library of corp tags again
            ├── NameTaken        it is there already: find it
            ├── UnknownWay       make the code again
            ├── SendCancelled    nobody can send that any more
            └── CodeSpent        a single-use code is used, expired or forged
"""


class ConciergeError(Exception):
    """Something went wrong in Concierge"""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class Misconfigured(ConciergeError):
    """Configuration or content must be changed by a person"""


class Conflict(ConciergeError):
    """A unit met other facts than it expected"""


class LeaseLost(Conflict):
    """Another process has taken this over"""


class StoreFailed(ConciergeError):
    """The database did not do it"""


class StoreUnavailable(StoreFailed):
    """The database cannot do it now"""


class StoreRefused(StoreFailed):
    """The database refuses this statement"""


class NotConsented(ConciergeError):
    """The person has not agreed to what this is for"""


class Unreadable(ConciergeError):
    """Input that cannot be verified, decrypted or parsed"""


class ModelUnavailable(ConciergeError):
    """The chat model gave no answer

    Args:
        retry_after_s: when a second try may succeed, ``None`` = it will not.
    """

    def __init__(self, message: str | None = None, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ToolFailed(ConciergeError):
    """One of the company's systems gave no answer

    Args:
        reason: in one word, for metrics and the audit: ``timeout``, ``status``, ``redirect`` …
        status: of the HTTP answer, 0 = there was none.
        reached: whether the system may have got the request.
    """

    def __init__(self, reason: str, message: str, *, status: int = 0, reached: bool = True) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason, self.status, self.reached = reason, status, reached


class WeComError(ConciergeError):
    """WeCom answered with an error

    Args:
        endpoint: path of the API, e.g. ``/cgi-bin/kf/send_msg``.
        errcode: WeCom's code, or ``None`` when there was no answer.
        errmsg: WeCom's text, for logs only (it changes without notice).
    """

    def __init__(self, endpoint: str = "", errcode: int | None = None, errmsg: str = "") -> None:
        self.endpoint, self.errcode, self.errmsg = endpoint, errcode, errmsg
        meaning = (self.__doc__ or "").strip().splitlines()[0]
        super().__init__(f"{meaning}: {endpoint} errcode={errcode} {errmsg}".rstrip())


class RetryLater(WeComError):
    """The same request may succeed later"""


class Unreachable(RetryLater):
    """No answer from WeCom, the outcome is unknown"""


class Throttled(RetryLater):
    """Called too often

    Args:
        retry_at: Unix seconds before which this API must not be called again.
    """

    def __init__(
        self,
        endpoint: str = "",
        errcode: int | None = None,
        errmsg: str = "",
        *,
        retry_at: float = 0.0,
    ) -> None:
        super().__init__(endpoint, errcode, errmsg)
        self.retry_at = retry_at


class Rejected(WeComError):
    """WeCom refused the request"""


class NotAuthorised(Rejected):
    """Permission, allow-list or API switch is missing"""


class WrongState(Rejected):
    """The session state does not allow this"""


class AllowanceSpent(Rejected):
    """The five messages of this customer message are used"""


class WindowClosed(Rejected):
    """More than 48 h since the customer wrote"""


class ServicerUnavailable(Rejected):
    """That servicer cannot take a session now"""


class NotFriends(Rejected):
    """That member and that customer are not friends (any more)"""


class MemberBarred(Rejected):
    """That member is not within the app's range, or has no customer contact"""


class UnknownTag(Rejected):
    """There is no such corp tag or group (any more)"""


class NameTaken(Rejected):
    """A corp tag of that name exists"""


class UnknownWay(Rejected):
    """There is no such contact way or join way (any more)"""


class SendCancelled(Rejected):
    """That mass-send task was cancelled"""


class CodeSpent(Rejected):
    """A single-use code is used, expired or forged"""
