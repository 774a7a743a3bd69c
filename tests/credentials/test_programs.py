"""Programs stack to any depth: circles are refused with their path, progress counts what is under
way beneath them.
"""

import pytest
from tests.credentials.scenes import (
    awarded,
    catalog,
    day,
    given,
    hear,
    held,
    note,
    passed,
    program,
    result,
)

from milepost.contracts.achievements import AllOf, AnyOf, HoursLearned, ProgramCompleted
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.achievements.define import define
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.achievements.program_progress import progress_towards
from milepost.credentials.domain.refusals import CircularCriteria


def of(code: str) -> ProgramCompleted:
    return ProgramCompleted(program=code)


def stack(programs, **criteria):
    return catalog_of(catalog(**criteria).achievements.values(), "", programs)


DEEP = stack(
    {
        "low": program("a", "b", code="low"),
        "high": program("c", "d", rule="n_of", n=2, code="high"),
    },
    a=passed("AAA"),
    b=passed("BBB"),
    c=of("low"),
    d=AnyOf(criteria=(passed("CCC"), HoursLearned(hours=40))),
    top=of("high"),
)


def test_what_completes_a_program_awards_to_any_depth_in_any_order():
    facts = [result(course, position=n, on=n) for n, course in enumerate(("AAA", "BBB", "CCC"), 1)]
    assert awarded(hear(DEEP, *facts)) == ["a", "b", "c", "d", "top"]
    assert set(awarded(hear(DEEP, *reversed(facts)))) == {"a", "b", "c", "d", "top"}


@pytest.mark.parametrize(
    ("name", "criteria", "path"),
    [
        ("a", of("low"), ("a", "program/low", "a")),
        ("b", of("high"), ("b", "program/high", "c", "program/low", "b")),
        ("d", held("top"), ("d", "top", "program/high", "d")),
    ],
)
def test_a_circle_through_programs_is_refused_with_its_path(name, criteria, path):
    with pytest.raises(CircularCriteria) as refused:
        define(None, name, Definition(name="X", criteria=criteria), DEEP, day(0))
    assert refused.value.path == path


def test_a_program_that_is_not_defined_yet_may_be_named():
    assert define(None, "x", Definition(name="X", criteria=of("later")), DEEP, day(0))


def test_progress_counts_what_is_under_way_beneath():
    record = note(DEEP, result("AAA", position=1, on=1, hours=10.0))
    high, low = progress_towards(("high",), record, DEEP, day(5))
    assert (high.program, high.held, high.needed, high.because) == ("high", 0, 2, "too_few_parts")
    assert (low.program, low.held, low.share) == ("low", 1, 0.5)
    part = {one.achievement: one for one in high.parts}
    assert (part["c"].share, part["c"].programs) == (0.5, ("low",))
    assert part["d"].share == 0.25
    assert high.share == 0.375
    done = note(DEEP, *(result(one, position=n) for n, one in enumerate(("AAA", "BBB", "CCC"), 1)))
    assert [one.completed for one in progress_towards(("high",), done, DEEP, day(5))] == [True] * 2


def test_a_part_that_nobody_has_defined_is_named_and_not_held():
    known = stack({"p": program("ghost", "a", code="p")}, a=passed("AAA"))
    [found] = progress_towards(("p", "unknown"), given(), known, day(0))
    assert [(one.achievement, one.name, one.share) for one in found.parts] == [
        ("ghost", None, 0.0),
        ("a", "A", 0.0),
    ]


def test_depth_and_shared_parts_cost_no_more_than_there_are():
    levels = 600
    criteria = {
        f"{side}{n}": AllOf(criteria=(of(f"p{n - 1}"), passed("AAA"))) if n else passed("AAA")
        for n in range(levels)
        for side in "xy"
    }
    programs = {f"p{n}": program(f"x{n}", f"y{n}", code=f"p{n}") for n in range(levels)}
    known = stack(programs, **criteria)
    found = progress_towards((f"p{levels - 1}",), given(), known, day(0))
    assert len(found) == levels
    names = awarded(hear(known, result("AAA")))
    assert (len(names), set(names)) == (len(criteria), set(criteria))


def test_a_circle_that_a_race_has_made_ends_and_awards_nothing():
    known = stack({"p": program("a", code="p"), "q": program("b", code="q")}, a=of("q"), b=of("p"))
    assert awarded(hear(known, result("AAA"))) == []
    [p, q] = progress_towards(("p",), given(), known, day(0))
    assert (p.share, q.share) == (0.0, 0.0)
