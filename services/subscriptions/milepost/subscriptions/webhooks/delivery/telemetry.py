"""What the processes that deliver say of it to Prometheus."""

from typing import Final

from prometheus_client import Counter, Histogram

from milepost.subscriptions.webhooks.delivery.sending.call import Tried

CALLS: Final = Counter(
    "milepost_webhook_calls",
    "Calls of webhooks' endpoints, by what came of them: arrived, refused, unreachable",
    ["outcome"],
)
SECONDS: Final = Histogram(
    "milepost_webhook_call_seconds",
    "How long an endpoint took to answer, or to be given up",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15),
)


def count(tried: Tried) -> None:
    outcome = "arrived" if tried.arrived else "unreachable" if tried.unreachable else "refused"
    CALLS.labels(outcome).inc()
    SECONDS.observe(tried.ms / 1000)
