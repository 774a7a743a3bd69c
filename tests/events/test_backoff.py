"""Pauses grow up to a bound, differ by chance and end at the deadline. Nobody sleeps here."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.events.runtime.backoff import Backoff

CHANCE = st.floats(0, 1)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def plain(first: float, longest: float, factor: float = 2.0) -> Backoff:
    return Backoff(first, longest, factor=factor, jitter=0)


def pauses(backoff: Backoff, number: int) -> list[float]:
    return [backoff.next_seconds() for _ in range(number)]


def test_each_is_longer_than_the_one_before_up_to_the_longest():
    assert pauses(plain(0.1, 1.0), 6) == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert pauses(plain(1.0, 3.0, factor=1.5), 4) == [1.0, 1.5, 2.25, 3.0]


def test_it_begins_anew_when_something_went_well():
    backoff = plain(0.1, 1.0)
    fresh = [backoff.fresh]
    assert pauses(backoff, 3) == [0.1, 0.2, 0.4]
    fresh.append(backoff.fresh)
    backoff.reset()
    fresh.append(backoff.fresh)
    assert fresh == [True, False, True]
    assert pauses(backoff, 2) == [0.1, 0.2]


@given(CHANCE, st.lists(CHANCE, min_size=1, max_size=12))
def test_chance_shortens_a_pause_by_its_share_at_most(jitter: float, drawn: list[float]):
    backoff = Backoff(0.1, 5.0, jitter=jitter, draw=iter(drawn).__next__)
    for chance, whole in zip(drawn, pauses(plain(0.1, 5.0), len(drawn)), strict=True):
        pause = backoff.next_seconds()
        assert pause == pytest.approx(whole * (1 - jitter * chance))
        assert whole * (1 - jitter) <= pause + 1e-9
        assert pause <= whole


def test_two_who_lost_the_same_server_do_not_come_back_together():
    one, other = (pauses(Backoff(1.0, 60.0), 8) for _ in range(2))
    assert one != other
    assert all(earlier < later for earlier, later in pairwise(one[:6]))


def test_the_deadline_shortens_the_last_pause_and_ends_the_rest():
    clock = Clock()
    backoff = Backoff(1.0, 8.0, jitter=0, deadline_seconds=5.0, clock=clock)
    made = []
    while not backoff.expired:
        made.append(backoff.next_seconds())
        clock.now += made[-1]
    assert made == [1.0, 2.0, 2.0]
    assert backoff.next_seconds() == 0
    backoff.reset()
    assert backoff.expired


async def test_who_pauses_is_told_when_the_time_is_up():
    clock = Clock()
    backoff = Backoff(0.0, 0.0, deadline_seconds=1.0, clock=clock)
    assert await backoff.pause()
    clock.now += 1.0
    assert not await backoff.pause()
