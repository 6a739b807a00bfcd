"""Which values does a key accept? The building blocks of the sections.

A validator's message says what is *expected*; `loading` adds what was found. Relative paths are
anchored at the folder of the configuration file: the validation context ``{"base": Path}``.
"""

import base64
import binascii
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    ValidationInfo,
)
from pydantic.types import Strict

T = TypeVar("T")

SQLITE = "sqlite:///"

_USERID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-@.]{0,63}", re.ASCII)
_OPEN_KFID = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)
_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}", re.ASCII)


def _word(text: str) -> str:
    if any(not char.isprintable() or char.isspace() for char in text):
        raise ValueError("不含空格和换行的文本")
    return text


def _secret_word(secret: SecretStr) -> SecretStr:
    _word(secret.get_secret_value())
    return secret


def _api_token(secret: SecretStr) -> SecretStr:
    if len(_secret_word(secret).get_secret_value()) < 16:
        raise ValueError("至少 16 个字符，宜随机生成（如 concierge keygen 的输出）")
    return secret


def _aes_key(secret: SecretStr) -> SecretStr:
    """43 base64 characters are always 32 bytes; the loose last bits are WeCom's (§2.3)."""
    if not _AES_KEY.fullmatch(secret.get_secret_value()):
        raise ValueError("43 个字母或数字（后台「接收消息」页的 EncodingAESKey）")
    return secret


def _master_key(secret: SecretStr) -> SecretStr:
    try:
        key = base64.b64decode(secret.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ValueError("32 字节的 base64（用 concierge keygen 生成）")
    return secret


def _host_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        return "" if parts.port == 0 else parts.hostname or ""
    except ValueError:  # a port that is no number, a broken IPv6 address
        return ""


def _http_url(url: str) -> str:
    parts_ok = url.lower().startswith(("http://", "https://")) and _host_of(url)
    if not parts_ok or any(char.isspace() for char in url) or "?" in url or "#" in url:
        raise ValueError("http:// 或 https:// 开头的地址，不带参数")
    return url.rstrip("/")


def _redis_url(url: str) -> str:
    if not (url.startswith(("redis://", "rediss://")) and _host_of(url)):
        raise ValueError("redis://主机:端口/库 或 rediss://…")
    return url


def _storage_url(url: str, info: ValidationInfo) -> str:
    if url.startswith("postgresql://") and _host_of(url):
        return url
    file = url.removeprefix(SQLITE)
    if not url.startswith(SQLITE) or not file or file.endswith("/") or ":memory:" in file:
        raise ValueError("sqlite:///文件 或 postgresql://用户:口令@主机/库")
    return SQLITE + str(_anchored(file, info))


def _keys_url(url: str) -> str:
    if not (url.startswith("postgresql://") and _host_of(url)):
        raise ValueError("postgresql://用户:口令@主机/库")
    return url


def _anchored(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str) or not value.strip():
        return value  # left for the type check, which says what is expected
    base: Path | None = (info.context or {}).get("base")
    path = Path(value)
    return base / path if base is not None else path


def _userid(text: str) -> str:
    if not _USERID.fullmatch(text):
        raise ValueError("企业微信的 userid：1–64 个字母、数字或 _-@.，以字母或数字开头")
    return text


def _open_kfid(text: str) -> str:
    if not _OPEN_KFID.fullmatch(text):
        raise ValueError("客服账号 ID（open_kfid，形如 wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTw）")
    return text


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # unknown names raise a KeyError
        raise ValueError("IANA 时区名，如 Asia/Shanghai") from error
    return name


def _minutes(value: Any) -> Any:
    """``09:30`` as minutes since midnight; 24:00 is the end of the day."""
    found = _TIME_OF_DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("时刻「时:分」，如 09:00；一天的结束写 24:00")
    return int(value[:2]) * 60 + int(value[3:])


def sqlite_path(url: str) -> Path | None:
    """The file behind a ``sqlite:///`` address, or None for another database."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


Many = Annotated[tuple[T, ...], Strict(strict=False)]  # a YAML list is no tuple; items stay strict
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_word)]


def _network(text: object) -> object:
    try:
        return ip_network(str(text))
    except ValueError:
        raise ValueError("IP 地址或网段，如 127.0.0.1 或 10.0.0.0/8") from None


Network = Annotated[
    IPv4Network | IPv6Network, BeforeValidator(_network), PlainSerializer(str, return_type=str)
]
"""An address or a network: ``127.0.0.1``, ``10.0.0.0/8``."""

HttpUrl = Annotated[str, AfterValidator(_http_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
KeysUrl = Annotated[str, AfterValidator(_keys_url)]
StorageUrl = Annotated[str, AfterValidator(_storage_url)]
Source = Annotated[Path, BeforeValidator(_anchored)]
Secret = Annotated[SecretStr, AfterValidator(_secret_word)]
ApiToken = Annotated[SecretStr, AfterValidator(_api_token)]
CallbackAesKey = Annotated[SecretStr, AfterValidator(_aes_key)]
MasterKey = Annotated[SecretStr, AfterValidator(_master_key)]
Userid = Annotated[str, AfterValidator(_userid)]
OpenKfid = Annotated[str, AfterValidator(_open_kfid)]
Timezone = Annotated[str, AfterValidator(_timezone)]
MinuteOfDay = Annotated[int, BeforeValidator(_minutes)]
Port = Annotated[int, Field(ge=1, le=65535)]
Tokens = Annotated[int, Field(ge=1, le=10_000_000_000)]
ToneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,40}$")]
Count = Annotated[int, Field(ge=1, le=100_000)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=1, le=36_500)]
