"""What can a command not do without?"""

import base64
import secrets
from collections.abc import Callable
from operator import attrgetter
from typing import Literal

from bot.config.problems import Problem
from bot.config.sections import Config

Command = Literal["serve", "demo", "chat", "faq", "migrate"]

_SERVE = {
    "wecom.corp_id": "企业 ID（管理后台：我的企业 → 企业信息）",
    "wecom.agent_id": "应用的 AgentId（管理后台：应用管理 → 自建应用）",
    "wecom.secret": "应用的 Secret（同一页；宜用环境变量或 secret_file 给出）",
    "wecom.callback_token": "Token（该应用：接收消息 → 设置 API 接收）",
    "wecom.callback_aes_key": "EncodingAESKey（同一页，43 个字符）",
    "security.encryption_key": "32 字节的 base64（用 concierge keygen 生成，并妥善备份）",
}


def require(config: Config, for_: Command) -> list[Problem]:
    """The values that are missing for a command; only `serve` talks to a real WeCom."""
    if for_ != "serve":
        return []
    return missing_for_serve(lambda path: bool(attrgetter(path)(config)))


def missing_for_serve(is_given: Callable[[str], bool]) -> list[Problem]:
    """Which of the six values are not given."""
    return [
        Problem(path, "没有填写", expected, f"也可用环境变量 {variable(path)}")
        for path, expected in _SERVE.items()
        if not is_given(path)
    ]


def variable(path: str) -> str:
    """The environment variable of a key's path."""
    return "CONCIERGE_" + path.upper().replace(".", "__")


def keygen() -> str:
    """A new master key."""
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii")
