"""Trace context (W3C): from HTTP into events' metadata (`trace`), whence the relay carries it on.

Off, which is the default, it hands on the caller's `traceparent` and costs next to nothing. On, it
records a span a request with the OpenTelemetry SDK; OTEL_* variables say where spans go.
"""

import re
from collections.abc import Mapping
from importlib.metadata import entry_points

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, Tracer

from milepost.web.settings import SettingInvalid

_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Tracing:
    """`close` sends the spans that are still waiting."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self.tracer: Tracer = provider.get_tracer("milepost")

    def close(self) -> None:
        self._provider.shutdown()


def tracing_from(env: Mapping[str, str], service: str) -> Tracing | None:
    """None unless OTEL_TRACES_EXPORTER or OTEL_EXPORTER_OTLP_ENDPOINT asks for it.

    Raises `SettingInvalid` when the exporter's package is not installed.
    """
    name = _exporter_name(env)
    if name is None:
        return None
    resource = Resource.create({SERVICE_NAME: env.get("OTEL_SERVICE_NAME", service)})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(_exporter(name)))
    return Tracing(provider)


def accepted(traceparent: bytes | None) -> str | None:
    """The header's value if it is well-formed, else None: tracing never refuses a request."""
    if traceparent and _TRACEPARENT.fullmatch(traceparent):
        return traceparent.decode()
    return None


def parent(traceparent: str | None) -> Context:
    """What a new span is a child of; nothing without a traceparent."""
    if traceparent is None:
        return Context()
    _, trace_id, span_id, flags = traceparent.split("-")
    remote = SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )
    return trace.set_span_in_context(NonRecordingSpan(remote), Context())


def current() -> str:
    """The traceparent of the span that is open now."""
    span = trace.get_current_span().get_span_context()
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def _exporter_name(env: Mapping[str, str]) -> str | None:
    if env.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    default = "otlp" if env.get("OTEL_EXPORTER_OTLP_ENDPOINT") else "none"
    name = env.get("OTEL_TRACES_EXPORTER", default)
    name = "otlp_proto_http" if name == "otlp" else name
    return None if name == "none" else name


def _exporter(name: str) -> SpanExporter:
    found = tuple(entry_points(group="opentelemetry_traces_exporter", name=name))
    if not found:
        raise SettingInvalid(
            f"OTEL_TRACES_EXPORTER={name}: no such exporter; is its package installed?"
            " (otlp: opentelemetry-exporter-otlp-proto-http)"
        )
    exporter: SpanExporter = found[0].load()()
    return exporter
