"""`milepost up` starts again what others end, and gives up on what cannot start."""

import signal

import pytest
from tests.clocks import Clock

from milepost.operations.local.restarts import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    SETTLED_SECONDS,
    STARTS_AT_MOST,
    Restarts,
)

KILLED = -signal.SIGKILL


def restarts(clock: Clock[float], *, started: bool = False) -> Restarts:
    return Restarts(started=started, clock=clock, draw=lambda: 0.0)


def live(of: Restarts, clock: Clock[float], seconds: float, code: int = 1) -> float:
    """It lives so long, and ends. The pause that follows."""
    of.began()
    clock.now += seconds
    return of.ended(code)


@pytest.mark.parametrize("code", [KILLED, -signal.SIGTERM, -signal.SIGINT, 0])
def test_what_others_end_is_started_again_for_ever(code: int):
    clock = Clock(0.0)
    process = restarts(clock)
    for _ in range(1000):
        live(process, clock, 0.1, code)
        assert not process.hopeless


@pytest.mark.parametrize("code", [1, 2, -signal.SIGSEGV, -signal.SIGABRT])
def test_what_dies_at_its_start_is_given_up(code: int):
    clock = Clock(0.0)
    process = restarts(clock)
    for _ in range(STARTS_AT_MOST - 1):
        live(process, clock, SETTLED_SECONDS / 2, code)
        assert not process.hopeless
    live(process, clock, SETTLED_SECONDS / 2, code)
    assert process.hopeless


def test_what_cannot_be_started_at_all_is_given_up():
    process = restarts(Clock(0.0))
    for _ in range(STARTS_AT_MOST):
        assert not process.hopeless
        process.not_begun()
    assert process.hopeless


def test_what_has_run_once_is_never_given_up():
    clock = Clock(0.0)
    process = restarts(clock)
    live(process, clock, SETTLED_SECONDS)
    for _ in range(100):
        live(process, clock, 0.1)
        process.not_begun()
        assert not process.hopeless


def test_a_server_that_has_answered_is_never_given_up():
    server = restarts(Clock(0.0), started=True)
    for _ in range(100):
        server.not_begun()
        assert not server.hopeless


def test_pauses_grow_to_a_bound_and_begin_anew_after_a_while():
    clock = Clock(0.0)
    process = restarts(clock)
    pauses = [live(process, clock, 0.1, KILLED) for _ in range(50)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    assert live(process, clock, LONGEST_PAUSE_SECONDS, KILLED) == FIRST_PAUSE_SECONDS


def test_pauses_differ_by_chance():
    pauses = {Restarts().not_begun() for _ in range(20)}
    assert len(pauses) > 1
    assert max(pauses) <= FIRST_PAUSE_SECONDS
