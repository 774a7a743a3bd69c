"""What a course counts for as its grade rises, falls and is taken back: the same everywhere.

One table, asked of the criteria of credentials and of the prerequisites of enrollment.
"""

import pytest
from tests.credentials.scenes import changed, day, explained, given, hear, passed, result, revoked

from milepost.contracts.rules.prerequisites import CoursePassed
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.records.awards import RECORD
from milepost.enrollment.domain.enrollment import prerequisites

NOTHING = catalog_of(())
ASKED = (0.0, 1e-9, 0.6, 0.9)

CASES = {
    "completed": ([result(grade=0.65)], ASKED[:3]),
    "raised": ([result(grade=0.65), changed(0.95, 2)], ASKED),
    "fallen": ([result(grade=0.95), changed(0.3, 2)], ASKED[:2]),
    "fallen_to_zero": ([result(grade=0.95), changed(0.0, 2)], ASKED[:1]),
    "fallen_below_passing": ([result(grade=0.95), changed(0.3, 2, passing=False)], ()),
    "passing_again": (
        [result(grade=0.95), changed(0.3, 2, passing=False), changed(0.7, 3)],
        ASKED[:3],
    ),
    "nothing_graded": ([result(grade=None)], ASKED[:1]),
    "grade_gone": ([result(grade=0.95), changed(None, 2)], ASKED[:1]),
    "grade_come": ([result(grade=None), changed(0.95, 2)], ASKED),
    "before_there_was_none": ([result(grade=1.0)], ASKED),  # a log of before: it stays
    "revoked": ([result(grade=0.95), revoked(2)], ()),
    "revoked_in_one": (
        [result(grade=0.95), result(grade=0.7, run="b", position=2), revoked(3)],
        ASKED[:3],
    ),
    "completed_again": ([result(grade=0.95), revoked(2), result(grade=0.7, position=3)], ASKED[:3]),
    "best_of_two": ([result(grade=0.65), result(grade=0.95, run="b", position=2)], ASKED),
    "best_of_two_falls": (
        [result(grade=0.65), result(grade=0.95, run="b", position=2), changed(0.2, 3, run="b")],
        ASKED[:3],
    ),
    "none_and_a_grade": ([result(grade=None), result(grade=0.65, run="b", position=2)], ASKED[:3]),
    "two_interleave": ([result(grade=0.65, position=5), result(grade=0.95, run="b")], ASKED),
    "heard_twice": ([result(grade=0.65), changed(0.95, 2), result(grade=0.65)], ASKED),
    "heard_after_its_change": ([changed(0.3, 2), result(grade=0.95)], ASKED[:2]),
    "heard_after_it_was_revoked": ([revoked(2), result(grade=0.95)], ()),
}


@pytest.mark.parametrize(("facts", "met"), CASES.values(), ids=CASES)
def test_a_course_counts_for_the_same_in_criteria_and_in_prerequisites(facts, met):
    events = hear(NOTHING, *facts)
    record, other = RECORD.initial(), prerequisites.RECORD.initial()
    for event in events:
        record = RECORD.evolve(record, event)
        other = prerequisites.RECORD.evolve(other, event)
    achieved = other.achieved(day(9))
    asked = {least: CoursePassed(course="AAA", min_grade=least) for least in ASKED}
    assert tuple(m for m in ASKED if explained(passed("AAA", m), record).holds) == met
    missing = prerequisites.missing(asked.values(), achieved)
    assert tuple(m for m in ASKED if asked[m] not in missing) == met


def test_what_is_missing_for_want_of_a_grade_says_so():
    record = given(*hear(NOTHING, result(grade=None)))
    condition = explained(passed("AAA", 0.9), record)
    assert (condition.holds, condition.grade, condition.passing) == (False, None, True)


def test_it_holds_since_the_moment_from_which_the_grade_has_sufficed():
    """The drawing in `domain/results.py`; what was held before a fall begins anew after it."""
    facts = [
        result(grade=0.65, position=3, on=3, run="1"),
        changed(0.95, 5, on=5),
        changed(0.80, 8, on=8),
        changed(0.90, 9, on=9),
    ]
    record = given(*hear(NOTHING, *facts))
    conditions = [explained(passed("AAA", least), record) for least in (0.6, 0.8, 0.9)]
    assert [(one.position, one.since) for one in conditions] == [
        (3, day(3)),
        (5, day(5)),
        (9, day(9)),
    ]
    (history,) = record.results.values()
    assert (history.result.position, history.result.at) == (3, day(3))
