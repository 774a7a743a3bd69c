from collections import Counter
from datetime import UTC, datetime, timedelta

from milepost.operations.simulation.plan import Enroll, School, Study, Withdraw, plan_school
from milepost.progress.domain.reports import Scored

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SCHOOL = plan_school(300, 7, NOW)


def studies(school: School) -> list[Study]:
    return [one.deed for one in school.actions if isinstance(one.deed, Study)]


def test_the_same_seed_plans_the_same_school() -> None:
    assert plan_school(300, 7, NOW) == SCHOOL


def test_another_seed_plans_another() -> None:
    assert plan_school(300, 8, NOW).actions != SCHOOL.actions


def test_nothing_happens_in_the_future() -> None:
    assert all(one.occurred_at <= one.arrives_at < NOW for one in SCHOOL.actions)


def test_actions_stand_in_order_of_arrival() -> None:
    arrivals = [one.arrives_at for one in SCHOOL.actions]
    assert arrivals == sorted(arrivals)


def test_everybody_enrolls_before_anything_else() -> None:
    enrolled = set()
    for one in SCHOOL.actions:
        if isinstance(one.deed, Enroll):
            enrolled.add((one.learner, one.offering))
        assert (one.learner, one.offering) in enrolled


def test_a_report_id_is_used_once_in_an_enrollment() -> None:
    used = Counter(
        (one.learner, report.id)
        for one in SCHOOL.actions
        if isinstance(one.deed, Study)
        for report in one.deed.reports
    )
    assert set(used.values()) == {1}


def test_some_come_late_some_leave_some_send_twice_and_some_are_offline() -> None:
    starts = {run.offering: run.starts for run in SCHOOL.runs}
    enrolls = [one for one in SCHOOL.actions if isinstance(one.deed, Enroll)]
    late = sum(one.occurred_at > starts[one.offering] for one in enrolls)
    assert 0.05 < late / len(enrolls) < 0.25
    assert any(isinstance(one.deed, Withdraw) for one in SCHOOL.actions)
    assert any(one.sends == 2 for one in SCHOOL.actions)
    assert any(one.arrives_at > one.occurred_at + timedelta(hours=6) for one in SCHOOL.actions)


def test_more_want_the_capped_offering_than_it_has_seats() -> None:
    wanted = Counter(one.offering for one in SCHOOL.actions if isinstance(one.deed, Enroll))
    capped = [run for run in SCHOOL.runs if run.seats is not None]
    assert capped
    assert all(wanted[run.offering] > (run.seats or 0) for run in capped)


def test_some_try_again() -> None:
    attempts = [[type(report) for report in one.reports] for one in studies(SCHOOL)]
    assert [Scored, Scored] in attempts


def test_staff_grade_assignments_and_exams_only() -> None:
    for one in studies(SCHOOL):
        lesson = one.reports[0].lesson
        assert one.graded_by_staff == (lesson in {"assignment", "exam"})
