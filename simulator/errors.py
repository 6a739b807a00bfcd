"""How does the simulator say no: to the product in WeCom's codes, to a person in words?"""

SYSTEM_BUSY = -1
BAD_SECRET = 40001
BAD_USERID = 40003
BAD_MEDIA_TYPE = 40004
BAD_FILE_SIZE = 40006
BAD_MEDIA_ID = 40007
BAD_MSGTYPE = 40008
BAD_CORP_ID = 40013
BAD_TOKEN = 40014
TOO_MANY_RECIPIENTS = 40032
ESCAPED_UNICODE = 40033
WRONG_TYPE = 40035
URL_TOO_LONG = 40039
BAD_AGENT_ID = 40056
BAD_PARAMETER = 40058
EMPTY_PARAMETER = 40063
BAD_URL = 40094
BAD_CUSTOMER = 40096
BAD_IMAGE_FORMAT = 40123
NO_TOKEN = 41001
NO_CORP_ID = 41002
NO_SECRET = 41004
NO_MEDIA_ID = 41006
NO_AGENT_ID = 41011
TOKEN_EXPIRED = 42001
GET_REQUIRED = 43001
NO_CALLBACK_URL = 43012
EMPTY_MEDIA = 44001
EMPTY_TEXT = 44004
MEDIA_TOO_LARGE = 45001
TOO_LONG = 45002
TOO_OFTEN = 45009
TOO_PARALLEL = 45033
NO_OPEN_KFID = 60251
NO_VALID_RECIPIENT = 81013
ALLOWANCE_SPENT = 95001
WINDOW_CLOSED = 95002
UNKNOWN_OPEN_KFID = 95004
BAD_MSGTOKEN = 95007
MENU_TOO_LONG = 95008
BAD_MENU_ITEM = 95009
SESSION_ENDED = 95013
NOT_A_SERVICER = 95014
TRANSITION_FORBIDDEN = 95016
STATE_FORBIDS_SENDING = 95018
SERVICER_STOPPED = 95019
FOREIGN_AGENT = 301002


class Refused(Exception):
    """WeCom refuses this request.

    Args:
        code: the ``errcode`` of wecom-api §1.7 and §3.17.
        hint: text for ``errmsg``, which nobody may branch on.
    """

    def __init__(self, code: int, hint: str) -> None:
        super().__init__(f"{code}: {hint}")
        self.code, self.hint = code, hint


class Impossible(Exception):
    """A person at the phone or the desk tried what the client does not offer."""
