"""Which of the company's own systems may be asked about a customer, and how?

A tool is one HTTP request. It only reads, unless it `writes`: such a one is made after the customer
has confirmed, never before. Its host is fixed here; what a customer or a model says gets into path,
query or body alone, encoded; who the customer is, we say ourselves.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from bot.config.section import Section
from bot.config.values import Secret, Text

IDENTITY, SECRET = "identity", "secret"
"""Placeholders that we fill: who the customer is, and the secret of the system asked."""

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_PATH = re.compile(r"(?:[\w-]+|\[\d{1,3}\])(?:\.[\w-]+|\[\d{1,3}\])*")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _tool_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("小写字母开头，只含小写字母、数字和 _，最多 40 个字符")
    return name


def _argument_name(name: str) -> str:
    if _tool_name(name) in (IDENTITY, SECRET):
        raise ValueError(f"别的名字：{IDENTITY} 和 {SECRET} 由程序填写")
    return name


def _url(url: str) -> str:
    expected = "https:// 开头的地址（本机 127.0.0.1 可用 http://），主机写死，不含账号和 #"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(expected) from error
    fixed = host and port != 0 and "@" not in parts.netloc and "{" not in parts.netloc
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not fixed or not safe or parts.fragment or any(char.isspace() for char in url):
        raise ValueError(expected)
    return url


def _header_name(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError("请求头的名字：字母、数字和 -")
    return name


def _header(text: str) -> str:
    if not text.isprintable() or set(PLACEHOLDER.findall(text)) - {SECRET}:
        raise ValueError(f"一行文本，占位符只有 {{{SECRET}}}")
    return text


def _path(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError("结果里的位置，如 data.list 或 items[0].name")
    return path


def _pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"正则表达式（{error}）") from error
    return pattern


ToolName = Annotated[str, AfterValidator(_tool_name)]
ArgumentName = Annotated[str, AfterValidator(_argument_name)]
ToolUrl = Annotated[str, Field(max_length=2000), AfterValidator(_url)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Header = Annotated[str, Field(max_length=2000), AfterValidator(_header)]
ResultPath = Annotated[str, Field(max_length=200), AfterValidator(_path)]
Pattern = Annotated[str, Field(max_length=200), AfterValidator(_pattern)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class Argument(Section):
    """What a model may fill in, and within which bounds."""

    description: Prose
    type: Literal["string", "integer"] = "string"
    required: bool = False
    max_length: int = Field(default=64, ge=1, le=500)
    pattern: Pattern | None = None
    own_order: bool = False


class ShipmentFields(Section):
    """Where the shipments of an order stand, seen from the order."""

    path: ResultPath
    carrier: ResultPath | None = None
    number: ResultPath | None = None
    status: ResultPath | None = None
    last_event: ResultPath | None = None


class OrderFields(Section):
    """Where the customer's orders stand in the answer, and their fields, seen from an order."""

    path: ResultPath | None = None
    number: ResultPath
    status: ResultPath | None = None
    statuses: Mapping[str, Text] = {}
    title: ResultPath | None = None
    amount: ResultPath | None = None
    amount_unit: Literal["yuan", "fen"] = "yuan"
    paid_at: ResultPath | None = None
    owner: ResultPath | None = None
    shipments: ShipmentFields | None = None


class Writes(Section):
    """How a request that changes something is confirmed, made and, where that is safe, repeated."""

    key_header: HeaderName = "Idempotency-Key"
    repeats: Literal["never", "safe"] = "never"
    confirm_within_s: float = Field(default=600, ge=30, le=86_400, allow_inf_nan=False)
    try_for_s: float = Field(default=60, ge=1, le=600, allow_inf_nan=False)


class Tool(Section):
    """One HTTP request that reads something, or changes it."""

    description: Prose
    method: Literal["GET", "POST"] = "GET"
    url: ToolUrl
    secret: Secret = SecretStr("")
    headers: Mapping[HeaderName, Header] = {}
    body: Mapping[str, Any] | None = None
    identity: Literal["external_userid", "unionid"] | None = None
    arguments: Mapping[ArgumentName, Argument] = {}
    timeout_s: float = Field(default=3, gt=0, le=30, allow_inf_nan=False)
    max_bytes: int = Field(default=65_536, ge=1024, le=4_194_304)
    ok: Mapping[ResultPath, str | int | bool] = {}
    result: Mapping[Text, ResultPath] = {}
    orders: OrderFields | None = None
    writes: Writes | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Tool":
        for mistake in self._mistakes():
            raise ValueError(mistake)
        return self

    def _mistakes(self) -> Iterator[str]:
        path = set(PLACEHOLDER.findall(urlsplit(self.url).path))
        used = set(PLACEHOLDER.findall(self.url)) | set(placeholders_in(self.body))
        if "{" in PLACEHOLDER.sub("", self.url) or "}" in PLACEHOLDER.sub("", self.url):
            yield "url 里的花括号只用来写占位符"
        if unknown := used - {IDENTITY} - set(self.arguments):
            yield f"占位符 {{{min(unknown)}}} 在 arguments 里有说明"
        if unused := set(self.arguments) - used:
            yield f"参数 {min(unused)} 在 url 或 body 里用到"
        if (IDENTITY in used) != (self.identity is not None):
            yield f"写了 identity 就在 url 或 body 里用 {{{IDENTITY}}}，反过来也一样"
        if optional := {n for n in path & set(self.arguments) if not self.arguments[n].required}:
            yield f"url 路径里的参数 {min(optional)} 必填（required: true）"
        if self.body is not None and self.method == "GET":
            yield "有 body 的方法是 POST"
        if self.orders and (self.identity is None or any(a.required for a in self._arguments())):
            yield "查订单的工具要有 identity，不能有必填的参数"
        yield from self._mistakes_in_writing()

    def _mistakes_in_writing(self) -> Iterator[str]:
        if self.writes is None:
            if any(argument.own_order for argument in self._arguments()):
                yield "own_order 只用在写了 writes 的工具里"
            return
        if self.method != "POST" or self.identity is None or self.orders:
            yield "会改动东西的工具（writes）要有 identity，方法是 POST，不能写 orders"
        if self.writes.key_header.lower() in {name.lower() for name in self.headers}:
            yield "headers 里没有 key_header 的名字，它的值由程序填写"

    def _arguments(self) -> Iterator[Argument]:
        yield from self.arguments.values()


def placeholders_in(value: Any) -> Iterator[str]:
    """Placeholders of a body: texts that are one placeholder and nothing else, at any depth."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from placeholders_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from placeholders_in(item)
    elif isinstance(value, str) and (found := PLACEHOLDER.fullmatch(value)):
        yield found[1]
