import pytest
from tests.enrollment.given import defined, minute, program

from milepost.contracts.programs import ProgramRetired
from milepost.enrollment.domain.course.plan_faults import Fault
from milepost.enrollment.domain.course.translations import definition_in_language
from milepost.enrollment.domain.program import (
    ProgramAlreadyRetired,
    ProgramInvalid,
    UnknownProgram,
    define_program,
    retire_program,
)

RETIRED = ProgramRetired(program="data-analyst", reason="replaced", occurred_at=minute(9))


def definition(**facts):
    event = defined(**facts)
    return {name: getattr(event, name) for name in event.__struct_fields__ if name != "version"}


def faults_of(**facts):
    with pytest.raises(ProgramInvalid) as refused:
        define_program(program(), **definition(**facts))
    assert refused.value.program == "data-analyst"
    return [(fault.path, fault.condition) for fault in refused.value.faults]


def retire(state, reason="replaced", at=9):
    return retire_program(state, program="data-analyst", reason=reason, occurred_at=minute(at))


def test_a_program_is_defined():
    assert define_program(program(), **definition()) == [defined(1)]


@pytest.mark.parametrize(
    "facts",
    [
        {"title": "Data scientist"},
        {"achievements": ("sql-basics", "statistics")},
        {"achievements": ("python-basics", "statistics", "sql-basics")},
        {"rule": "any"},
        {"rule": "n_of", "n": 2},
        {"ordered": True},
        {"language": "de"},
        {"titles": {"de": "Datenanalyse"}},
    ],
)
def test_a_changed_definition_is_the_next_version(facts):
    assert define_program(program(defined(1)), **definition(**facts)) == [defined(2, **facts)]


def test_defining_the_latest_version_again_does_nothing():
    facts = definition(rule="n_of", n=2, ordered=True, titles={"de": "Datenanalyse"})
    [event] = define_program(program(), **facts)
    again = {**facts, "occurred_at": minute(5)}
    assert define_program(program(event), **again) == []


def test_an_earlier_version_may_be_defined_again_as_a_new_one():
    state = program(defined(1), defined(2, rule="any"))
    assert define_program(state, **definition()) == [defined(3)]


@pytest.mark.parametrize("facts", [{}, {"rule": "any"}])
def test_a_retired_program_is_not_defined_not_even_as_it_is(facts):
    with pytest.raises(ProgramAlreadyRetired) as refused:
        define_program(program(defined(), RETIRED), **definition(**facts))
    assert refused.value.facts == {"program": "data-analyst"}


def test_a_program_is_retired_for_a_reason_or_for_none():
    assert retire(program(defined())) == [RETIRED]
    [event] = retire(program(defined()), reason=None)
    assert event.reason is None


@pytest.mark.parametrize("reason", ["replaced", "too_few", None])
def test_a_program_is_retired_once_whatever_the_reason(reason):
    assert retire(program(defined(), RETIRED), reason=reason, at=10) == []


def test_an_unknown_program_is_not_retired():
    with pytest.raises(UnknownProgram):
        retire(program())


@pytest.mark.parametrize(
    ("facts", "path", "condition"),
    [
        ({"achievements": ()}, "$.achievements", "empty"),
        ({"achievements": ("a", "b", "a")}, "$.achievements[2]", "duplicate"),
        ({"rule": "n_of"}, "$.n", "missing"),
        ({"rule": "n_of", "n": 0}, "$.n", "not_positive"),
        ({"rule": "n_of", "n": -(2**70)}, "$.n", "not_positive"),
        ({"rule": "n_of", "n": 4}, "$.n", "more_than_there_are"),
        ({"rule": "all", "n": 3}, "$.n", "without_n_of"),
        ({"rule": "any", "n": 1}, "$.n", "without_n_of"),
        ({"rule": "any", "ordered": True}, "$.ordered", "one_is_enough"),
        ({"rule": "n_of", "n": 1, "ordered": True}, "$.ordered", "one_is_enough"),
        ({"titles": {"EN": "Analyst"}}, "$.titles.EN", "is_the_language"),
        ({"titles": {"pt-BR": "A", "pt-br": "B"}}, "$.titles.pt-br", "duplicate"),
    ],
)
def test_a_definition_makes_sense(facts, path, condition):
    assert faults_of(**facts) == [(path, condition)]


@pytest.mark.parametrize(
    "facts",
    [
        {"achievements": ("a",)},
        {"achievements": ("a",), "ordered": True},
        {"rule": "n_of", "n": 1},
        {"rule": "n_of", "n": 3},
        {"rule": "n_of", "n": 2, "ordered": True},
    ],
)
def test_what_is_at_the_edge_of_sense_is_defined(facts):
    assert define_program(program(), **definition(**facts)) == [defined(1, **facts)]


def test_an_achievement_that_comes_twice_is_counted_once():
    found = faults_of(achievements=("a", "a", "b"), rule="n_of", n=3)
    assert found == [("$.achievements[1]", "duplicate"), ("$.n", "more_than_there_are")]


def test_all_faults_are_told_at_once():
    found = faults_of(
        achievements=("a", "a", "a"), rule="any", n=9, ordered=True, titles={"en": "A"}
    )
    assert found == [
        ("$.titles.en", "is_the_language"),
        ("$.achievements[1]", "duplicate"),
        ("$.achievements[2]", "duplicate"),
        ("$.n", "without_n_of"),
        ("$.ordered", "one_is_enough"),
    ]
    assert Fault("$.n", "without_n_of") == Fault(*found[3])


@pytest.mark.parametrize(
    ("wanted", "title", "spoken"),
    [
        (None, "Data analyst", "en"),
        ("de-AT", "Datenanalyse", "de"),
        ("DE", "Datenanalyse", "de"),
        ("fr", "Data analyst", "en"),
    ],
)
def test_a_program_is_called_by_its_title_in_the_language_asked_for(wanted, title, spoken):
    event, tag = definition_in_language(defined(titles={"de": "Datenanalyse"}), wanted)
    assert (event.title, tag) == (title, spoken)
    assert event.achievements == defined().achievements
