"""What the processes that deliver say of it to Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from milepost.subscriptions.webhooks.delivery.log.backlog import Whole
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
PARKED: Final = Gauge("milepost_webhook_parked", "Deliveries that never arrived")
LATE: Final = Gauge(
    "milepost_webhook_late_seconds", "Since when the first is due for a webhook that answers"
)
OPEN: Final = Gauge("milepost_webhook_hosts_open", "Hosts that do not answer, and are left alone")


def show(whole: Whole) -> None:
    PARKED.set(whole.parked)
    LATE.set(whole.late_seconds)
    OPEN.set(whole.open)


def count(tried: Tried) -> None:
    outcome = "arrived" if tried.arrived else "unreachable" if tried.unreachable else "refused"
    CALLS.labels(outcome).inc()
    SECONDS.observe(tried.ms / 1000)
