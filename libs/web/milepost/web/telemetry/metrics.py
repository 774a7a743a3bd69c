"""Prometheus metrics of the HTTP edge; other rooms add theirs to the same registry."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from milepost.web.telemetry.metrics_peers import Peers, merged

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
MEDIA_TYPE = CONTENT_TYPE_LATEST
UNROUTED = "unrouted"
# What a client makes up is no label: each would stay for good.
METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
)
OTHER_METHOD = "other"
SHED = Counter(
    "milepost_http_shed",
    "Connections and requests refused before they were anybody's: connections, requests, slow_body",
    ("reason",),
)


def process_registry() -> CollectorRegistry:
    """A registry that knows this process's memory, CPU, file descriptors and collections."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class HttpMetrics:
    """Requests and latency by method and route template, never by path: that has no bound."""

    def __init__(self, registry: CollectorRegistry, peers: Peers | None = None) -> None:
        self._registry = registry
        self._peers = peers
        self._requests = Counter(
            "milepost_http_requests",
            "HTTP requests answered",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "milepost_http_request_seconds",
            "Seconds from request to answer",
            ("method", "route"),
            buckets=BUCKETS_SECONDS,
            registry=registry,
        )
        # Looking a child up by its labels costs more than counting.
        self._counts: dict[tuple[str, str, int], Counter] = {}
        self._timings: dict[tuple[str, str], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        if method not in METHODS:
            method = OTHER_METHOD
        count = self._counts.get((method, route, status))
        if count is None:
            count = self._requests.labels(method, route, str(status))
            self._counts[method, route, status] = count
        timing = self._timings.get((method, route))
        if timing is None:
            timing = self._timings[method, route] = self._seconds.labels(method, route)
        count.inc()
        timing.observe(seconds)

    async def exposition(self) -> bytes:
        return await exposition(self._registry, self._peers)


async def exposition(registry: CollectorRegistry, peers: Peers | None) -> bytes:
    """Of this process; with peers, of each, every sample with its process."""
    if peers is None:
        return generate_latest(registry)
    texts = await peers.texts()
    return merged({peers.own: generate_latest(registry).decode(), **texts}).encode()
