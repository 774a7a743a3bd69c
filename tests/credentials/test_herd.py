"""Places in status lists: never two the same, and none that tells when."""

from itertools import pairwise

from milepost.credentials.issuers.herd import place_of
from milepost.credentials.open_badges.bitstring import MIN_BITS

SECRET = b"s" * 32


def test_no_two_of_a_list_have_one_place():
    places = {place_of(SECRET, ordinal) for ordinal in range(20_000)}
    assert len(places) == 20_000
    assert {number for number, _ in places} == {0}
    assert all(0 <= index < MIN_BITS for _, index in places)


def test_a_full_list_is_followed_by_another():
    assert place_of(SECRET, MIN_BITS - 1)[0] == 0
    assert place_of(SECRET, MIN_BITS)[0] == 1
    assert place_of(SECRET, MIN_BITS)[1] != place_of(SECRET, 0)[1]


def test_neighbors_are_scattered_and_each_school_differs():
    ours = [place_of(SECRET, ordinal)[1] for ordinal in range(1_000)]
    steps = [abs(one - other) for one, other in pairwise(ours)]
    assert sum(steps) / len(steps) > MIN_BITS / 5
    assert ours != [place_of(b"t" * 32, ordinal)[1] for ordinal in range(1_000)]
