"""Each benchmark, as tiny as it can be: that it runs, tidies up, and says what it has to say."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.servers  # they start processes


TINY = {
    "append": ("--seconds", "1"),
    "commands": ("--count", "300", "--connections", "8"),
    "reports": ("--singles", "200", "--batches", "20"),
    "seats": ("--learners", "200", "--seats", "10"),
    "bulk": ("--rows", "500"),
    "relay": ("--events", "5000", "--seconds", "1", "--per-second", "200"),
    "rebuild": ("--events", "5000"),
    "verify": ("--events", "5000"),
    "audit": ("--learners", "500"),
    "lag": ("--seconds", "1", "--per-second", "200"),
    "settled": ("--seconds", "1", "--per-second", "50"),
    "sign": ("--count", "50"),
    "reads": ("--events", "5000", "--queries", "300", "--connections", "8"),
    "pages": ("--events", "5000", "--pages", "300", "--connections", "8"),
    "live": ("--pages", "40", "--seconds", "1"),
    "feed": ("--events", "5000", "--streams", "20", "--seconds", "1"),
    "webhooks": ("--events", "1000", "--seconds", "1", "--per-second", "50"),
    "growth": ("--millions", "0.002,0.004"),
}
FIGURES = {
    "append": {"batch_1_events_per_second", "batch_200_writers_8_tenants_64_events_per_second"},
    "commands": {"commands_per_second", "cpu_us_per_command", "p50_ms", "p99_ms"},
    "reports": {"batched_per_second", "cpu_us_per_report", "commands_per_second", "p99_ms"},
    "seats": {"decisions_per_second", "enrolled", "waitlisted"},
    "bulk": {"rows_per_second", "dry_run_rows_per_second", "seconds"},
    "relay": {"messages_per_second", "p50_ms", "p99_ms"},
    "rebuild": {"events_per_second", "seconds"},
    "verify": {"events_per_second", "seconds"},
    "audit": {"learners_per_second", "seconds"},
    "lag": {"p50_ms", "p99_ms", "commands_per_second"},
    "settled": {"p50_ms", "p99_ms", "completions"},
    "sign": {"badges_per_second", "cpu_us_per_badge", "statements_per_badge"},
    "reads": {"queries_per_second", "p50_ms", "p99_ms"},
    "pages": {"pages_per_second", "p50_ms", "p99_ms", "cpu_us_per_page", "first_page_kb"},
    "live": {"kb_per_stream", "queries_per_second_of_all", "reach_all_ms"},
    "feed": {"events_per_second", "kb_per_stream", "queries_per_second_of_all", "reach_all_ms"},
    "webhooks": {"deliveries_per_second", "p50_ms", "p99_ms"},
    "growth": {"append_at_0.002_million_p50_ms", "rebuild_at_0.004_million_events_per_second"},
}
WITHOUT_YARDSTICK = {"seats", "audit", "lag", "settled", "live"}


def last_line(*arguments: str) -> dict[str, Any]:
    command = (sys.executable, "-m", "milepost.operations", "bench", *arguments)
    done = subprocess.run(command, check=False, text=True, capture_output=True, timeout=200)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_it_says_its_figures_and_leaves_nothing(name: str, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    found = last_line(name, "--json", *TINY[name])
    assert found["name"] == name
    assert isinstance(found["met"], bool)
    assert found["target"]
    assert all(found[figure] > 0 for figure in FIGURES[name])
    if name not in WITHOUT_YARDSTICK:
        assert found["yardstick"]
        assert found["yardstick_per_second"] > 0
        assert found["ratio"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_wrong_length_is_named():
    command = (sys.executable, "-m", "milepost.operations", "bench", "growth", "--millions", "1,x")
    done = subprocess.run(command, check=False, text=True, capture_output=True, timeout=60)
    assert done.returncode == 2
    assert "--millions 1,x" in done.stderr
    assert "Traceback" not in done.stderr
