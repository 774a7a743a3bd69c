"""The bounded memory that caches share: what was used last stays."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from milepost.events.runtime.lru_cache import LruCache

SIZE = 3


def test_the_longest_unused_makes_room():
    cache = LruCache[str, int](2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1  # used again, so that b is the longest unused
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)


def test_a_value_put_again_counts_as_used_and_takes_no_room():
    cache = LruCache[str, int](2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        cache.put(key, value)
    assert len(cache) == 2
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (3, None, 4)


def test_what_is_discarded_or_cleared_is_gone():
    cache = LruCache[str, int](2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.discard("a")
    cache.discard("never there")
    assert (cache.get("a"), cache.get("b")) == (None, 2)
    cache.clear()
    assert (cache.get("b"), len(cache)) == (None, 0)


@given(st.lists(st.tuples(st.sampled_from("pg"), st.integers(0, 5)), max_size=60))
def test_it_holds_the_keys_used_last_and_no_more(steps: list[tuple[str, int]]):
    cache = LruCache[int, int](SIZE)
    used: list[int] = []  # the oracle: all that are held, the longest unused first
    for step, key in steps:
        if step == "p":
            cache.put(key, -key)
        elif key in used:
            assert cache.get(key) == -key
        else:
            assert cache.get(key) is None
            continue
        used = [*without(used, key), key][-SIZE:]
        assert len(cache) == len(used)
    assert [key for key in range(6) if cache.get(key) is not None] == sorted(used)


def without(keys: Iterable[int], key: int) -> list[int]:
    return [one for one in keys if one != key]
