"""Of one fault a line a second is written, with how many were left out; nothing else is folded."""

import io
import json
from collections.abc import Callable

import pytest
import structlog
from structlog.typing import EventDict
from tests.clocks import Clock

from milepost.web.settings import Settings
from milepost.web.telemetry.folding import MAX_KINDS, Folding
from milepost.web.telemetry.logs import configure_logging


class Log:
    """What a folded log writes, on a clock and with timers that the test moves."""

    def __init__(self) -> None:
        self.clock = Clock(0.0)
        self.written: list[EventDict] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.folding = Folding(say=self._said, later=self._later, clock=self.clock)

    def _said(self, level: str, event: EventDict) -> None:
        self.write(level=level, **event)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        self.timers.append((self.clock.now + seconds, work))

    def write(self, event: str, *, level: str = "warning", **data: object) -> None:
        try:
            self.written.append(self.folding(None, level, {"event": event, **data}))
        except structlog.DropEvent:
            return

    def total(self) -> int:
        """Lines written, and those that they stand for."""
        return int(len(self.written) + sum(one.get("repeated", 0) for one in self.written))

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        due = [timer for timer in self.timers if timer[0] <= self.clock.now]
        self.timers = [timer for timer in self.timers if timer not in due]
        for _, work in due:
            work()


@pytest.fixture
def log() -> Log:
    return Log()


def test_one_line_a_second_is_written_with_a_count_of_the_others(log: Log):
    for second in range(3):
        log.clock.now = float(second)  # no timer comes first
        for position in range(1000):
            log.write("append_retried", tenant=f"t-{position}", error="ConnectionResetError()")
    told = [one.get("repeated") for one in log.written]
    assert told == [None, 999, 999]


def test_the_last_count_is_told_after_a_second(log: Log):
    for position in range(10):
        log.write("append_retried", position=position)
    assert len(log.written) == 1
    log.wait(1)
    assert log.written[1:] == [{"event": "append_retried", "position": 9, "repeated": 8}]
    log.wait(1)
    assert len(log.written) == 2
    assert log.timers == []


def test_the_last_count_is_told_at_the_end(log: Log):
    for _ in range(10):
        log.write("append_retried")
    log.folding.flush()
    assert log.written[1:] == [{"event": "append_retried", "repeated": 8}]


def test_a_fault_that_goes_on_is_told_each_second(log: Log):
    for _ in range(50):
        log.write("unavailable")
        log.wait(0.1)
    assert 5 <= len(log.written) <= 7
    log.folding.flush()
    assert log.total() == 50


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "policy/a"}, {"name": "policy/b"}),
        ({"error": "OSError(1)"}, {"error": "TimeoutError()"}),
        ({"exc_info": KeyError("a")}, {"exc_info": ValueError("a")}),
        ({"path": "/courses/{course}"}, {"path": "/courses"}),
        ({"level": "warning"}, {"level": "error"}),
    ],
)
def test_other_faults_are_not_folded_together(log: Log, one: dict[str, str], other: dict[str, str]):
    log.write("interrupted", **one)
    log.write("interrupted", **other)
    assert len(log.written) == 2


@pytest.mark.parametrize("level", ["debug", "info", "critical"])
def test_only_warnings_and_errors_are_folded(log: Log, level: str):
    for _ in range(5):
        log.write("leads", level=level)
    assert len(log.written) == 5


def test_kinds_are_bounded_and_no_count_is_lost(log: Log):
    for number in range(MAX_KINDS + 50):
        for _ in range(3):
            log.write(f"fault_{number}")
    log.folding.flush()
    assert log.total() == 3 * (MAX_KINDS + 50)


def test_a_folded_error_keeps_no_traceback(log: Log):
    for _ in range(2):
        log.write("unexpected", level="error", exc_info=KeyError("a"))
    log.wait(1)
    assert log.written[-1] == {"event": "unexpected"}


def test_the_log_of_a_process_is_folded():
    stream = io.StringIO()
    configure_logging(Settings(log_format="json"), stream)
    for _ in range(100):
        structlog.get_logger().warning("append_retried", error="ConnectionResetError()")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) < 100
    assert {line["event"] for line in lines} == {"append_retried"}
