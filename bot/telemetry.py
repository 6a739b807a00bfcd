"""How does the service tell what it is doing: logs, one trace id per turn, and metrics?

Customer text and secrets never reach a log: fields that could hold them show their length only.
Metrics carry bounded labels and no customer ids.
"""

import logging
import logging.config
import math
import secrets
import sys
from collections import Counter as Counted
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.samples import Sample

__all__ = [
    "CONTENT_TYPE_LATEST",
    "Metrics",
    "Work",
    "configure_logging",
    "mask_fields",
    "new_trace_id",
]

Processor = structlog.types.Processor

# Parts of field names between "_": `callback_token` and `reply_text` are caught, `errcode` is not.
_PRIVATE = frozenset(
    {"aes", "answer", "attributes", "authorization", "body", "code", "content", "cookie", "key"}
    | {"menu", "message", "name", "nickname", "password", "payload", "phone", "plaintext", "prompt"}
    | {"question", "raw", "reply", "secret", "text", "token", "url", "query"}
)
# Names that contain such a part and are known to be harmless.
_OPEN = frozenset({"idempotency_key", "timer_key", "status_code", "logger_name", "token_kind"})
_QUIET = {
    "aiohttp.access": "WARNING",
    "chromadb": "WARNING",
    "httpx": "WARNING",
    "openai": "WARNING",
}

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SLOW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_SUBJECT_KINDS = frozenset({"customer", "group", "member", "campaign", "corp"})


def new_trace_id() -> str:
    """Sixteen hexadecimal digits that name one turn, request or pull."""
    return secrets.token_hex(8)


