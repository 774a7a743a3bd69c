"""Achievements are versioned, and their criteria can hold, are known and never circular."""

import pytest
from msgspec.structs import replace
from tests.credentials.scenes import achievement, catalog, day, held, passed

from milepost.contracts.achievements import AchievementRetired, AllOf, AnyOf, Criterion, NOf
from milepost.contracts.courses import Skill
from milepost.credentials.domain.achievements.achievement import (
    Achievement,
    evolve_achievement,
)
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.achievements.criteria_tree import MAX_CONDITIONS, MAX_DEPTH
from milepost.credentials.domain.achievements.define import define, retire
from milepost.credentials.domain.achievements.definition import UNCHECKED, Definition, References
from milepost.credentials.domain.refusals import (
    CircularCriteria,
    DefinitionInvalid,
    ImpossibleCriteria,
    OversizedCriteria,
    RetiredAchievement,
    UnknownAchievement,
    UnknownCriteria,
)

EMPTY = catalog_of(())


def definition(criteria, name="Badge", **facts):
    return Definition(name=name, criteria=criteria, **facts)


def defined(state, what, known=EMPTY):
    return define(state, "badge", what, known, day(0))


def test_the_first_definition_is_version_one():
    (event,) = defined(None, definition(passed("AAA")))
    assert (event.achievement, event.version, event.name) == ("badge", 1, "Badge")
    assert evolve_achievement(None, event) == Achievement(
        achievement="badge",
        version=1,
        definition=definition(passed("AAA")),
        defined_at=(day(0),),
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


def test_each_version_is_kept_whole_and_found_by_its_number():
    skill = Skill(name="Ask data", url="https://skills.example/1", framework="ESCO")
    first = definition(passed("AAA"), skills=(skill,), names={"de": "Abzeichen"}, tags=("data",))
    second = definition(passed("BBB"), validity_days=365, renewal_days=30, visibility="public")
    state = after(None, first, on=0)
    state = after(state, second, on=1)
    assert state.definition_of(1) == first
    assert state.definition_of(2) == state.definition_of(3) == second
    assert state.defined_at == (day(0), day(1))


def test_every_fault_of_a_definition_is_told_at_once():
    twice = Skill(name="Ask data", url="https://skills.example/1", framework="ESCO", code="1")
    faults = faults_of(
        definition(
            passed("AAA"),
            language="en",
            names={"EN": "Badge", "de": "Abzeichen", "DE": "Marke"},
            renewal_days=30,
            skills=(twice, twice, replace(twice, url="https://skills.example/2")),
            tags=("data", "Data"),
            image="0" * 64,
            issuer="science",
            co_issuers=("science", "arts", "arts", "nobody"),
        ),
        References(issuers=frozenset({"arts"}), images=frozenset()),
    )
    assert faults == {
        "$.names.EN": "is_the_language",
        "$.names.DE": "duplicate",
        "$.renewal_days": "never_ends",
        "$.skills[1].url": "duplicate",
        "$.skills[1].code": "duplicate",
        "$.skills[2].code": "duplicate",
        "$.tags[1]": "duplicate",
        "$.issuer": "unknown_issuer",
        "$.co_issuers[0]": "is_the_issuer",
        "$.co_issuers[2]": "duplicate",
        "$.co_issuers[3]": "unknown_issuer",
        "$.image": "unknown_image",
    }


@pytest.mark.parametrize(("renewal", "refused"), [(364, False), (365, True), (366, True)])
def test_what_is_renewed_has_to_be_younger_than_what_it_renews(renewal, refused):
    asked = definition(passed("AAA"), validity_days=365, renewal_days=renewal)
    told = {"$.renewal_days": "not_less_than_validity_days"} if refused else {}
    assert faults_of(asked) == told


def test_every_school_has_the_default_issuer():
    asked = definition(passed("AAA"), issuer="default")
    assert faults_of(asked, References(issuers=frozenset())) == {}


def after(state, what, on):
    (event,) = define(state, "badge", what, EMPTY, day(on))
    return evolve_achievement(state, event)


def faults_of(what, references=UNCHECKED):
    try:
        assert define(None, "badge", what, EMPTY, day(0), references=references)
    except DefinitionInvalid as refusal:
        return {fault.path: fault.condition for fault in refusal.faults}
    return {}
