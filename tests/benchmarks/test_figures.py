from io import StringIO
from types import MappingProxyType

import pytest
from rich.console import Console
from rich.table import Table

from milepost.operations.bench import everything, table
from milepost.operations.bench.figures import Measured, WentWrong, percentile
from milepost.operations.bench.measures import memory
from milepost.operations.bench.measures.lag import _lags_ms

MEASURED = Measured(
    name="commands",
    figures={
        "commands_per_second": 9_000,
        "cpu_us_per_command": 90.0,
        "p50_ms": 5.0,
        "p99_ms": 12.5,
    },
    yardstick="pgbench",
    yardstick_per_second=10_000,
    ratio=0.9,
    target="ratio >= 0.6, p99 <= 30 ms",
    met=True,
)


def printed(table: Table) -> str:
    paper = StringIO()
    Console(width=200, file=paper).print(table)
    return paper.getvalue()


def test_a_percentile_is_a_value_that_was_measured():
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 50) == 50
    assert percentile(values, 99) == 99
    assert percentile(values, 100) == 100
    assert percentile([7.0], 99) == 7


def test_json_is_flat():
    assert MEASURED.as_json() == {
        "name": "commands",
        "commands_per_second": 9_000,
        "cpu_us_per_command": 90.0,
        "p50_ms": 5.0,
        "p99_ms": 12.5,
        "yardstick": "pgbench",
        "yardstick_per_second": 10_000,
        "ratio": 0.9,
        "target": "ratio >= 0.6, p99 <= 30 ms",
        "met": True,
    }


def test_lag_counts_from_the_commit_to_the_first_look_that_shows_it():
    committed = MappingProxyType({1: 10.0, 2: 10.1, 3: 10.2})
    looks = [(9.9, 0), (10.05, 1), (10.15, 1), (10.3, 3)]
    assert _lags_ms(committed, looks) == pytest.approx([50, 100, 200])


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("serve enrollment", "serve enrollment"),
        ("relay --health-port 1", "relay"),
        ("project --health-port 1", "project"),
        ("bench rebuild --json", "rebuild"),
        ("bench commands --json", None),
        ("up", None),
    ],
)
def test_memory_is_told_by_process(words: str, name: str | None):
    assert memory._command(["python", "-m", "milepost.operations", *words.split()]) == name


def test_memory_is_too_much_when_one_process_takes_too_much():
    assert memory.measured({"relay": 80.0, "serve all": 299.0}).met
    assert not memory.measured({"relay": 80.0, "serve all": 301.0}).met
    assert not memory.measured({}).met


def test_one_table_shows_what_is_met_and_what_failed():
    found = [MEASURED.as_json(), memory.measured({"relay": 310.0}).as_json()]
    failed = {"name": "seats", "failed": "a learner was decided upon twice"}
    text = printed(table.of_all([*found, failed]))
    (commands,) = (line for line in text.splitlines() if "commands 9,000/s" in line)
    for words in ("10,000/s", "0.9", "ratio >= 0.6", "yes"):
        assert words in commands
    (relay,) = (line for line in text.splitlines() if "relay 310.0 MB" in line)
    assert "no" in relay
    assert "failed: a learner was decided upon twice" in text


async def test_a_benchmark_that_fails_stands_in_the_table(monkeypatch):
    async def fail(name: str, options: object) -> dict[str, object]:
        raise WentWrong(f"{name} with {options}")

    monkeypatch.setattr(everything, "_figures", fail)
    told: list[str] = []
    found = await everything.measure(["append"], told.append, quick=True)
    assert found[0] == {"name": "append", "failed": "append with ('--seconds', '1')"}
    assert found[1]["name"] == "memory"
    assert told == ["append (1 of 1)"]