def mask_fields(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what could be customer text or a secret by its length."""
    for name, value in event.items():
        if name != "event" and value is not None and _is_private(name):
            event[name] = _masked(value)
        elif isinstance(value, Mapping):
            event[name] = dict(mask_fields(None, "", dict(value)))
    return event


def configure_logging(
    level: str = "info",
    style: Literal["auto", "console", "json"] = "auto",
    stream: TextIO | None = None,
) -> None:
    """Send structlog and the standard library's logging to one stream.

    Args:
        level: lowest level that is written.
        style: ``auto`` is console on a terminal and JSON elsewhere.
        stream: standard error when not given.
    """
    out = stream or sys.stderr
    pretty = style == "console" or (style == "auto" and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_fields,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_rendering(pretty, colors=out.isatty()),
        ],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, floor in _QUIET.items():
        logging.getLogger(name).setLevel(floor)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _rendering(pretty: bool, *, colors: bool) -> list[Processor]:
    if pretty:
        # Locals of a traceback may hold customer text: the plain formatter shows none.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]


def _is_private(name: str) -> bool:
    return name not in _OPEN and not _PRIVATE.isdisjoint(name.lower().split("_"))


def _masked(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value if isinstance(value, bool) else "<hidden>"
    return f"<hidden {len(value)}>" if isinstance(value, str | bytes) else "<hidden>"


@dataclass(frozen=True, slots=True)
class Work:
    """Counters that only grow.

    Args:
        accepted: callbacks that were stored.
        not_stored: callbacks that could not be.
        buckets: upper bound in seconds, and how many turns took at most so long.
        errcodes: calls of WeCom by the code of their answer.
    """

    accepted: int = 0
    not_stored: int = 0
    buckets: tuple[tuple[float, float], ...] = ()
    errcodes: Counted[str] = field(default_factory=Counted)

    def since(self, before: "Work") -> "Work":
        """What was done since then."""
        then = dict(before.buckets)
        return Work(
            self.accepted - before.accepted,
            self.not_stored - before.not_stored,
            tuple((bound, n - then.get(bound, 0.0)) for bound, n in self.buckets),
            self.errcodes - before.errcodes,
        )

    @property
    def turns(self) -> int:
        """How many turns were committed."""
        return int(self.buckets[-1][1]) if self.buckets else 0

    @property
    def turn_p95_s(self) -> float:
        """What 95 of 100 turns took at most, in seconds, read off the buckets."""
        wanted, low, below = 0.95 * self.turns, 0.0, 0.0
        for bound, count in self.buckets:
            if count >= wanted > 0:
                share = (wanted - below) / (count - below) if count > below else 1.0
                return low if bound == math.inf else low + (bound - low) * share
            low, below = bound, count
        return 0.0


class Metrics:
    """What ``/metrics`` shows. One registry each, so that tests and processes do not share counts.

    Every label takes its values from code (a result, a lane, a handler's name), never from input.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count_work()
        self._time_work()
        self._measure_backlog()
        self._measure_service()

    def _count_work(self) -> None:
        self.acks = self._counter("acks", "Callbacks answered.", "result")
        self.turns = self._counter("turns", "Turns committed.", "subject_kind")
        self.answers = self._counter("answers", "Messages answered, by handler.", "handler")
        self.send = self._counter("send", "Outbox rows tried.", "kind", "result")
        self.model_calls = self._counter("model_calls", "Calls of the chat model.", "result")
        self.tool_calls = self._counter("tool_calls", "Calls of tools.", "tool", "result")
        self.model_refusals = self._counter(
            "model_refusals", "Answers of the chat model that were not said.", "reason"
        )
        self.contacts_compared_at = self._gauge(
            "contacts_compared_at_seconds",
            "When friends and tags were last compared with WeCom as a whole, 0 = never.",
        )
        self.wecom_calls = self._counter("wecom_calls", "Requests to WeCom.", "api", "errcode")
        self.throttled = self._counter("throttled", "Requests held back by a limit.", "api")

    def _time_work(self) -> None:
        self.ack_seconds = self._histogram("ack_seconds", "Callback in to durable answer.", _FAST)
        self.turn_seconds = self._histogram("turn_seconds", "Turn start to commit.", _FAST)
        self.reply_seconds = self._histogram(
            "reply_seconds", "Customer's message to accepted send.", _SLOW
        )

        self.tool_seconds = self._histogram("tool_seconds", "One call of a tool.", _SLOW)

    def _measure_backlog(self) -> None:
        self.outbox_age_seconds = self._gauge("outbox_age_seconds", "Age of the oldest unsent row.")
        self.outbox_depth = self._gauge("outbox_depth", "Outbox rows, by state.", "state")
        self.mailbox_depth = self._gauge("mailbox_depth", "Mailbox rows that are due or will be.")
        self.alarms = self._gauge("alarms", "Whether an alarm is raised, by kind.", "kind")
        self.redis_down = self._gauge("redis_down", "Whether Redis is configured and away.")
        self.dead_letters = self._gauge("dead_letters", "Rows that were given up and wait.")

    def _measure_service(self) -> None:
        self.case_share = self._gauge(
            "case_share", "Share of the cases closed in 7 days, by class of 7-2-1.", "class"
        )
        self.open_cases = self._gauge("open_cases", "Open cases, by status.", "status")
        self.longest_wait_seconds = self._gauge(
            "longest_wait_seconds", "Longest wait for a person among open cases."
        )
        self.open_tickets = self._gauge("open_tickets", "Matters that a person is to follow up.")
        self.oldest_ticket_seconds = self._gauge("oldest_ticket_seconds", "Age of the oldest one.")
        self.frt_p90_seconds = self._gauge(
            "frt_p90_seconds", "P90 of the first response, cases closed in 24 h.", "by"
        )

    def work(self) -> "Work":
        """What was done so far; two of them tell what was done between."""
        acks = {one.labels["result"]: one.value for one in _samples(self.acks, "_total")}
        slowest = [
            (float(one.labels["le"]), one.value) for one in _samples(self.turn_seconds, "_bucket")
        ]
        codes: Counted[str] = Counted()
        for one in _samples(self.wecom_calls, "_total"):
            codes[one.labels["errcode"]] += int(one.value)
        return Work(
            int(acks.get("accepted", 0)), int(acks.get("not_stored", 0)), tuple(slowest), codes
        )

    def count_turn(self, subject: str) -> None:
        """Count a turn by the kind of its subject, ``customer:…`` → ``customer``."""
        kind = subject.split(":", 1)[0]
        self.turns.labels(kind if kind in _SUBJECT_KINDS else "other").inc()

    def count_wecom_call(self, api: str, errcode: int | None) -> None:
        """Count a request; ``errcode`` is None when there was no answer."""
        self.wecom_calls.labels(api, "none" if errcode is None else str(errcode)).inc()

    def render(self) -> bytes:
        """The text that Prometheus reads, of type `CONTENT_TYPE_LATEST`."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"concierge_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"concierge_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"concierge_{name}", text, buckets=buckets, registry=self.registry)


def _samples(metric: Counter | Histogram, suffix: str) -> Iterator[Sample]:
    for family in metric.collect():
        yield from (one for one in family.samples if one.name.endswith(suffix))
