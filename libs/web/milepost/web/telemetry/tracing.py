"""Trace context (W3C): from HTTP into events' metadata (`trace`), whence the relay carries it on.

Off, which is the default, it hands on the caller's `traceparent` and costs next to nothing. On, it
records a span a request with the OpenTelemetry SDK; OTEL_* variables say where spans go. The
caller's `tracestate` goes into that span, and no further: the log has no field for it.
"""

import logging
from collections.abc import Mapping
from importlib.metadata import entry_points

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from milepost.web.settings import SettingInvalid

_W3C = TraceContextTextMapPropagator()
_NAMES = (b"traceparent", b"tracestate")
# A malformed header is its sender's fault: it is ignored, and must not fill our log.
logging.getLogger("opentelemetry.trace").setLevel(logging.ERROR)


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


def parent(headers: Mapping[bytes, bytes]) -> Context:
    """What a new span is a child of; nothing without a well-formed traceparent."""
    carrier = {name.decode(): headers[name].decode("latin-1") for name in _NAMES if name in headers}
    return _W3C.extract(carrier, Context())


def traceparent(context: Context | None = None) -> str | None:
    """Of the span in `context`, else of the span that is open now; None without a span."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, context)
    return carrier.get("traceparent")


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
