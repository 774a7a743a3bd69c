"""Achievements are versioned, and their criteria can hold, are known and never circular."""

import pytest
from tests.credentials.scenes import achievement, catalog, day, held, passed

from milepost.contracts.achievements import AchievementRetired, AllOf, AnyOf, Criterion, NOf
from milepost.credentials.domain.achievements.achievement import (
    Achievement,
    Definition,
    evolve_achievement,
)
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.achievements.criteria_tree import MAX_CONDITIONS, MAX_DEPTH
from milepost.credentials.domain.achievements.definition import define, retire
from milepost.credentials.domain.refusals import (
    CircularCriteria,
    ImpossibleCriteria,
    OversizedCriteria,
    RetiredAchievement,
    UnknownAchievement,
    UnknownCriteria,
)

EMPTY = catalog_of(())


def definition(criteria, name="Badge"):
    return Definition(name=name, criteria=criteria)


def defined(state, what, known=EMPTY):
    return define(state, "badge", what, known, day(0))


def test_the_first_definition_is_version_one():
    (event,) = defined(None, definition(passed("AAA")))
    assert (event.achievement, event.version, event.name) == ("badge", 1, "Badge")
    assert evolve_achievement(None, event) == Achievement(
        achievement="badge", version=1, definition=definition(passed("AAA"))
    )


def test_a_change_is_the_next_version():
    before = achievement("badge", passed("AAA"))
    (event,) = defined(before, definition(passed("BBB")))
    assert event.version == 2


def test_the_same_definition_again_is_nothing_to_do():
    before = achievement("badge", passed("AAA"))
    assert defined(before, before.definition) == []


def test_retiring_is_done_once():
    before = achievement("badge", passed("AAA"))
    (event,) = retire(before, "badge", day(1))
    assert event == AchievementRetired(achievement="badge", occurred_at=day(1))
    assert retire(evolve_achievement(before, event), "badge", day(2)) == []


def test_retiring_what_is_unknown_is_refused():
    with pytest.raises(UnknownAchievement):
        retire(None, "badge", day(1))


def test_a_retired_achievement_is_not_defined_again():
    with pytest.raises(RetiredAchievement):
        defined(achievement("badge", passed("AAA"), retired=True), definition(passed("BBB")))


def test_criteria_may_name_only_achievements_that_are_defined():
    with pytest.raises(UnknownCriteria) as refusal:
        defined(
            None, definition(AllOf(criteria=(held("one"), held("two")))), catalog(one=passed("A"))
        )
    assert refusal.value.achievements == ("two",)


def test_an_achievement_that_needs_itself_is_refused():
    with pytest.raises(CircularCriteria) as refusal:
        defined(None, definition(AnyOf(criteria=(passed("AAA"), held("badge")))))
    assert refusal.value.path == ("badge", "badge")


def test_a_longer_circle_is_refused_and_shown():
    known = catalog(badge=passed("AAA"), silver=held("badge"), gold=held("silver"))
    with pytest.raises(CircularCriteria) as refusal:
        defined(known.achievements["badge"], definition(held("gold")), known)
    assert refusal.value.path == ("badge", "gold", "silver", "badge")


def test_a_diamond_is_not_a_circle():
    known = catalog(base=passed("AAA"), left=held("base"), right=held("base"))
    assert defined(None, definition(AllOf(criteria=(held("left"), held("right")))), known)


@pytest.mark.parametrize(
    ("criteria", "n", "size"),
    [
        (AllOf(criteria=()), 1, 0),
        (AnyOf(criteria=()), 1, 0),
        (NOf(n=0, criteria=(passed("AAA"),)), 0, 1),
        (NOf(n=2, criteria=(passed("AAA"),)), 2, 1),
        (AllOf(criteria=(passed("AAA"), AnyOf(criteria=()))), 1, 0),
    ],
)
def test_criteria_that_can_never_or_always_hold_are_refused(criteria, n, size):
    with pytest.raises(ImpossibleCriteria) as refusal:
        defined(None, definition(criteria))
    assert refusal.value.facts == {"n": n, "criteria": size}


def test_criteria_may_be_as_deep_and_as_wide_as_stated_and_no_more():
    wide = tuple(passed(f"C{n}") for n in range(MAX_CONDITIONS - 1))
    assert defined(None, definition(AllOf(criteria=wide)))
    with pytest.raises(OversizedCriteria):
        defined(None, definition(AllOf(criteria=(*wide, passed("one more")))))
    assert defined(None, definition(nested(MAX_DEPTH)))
    with pytest.raises(OversizedCriteria):
        defined(None, definition(nested(MAX_DEPTH + 1)))


def nested(depth):
    tree: Criterion = passed("AAA")
    for _ in range(depth - 1):
        tree = AllOf(criteria=(tree,))
    return tree
