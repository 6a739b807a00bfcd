"""Logs say what happened without saying what customers wrote; metrics count without naming them."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from bot.telemetry import Metrics, configure_logging, new_trace_id


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("info", "auto", stream)
    yield stream
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_stream_that_is_no_terminal_gets_one_json_object_a_line(log: io.StringIO) -> None:
    structlog.get_logger("bot.delivery").info("outbox.sent", msgid="m1", attempt=2)

    [line] = _lines(log)
    assert line["event"] == "outbox.sent"
    assert (line["msgid"], line["attempt"]) == ("m1", 2)
    assert (line["level"], line["logger"]) == ("info", "bot.delivery")
    assert line["timestamp"].endswith("Z")


def test_a_terminal_gets_lines_for_people() -> None:
    terminal = FakeTerminal()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging("info", "auto", terminal)
        structlog.get_logger("x").warning("pull.slow", pages=3)
    finally:
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)

    assert "pull.slow" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


@pytest.mark.parametrize(
    "field",
    [
        "text",
        "content",
        "secret",
        "access_token",
        "welcome_code",
        "code",
        "body",
        "answer",
        "question",
        "reply_text",
        "customer_name",
        "api_key",
        "url",
    ],
)
def test_fields_that_could_hold_text_or_secrets_are_hidden(log: io.StringIO, field: str) -> None:
    structlog.get_logger().info("turn.done", **{field: "我的手机号 13800000000"})

    assert _lines(log)[0][field] == "<hidden 17>"
    assert "13800000000" not in log.getvalue()


def test_private_fields_inside_a_mapping_are_hidden_too(log: io.StringIO) -> None:
    structlog.get_logger().info("odd", row={"id": 1, "inner": {"text": "秘密"}})

    assert _lines(log)[0]["row"] == {"id": 1, "inner": {"text": "<hidden 2>"}}


def test_ids_and_codes_of_wecom_stay_readable(log: io.StringIO) -> None:
    fields = {"msgid": "m", "errcode": 95018, "open_kfid": "wk1", "idempotency_key": "k"}
    structlog.get_logger().info("send.rejected", **fields)

    assert fields.items() <= _lines(log)[0].items()


def test_the_trace_id_is_on_every_line_of_a_turn(log: io.StringIO) -> None:
    trace_id = new_trace_id()
    with bound_contextvars(trace_id=trace_id):
        structlog.get_logger().info("one")
        logging.getLogger("library").warning("two %s", "words")

    assert [line["trace_id"] for line in _lines(log)] == [trace_id, trace_id]
    assert _lines(log)[1]["event"] == "two words"


def test_lines_below_the_level_are_not_written(log: io.StringIO) -> None:
    structlog.get_logger().debug("quiet")
    logging.getLogger("aiohttp.access").info("GET /healthz")

    assert log.getvalue() == ""


def test_a_traceback_is_one_json_line(log: io.StringIO) -> None:
    try:
        raise KeyError("x")
    except KeyError:
        structlog.get_logger().exception("turn.failed")

    [line] = _lines(log)
    assert "KeyError" in line["exception"]


def test_trace_ids_differ() -> None:
    assert len({new_trace_id() for _ in range(100)}) == 100


def test_metrics_are_rendered_for_prometheus() -> None:
    metrics = Metrics()
    metrics.acks.labels("accepted").inc()
    metrics.answers.labels("faq.answer").inc(2)
    metrics.reply_seconds.observe(0.2)
    metrics.outbox_depth.labels("held").set(3)

    text = metrics.render().decode()
    assert 'concierge_acks_total{result="accepted"} 1.0' in text
    assert 'concierge_answers_total{handler="faq.answer"} 2.0' in text
    assert 'concierge_reply_seconds_bucket{le="0.25"} 1.0' in text
    assert 'concierge_outbox_depth{state="held"} 3.0' in text


def test_a_turn_is_counted_by_the_kind_of_its_subject_never_by_its_customer() -> None:
    metrics = Metrics()
    metrics.count_turn("customer:wm123")
    metrics.count_turn("corp")
    metrics.count_turn("who knows what")

    text = metrics.render().decode()
    assert "wm123" not in text
    for kind in ("customer", "corp", "other"):
        assert f'concierge_turns_total{{subject_kind="{kind}"}} 1.0' in text


def test_a_request_without_an_answer_is_counted_as_none() -> None:
    metrics = Metrics()
    metrics.count_wecom_call("kf/send_msg", None)
    metrics.count_wecom_call("kf/send_msg", 95018)

    text = metrics.render().decode()
    assert 'concierge_wecom_calls_total{api="kf/send_msg",errcode="none"} 1.0' in text
    assert 'concierge_wecom_calls_total{api="kf/send_msg",errcode="95018"} 1.0' in text


def test_two_metrics_do_not_share_counts() -> None:
    one, other = Metrics(), Metrics()
    one.throttled.labels("kf/send_msg").inc()

    assert b'concierge_throttled_total{api="kf/send_msg"}' not in other.render()
