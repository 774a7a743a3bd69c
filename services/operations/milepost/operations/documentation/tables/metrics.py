"""Each Prometheus metric: its labels and what it counts."""

from prometheus_client import REGISTRY, CollectorRegistry

from milepost.operations.documentation.tables.imported import import_all
from milepost.operations.documentation.tables.markdown import code, table
from milepost.web.telemetry.metrics import HttpMetrics


def metrics() -> str:
    import_all()
    http = CollectorRegistry()
    HttpMetrics(http)
    rows = {}
    for collector in (*REGISTRY._collector_to_names, *http._collector_to_names):  # noqa: SLF001
        labels = ", ".join(map(code, getattr(collector, "_labelnames", ())))
        for metric in collector.collect():
            if metric.name.startswith("milepost"):
                name = metric.name + ("_total" if metric.type == "counter" else "")
                rows[name] = (code(name), metric.type, labels, metric.documentation)
    return table(("metric", "type", "labels", "is"), [rows[name] for name in sorted(rows)])
