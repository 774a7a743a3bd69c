"""Prometheus metrics of the HTTP edge; other rooms add theirs to the same registry."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Metric,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from milepost.web.telemetry.metrics_peers import Peers, merged

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_BOUNDS = (*map(str, BUCKETS_SECONDS), "+Inf")
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


class _Answers:
    """Those of one method, route and status, counted by how long they took."""

    __slots__ = ("by_bucket", "seconds")

    def __init__(self) -> None:
        self.by_bucket = [0] * (len(BUCKETS_SECONDS) + 1)
        self.seconds = 0.0


class HttpMetrics(Collector):
    """Requests and latency by method and route template, never by path: that has no bound.

    Only the loop's thread counts, so nothing has to be locked: a counter and a histogram of the
    library took four times as long for each request. The probes' thread reads, of a copy: a dict
    that grows meanwhile cannot be walked.
    """

    def __init__(self, registry: CollectorRegistry, peers: Peers | None = None) -> None:
        self._registry = registry
        self._peers = peers
        self._answers: dict[tuple[str, str, int], _Answers] = {}
        registry.register(self)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        if method not in METHODS:
            method = OTHER_METHOD
        answers = self._answers.get((method, route, status))
        if answers is None:
            answers = self._answers[method, route, status] = _Answers()
        answers.by_bucket[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        answers.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "milepost_http_requests",
            "HTTP requests answered",
            labels=("method", "route", "status"),
        )
        read = self._answers.copy()
        for (method, route, status), answers in read.items():
            requests.add_metric((method, route, str(status)), sum(answers.by_bucket))
        yield requests
        yield _timings(read)

    async def exposition(self) -> bytes:
        return await exposition(self._registry, self._peers)


def _timings(read: Mapping[tuple[str, str, int], _Answers]) -> Metric:
    timings = HistogramMetricFamily(
        "milepost_http_request_seconds",
        "Seconds from request to answer",
        labels=("method", "route"),
    )
    of_route: dict[tuple[str, str], list[_Answers]] = defaultdict(list)
    for (method, route, _), answers in read.items():
        of_route[method, route].append(answers)
    for labels, all_answers in of_route.items():
        counts = map(sum, zip(*(one.by_bucket for one in all_answers), strict=True))
        buckets = list(zip(_BOUNDS, accumulate(counts), strict=True))
        timings.add_metric(labels, buckets, sum(one.seconds for one in all_answers))
    return timings


async def exposition(registry: CollectorRegistry, peers: Peers | None) -> bytes:
    """Of this process; with peers, of each, every sample with its process."""
    if peers is None:
        return generate_latest(registry)
    texts = await peers.texts()
    return merged({peers.own: generate_latest(registry).decode(), **texts}).encode()
