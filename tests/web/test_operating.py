"""What operators see: logs, health, metrics, traces."""

import asyncio
import io
import json
import logging
import re
import subprocess
import sys

import pytest
import structlog
from msgspec.structs import replace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.clients import connection_to
from tests.web import notes

from milepost.web.app import create_app
from milepost.web.settings import SettingInvalid
from milepost.web.telemetry.logs import configure_logging
from milepost.web.telemetry.tracing import tracing_from

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
ONE = {"lines": [{"score": 0.5}]}


@pytest.fixture
def logged(settings):
    """Every log line so far, as objects."""
    stream, handlers = io.StringIO(), logging.root.handlers[:]
    level = logging.root.level
    configure_logging(settings, stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_for_people_a_log_line_is_text(settings, logged):
    stream = io.StringIO()
    given = replace(settings, log_format="text")
    configure_logging(given, stream, service="relay", routine=("leads",))
    structlog.get_logger().info("leads", name="relay")
    structlog.get_logger().warning("stream_created", stream="MILEPOST")
    logging.getLogger("nats").error("gone %s", "away")
    first, second = stream.getvalue().splitlines()
    assert re.fullmatch(r"..:..:.. \[warning +\] relay +stream_created +stream=MILEPOST", first)
    assert re.fullmatch(r"..:..:.. \[error +\] relay +gone away +\[nats\]", second)
    assert logged() == []


def test_a_log_line_is_an_object_and_its_event_a_fact(logged):
    structlog.get_logger().info("seat_taken", offering="BBB")
    (line,) = logged()
    assert (line["event"], line["offering"], line["level"]) == ("seat_taken", "BBB", "info")
    assert line["timestamp"].endswith("Z")


def test_libraries_log_in_the_same_shape(logged):
    logging.getLogger("asyncpg").warning("slow %s", "query")
    (line,) = logged()
    assert (line["event"], line["logger"], line["level"]) == ("slow query", "asyncpg", "warning")


def test_what_is_below_the_level_is_not_logged(logged):
    structlog.get_logger().debug("not_worth_it")
    logging.getLogger("asyncio").debug("nor this")
    assert [line for line in logged() if not line["logger"].startswith("httpx")] == []


async def test_a_fault_of_ours_is_logged_once_with_all_that_is_known(client, headers, logged):
    answer = await client.get("/notes/fault/ours", headers=headers(**{"X-Request-Id": "r-7"}))
    (line,) = [line for line in logged() if line["level"] == "error"]
    assert (line["event"], line["path"]) == ("unexpected", "/notes/fault/{kind}")
    assert (line["tenant"], line["correlation"]) == ("north", "r-7")
    assert "hunter2" in line["exception"]
    assert answer.json()["correlation"] == "r-7"


async def test_a_refusal_is_not_an_error(client, headers, logged):
    await client.get("/notes/none", headers=headers())
    assert [line for line in logged() if line["level"] in {"error", "warning"}] == []


async def test_a_process_that_answers_is_alive(client):
    answer = await client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


async def test_it_is_ready_when_all_that_it_needs_is(client, ready):
    async def here():
        return True

    ready.update(postgres=here, nats=here)
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "failed": []})


async def test_what_is_missing_is_named_within_a_bounded_time(client, ready):
    async def here():
        return True

    async def refused():
        raise ConnectionRefusedError

    async def behind():
        return False

    ready.update(postgres=here, nats=refused, model=behind, silent=lambda: asyncio.sleep(3600))
    answer = await asyncio.wait_for(client.get("/health/ready"), 3)
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "failed": ["nats", "model", "silent"]}


async def test_requests_are_counted_by_route_not_by_path(client, headers):
    for note in ("a", "b"):
        await client.post(f"/notes/{note}", json=ONE, headers=headers())
    await client.get("/notes/a")
    await client.get("/nothing/here")
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")

    def count(method, route, status):
        labels = re.escape(f'{{method="{method}",route="{route}",status="{status}"}}')
        line = rf"^milepost_http_requests_total{labels} (.+)$"
        found = re.search(line, answer.text, re.MULTILINE)
        return found and float(found[1])

    assert count("POST", "/notes/{note}", 201) == 2
    assert count("GET", "/notes/{note}", 401) == 1
    assert count("GET", "unrouted", 404) == 1
    bucket = 'milepost_http_request_seconds_bucket{le="+Inf",method="POST",route="/notes/{note}"}'
    assert f"{bucket} 2.0" in answer.text
    assert "process_resident_memory_bytes" in answer.text


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        f"{PARENT}-extra",
        f"ff{PARENT[2:]}",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        PARENT.upper(),
        "x" * 600,
    ],
)
async def test_a_malformed_trace_is_ignored_in_silence(client, headers, log, logged, malformed):
    named = headers(traceparent=malformed, tracestate="x" * 600)
    assert (await client.post("/notes/a", json=ONE, headers=named)).status_code == 201
    (event,) = await log.read("north")
    assert "trace" not in json.loads(event.metadata)
    assert [line for line in logged() if not line["logger"].startswith("httpx")] == []


async def test_with_tracing_on_a_request_is_a_span_and_the_event_its_child(
    settings, verifier, transactor, headers, log
):
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    service = notes.service(transactor, settings)
    tracer = provider.get_tracer("test")
    app = create_app([service], settings, verifier, ready={}, tracer=tracer)
    async with connection_to(app) as client:
        named = headers(traceparent=PARENT, tracestate="vendor=1")
        await client.post("/notes/a", json=ONE, headers=named)
    (span,) = exporter.get_finished_spans()
    assert span.name == "POST /notes/{note}"
    assert span.attributes == {"http.response.status_code": 201}
    assert span.parent
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    assert span.context.trace_state == {"vendor": "1"}
    (event,) = await log.read("north")
    own = f"{span.context.span_id:016x}"
    assert json.loads(event.metadata)["trace"] == f"00-{TRACE}-{own}-01"
    provider.shutdown()


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "console"},
    ],
)
def test_tracing_is_off_unless_asked_for(env):
    assert tracing_from(env, "enrollment") is None


@pytest.mark.servers
def test_spans_go_where_the_environment_says():
    traced = """
from milepost.web.telemetry.tracing import tracing_from
tracing = tracing_from({"OTEL_TRACES_EXPORTER": "console"}, "enrollment")
with tracing.tracer.start_as_current_span("seat"):
    pass
tracing.close()
"""
    printed = subprocess.run(
        [sys.executable, "-c", traced], capture_output=True, check=True, text=True
    ).stdout
    assert '"name": "seat"' in printed
    assert '"service.name": "enrollment"' in printed


def test_an_exporter_that_is_not_installed_is_named():
    with pytest.raises(SettingInvalid, match="no_such"):
        tracing_from({"OTEL_TRACES_EXPORTER": "no_such"}, "enrollment")
