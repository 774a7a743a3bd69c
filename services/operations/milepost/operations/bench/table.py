"""How figures are shown to people: a benchmark of its own, and all of them as one table."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from milepost.operations.bench.figures import Measured

# The row's own figures, by which its target is judged; the first is the one that `ratio` is of.
JUDGED: Mapping[str, Sequence[str]] = {
    "append": ("batch_200_events_per_second",),
    "commands": ("commands_per_second", "cpu_us_per_command", "p99_ms"),
    "reports": ("batched_per_second", "p99_ms", "cpu_us_per_report"),
    "seats": ("decisions_per_second", "p99_ms"),
    "bulk": ("rows_per_second", "dry_run_rows_per_second"),
    "relay": ("messages_per_second", "p99_ms"),
    "rebuild": ("events_per_second",),
    "verify": ("events_per_second",),
    "lag": ("p99_ms", "commands_per_second"),
    "audit": ("learners_per_second",),
    "settled": ("p50_ms", "p99_ms"),
    "sign": ("badges_per_second", "cpu_us_per_badge"),
    "reads": ("queries_per_second", "p99_ms"),
    "pages": ("pages_per_second", "p99_ms", "first_page_kb"),
    "import": ("seconds", "events"),
    "growth": ("append_times_slower", "rebuild_times_slower"),
}

UNITS: Mapping[str, str] = {
    "_per_second": "/s",
    "_us_per_command": " us",
    "_us_per_report": " us",
    "_us_per_badge": " us",
    "_us_per_learner": " us",
    "_us_per_page": " us",
    "_ms": " ms",
    "_page_kb": " kB",
    "_peak_mb": " MB",
    "_times_slower": " times slower",
}


def of_one(measured: Measured) -> Table:
    table = Table(title=measured.name, title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in measured.figures.items():
        table.add_row(name, f"{value:,}")
    table.add_section()
    if measured.yardstick:
        table.add_row(
            f"yardstick per second\n({measured.yardstick})", f"{measured.yardstick_per_second:,}"
        )
        table.add_row("ratio", f"{measured.ratio:,}")
    table.add_row("target", measured.target)
    table.add_row("met", _yes(measured.met))
    return table


def of_all(found: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("name", "measured", title="Milepost on this machine")
    table.add_column("yardstick", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("target")
    table.add_column("met")
    for one in found:
        if failure := one.get("failed"):
            table.add_row(one["name"], Text(f"failed: {failure}", "red"), "", "", "", _yes(False))
            continue
        ratio = "" if one.get("ratio") is None else f"{one['ratio']:,}"
        yardstick = f"{one['yardstick_per_second']:,}/s" if one.get("yardstick") else ""
        table.add_row(one["name"], _figures(one), yardstick, ratio, one["target"], _yes(one["met"]))
    return table


def yardsticks(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What each was held against, in the same run."""
    return [f"{one['name']}: {one['yardstick']}" for one in found if one.get("yardstick")]


def _figures(one: Mapping[str, Any]) -> str:
    names = JUDGED.get(one["name"]) or [name for name in one if name.endswith("_peak_mb")]
    return "\n".join(_figure(name, one[name]) for name in names)


def _figure(name: str, value: float) -> str:
    """`p99_ms` and 12.5 are `p99 12.5 ms`."""
    unit = next((unit for unit in UNITS if name.endswith(unit)), "")
    words = name.removesuffix(unit).replace("_", " ")
    return f"{words} {value:,}{UNITS.get(unit, '')}"


def _yes(met: bool) -> Text:
    return Text("yes", "green") if met else Text("no", "red")
