"""How does a member prove to our pages who they are (wecom-api §6.2, §6.3)?"""

from dataclasses import dataclass
from urllib.parse import urlencode

from bot.errors import Rejected
from bot.wecom.apis import USER_INFO
from bot.wecom.client import WeComClient

AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"
"""Asks nothing of whoever is in WeCom, and sends them back with a code."""

SCAN = "https://login.work.weixin.qq.com/wwlogin/sso/login"
"""The same for a browser outside of WeCom: a code to scan."""

MAX_CODE_BYTES = 512


@dataclass(frozen=True, slots=True)
class SignIn:
    """Where members sign in.

    Args:
        authorize: address of the page that gives codes.
        scan: the same outside of WeCom, empty = there is none.
    """

    client: WeComClient
    corp_id: str
    agent_id: int
    authorize: str = AUTHORIZE
    scan: str = SCAN

    def address(self, redirect_uri: str, state: str, *, inside: bool) -> str:
        """Where to send a browser.

        Args:
            redirect_uri: on the trusted domain; WeCom adds ``code`` and ``state``.
            state: letters and digits, at most 128.
            inside: whether the browser is WeCom's own.
        """
        common = {"agentid": str(self.agent_id), "redirect_uri": redirect_uri, "state": state}
        if self.scan and not inside:
            shown = {"login_type": "CorpApp", "appid": self.corp_id} | common
            return f"{self.scan}?{urlencode(shown)}"
        asked = {
            "appid": self.corp_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
            "agentid": str(self.agent_id),
        }
        return f"{self.authorize}?{urlencode(asked)}#wechat_redirect"

    async def member_of(self, code: str) -> str | None:
        """Whose code it is; it works once, within 5 minutes.

        Returns:
            The userid, ``None`` for a code that WeCom refuses and for whoever is no member of this
            company: a customer, or a member of a linked company (``CorpId/userid``).

        Raises:
            WeComError: WeCom did not answer, or not now.
        """
        if not 0 < len(code.encode()) <= MAX_CODE_BYTES:
            return None
        try:
            answer = await self.client.call(USER_INFO, params={"code": code})
        except Rejected:
            return None
        userid = answer.get("userid")
        return userid if isinstance(userid, str) and userid and "/" not in userid else None
