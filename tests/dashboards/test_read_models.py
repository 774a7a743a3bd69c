"""What each read model says of a history, and that it says the same however it was read."""

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dashboards.history import (
    DAY,
    Life,
    histories,
    offered,
    project,
    record,
    rows,
)
from tests.tenants import new_tenant

from milepost.contracts import streams
from milepost.contracts.enrollments import EnrollmentWithdrawn, LearnerEnrolled, LearnerWaitlisted
from milepost.contracts.offerings import INSTRUCTORS
from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    LessonProgressed,
)
from milepost.dashboards.projections.funnel.lesson_work import GRADE_UNITS
from milepost.dashboards.queries.lists.credentials import CredentialsQuery, read_credentials
from milepost.dashboards.queries.offering import read_offering
from milepost.events.projections.catch_up import Pace
from milepost.events.projections.rebuild import rebuild
from milepost.operations.rooms import read_models

CUTS = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=12, deadline=None)  # each rebuilds the schools of all before it
@given(histories(), CUTS)
async def test_rebuilt_equals_live_for_any_batches_and_restarts(pool, entries, cuts):
    tenant = new_tenant()
    await record(pool, tenant, entries)
    await project(pool, cuts)
    live = await rows(pool, tenant)
    await rebuild(pool, read_models(), only_tenant=tenant, pace=Pace(cuts[0][0]))
    assert await rows(pool, tenant) == live
    await rebuild(pool, read_models())
    assert await rows(pool, tenant) == live


@settings(max_examples=25, deadline=None)
@given(histories())
async def test_an_offerings_counts_are_those_of_its_enrollments(pool, entries):
    tenant = new_tenant()
    await record(pool, tenant, entries)
    await project(pool)
    for row in (await rows(pool, tenant))["offering_summary"]:
        counted = _counted(entries, row["offering"])
        assert {name: row[name] for name in counted} == counted
        assert row["waiting"] >= 0


@settings(max_examples=10, deadline=None)
@given(histories())
async def test_who_teaches_what_is_the_fold_of_the_offering(pool, entries):
    tenant = new_tenant()
    await record(pool, tenant, entries)
    await project(pool)
    found = (await rows(pool, tenant))["offering_instructor"]
    teaching = {(one["offering"], one["instructor"]) for one in found if one["assigned_at"]}
    expected = set()
    for offering in ("red", "blue"):
        state = INSTRUCTORS.initial()
        for stream, event in entries:
            if stream == streams.instructors(offering):
                state = INSTRUCTORS.evolve(state, event)
        expected |= {(offering, subject) for subject in state.subjects}
    assert teaching == expected


def _counted(entries, offering):
    """Straight from the events, without streams, tables or batches."""
    facts = [event for _, event in entries]
    offering_of = {
        event.enrollment: event.offering
        for event in facts
        if isinstance(event, LearnerEnrolled | LearnerWaitlisted)
    }
    of = {
        kind: [_enrollment(stream, event) for stream, event in entries if isinstance(event, kind)]
        for kind in (LearnerEnrolled, LearnerWaitlisted, EnrollmentWithdrawn)
    }
    here = {one for one, other in offering_of.items() if other == offering}
    done = Counter(
        type(event).__name__ for stream, event in entries if _enrollment(stream, event) in here
    )
    enrolled = set(of[LearnerEnrolled]) & here
    completed: dict[str, float | None] = {}
    for event in facts:
        match event:
            case CourseCompleted():
                completed[event.enrollment] = event.grade
            case CourseGradeChanged() if event.enrollment in completed:
                completed[event.enrollment] = event.grade
            case CourseCompletionRevoked():
                completed.pop(event.enrollment, None)
    grades = [completed[one] for one in completed.keys() & here]
    known = [grade for grade in grades if grade is not None]
    return {
        "enrolled": len(enrolled),
        "waitlisted": len(set(of[LearnerWaitlisted]) & here),
        "ever_withdrawn": len(set(of[EnrollmentWithdrawn]) & enrolled),
        "completed": len(grades),
        "graded": len(known),
        "grade_units": round(sum(known) * GRADE_UNITS),
        "attempts": done[AttemptScored.__name__],
        "visits": done[LessonProgressed.__name__],
    }


def _enrollment(stream, event):
    return getattr(event, "enrollment", None) or stream.partition("-")[2]


async def test_a_learners_overview_follows_the_enrollment(pool, tenant):
    life = Life("red", "ann")
    steps = [life.waits(), life.enrolls("verified"), life.visits("x", 3), life.attempts("y")]
    entries = [entry for step in (*steps, life.completes(0.75), life.earns()) for entry in step]
    await record(pool, tenant, [offered("red"), *entries])
    await project(pool)
    [row] = (await rows(pool, tenant))["learner_overview"]
    known = {
        "tenant": tenant,
        "enrollment": "red.ann",
        "learner": "ann",
        "offering": "red",
        "course": "ART",
        "course_version": 1,
        "mode": "verified",
        "state": "completed",
        "lessons_started": 2,
        "lessons_completed": 0,
        "attempts": 1,
        "visits": 1,
        "clicks": 3,
        "grade": 0.75,
        "withdrawn_at": None,
        "waitlisted_at": DAY + timedelta(minutes=1),
        "enrolled_at": DAY + timedelta(minutes=2),
        "last_activity": DAY + timedelta(minutes=8),
    }
    assert {name: row[name] for name in known} == known


async def test_an_offerings_funnel_counts_each_enrollment_once_a_stage(pool, tenant):
    ann, ben, cleo = (Life("red", name) for name in ("ann", "ben", "cleo"))
    steps = [
        ann.enrolls("verified"),
        ben.waits(),
        cleo.waits(),
        ann.visits("x", 2),
        ann.visits("x", 5),
        ann.withdraws(),
        ben.enrolls(),
        ben.visits("x"),
        ben.completes(0.5),
        ben.earns(),
        cleo.withdraws(),
        ben.loses(),
    ]
    await record(pool, tenant, [offered("red", seats=1), *(one for step in steps for one in step)])
    await project(pool)
    [row] = (await rows(pool, tenant))["offering_summary"]
    known = {
        "offering": "red",
        "waitlisted": 2,
        "waiting": 0,
        "enrolled": 2,
        "verified": 0,  # ann was, and is gone
        "current": 1,
        "started": 2,
        "completed": 1,
        "withdrawn": 1,
        "credentials": 1,
        "visits": 3,
        "clicks": 8,
        "grade_units": 500_000_000,
    }
    assert {name: row[name] for name in known} == known


async def test_a_grade_that_changes_and_a_completion_taken_back_are_followed(pool, tenant):
    ann, ben, cleo = (Life("red", name) for name in ("ann", "ben", "cleo"))
    steps = [
        *(one.enrolls() for one in (ann, ben, cleo)),
        ann.completes(0.65),
        ann.regrades(0.95),
        ben.completes(0.5),
        ben.uncompletes(),
        cleo.completes(None),
    ]
    await record(pool, tenant, [offered("red"), *(one for step in steps for one in step)])
    await project(pool)
    found = await rows(pool, tenant)
    known = {"completed": 2, "graded": 1, "grade_units": 950_000_000}
    [row] = found["offering_summary"]
    assert {name: row[name] for name in known} == known
    assert (await read_offering(pool, tenant, "red")).offering.mean_grade_of_completed == 0.95
    overview = [
        (row["learner"], row["state"], row["grade"], row["completed_at"] is not None)
        for row in found["learner_overview"]
    ]
    assert overview == [
        ("ann", "completed", 0.95, True),
        ("ben", "active", None, False),
        ("cleo", "completed", None, True),
    ]


async def test_the_register_lists_what_waits_for_a_decision(pool, tenant):
    ann, ben, cleo = (Life("red", name) for name in ("ann", "ben", "cleo"))
    steps = [life.enrolls() + life.earns() + life.doubts() for life in (ann, ben, cleo)]
    steps += [ben.stands(), cleo.loses()]
    await record(pool, tenant, [offered("red"), *(one for step in steps for one in step)])
    await project(pool)
    flagged = (await read_credentials(pool, tenant, CredentialsQuery(flagged=True))).rows
    assert [(one.learner, one.flag_reason) for one in flagged] == [("ann", "grade_fell")]
    rest = (await read_credentials(pool, tenant, CredentialsQuery(flagged=False))).rows
    assert {one.learner: one.status for one in rest} == {"ben": "active", "cleo": "revoked"}


async def test_the_register_keeps_what_was_revoked(pool, tenant):
    ann, ben = Life("red", "ann"), Life("red", "ben")
    steps = [ann.enrolls(), ben.enrolls(), ann.earns(), ben.earns(), ann.loses()]
    await record(pool, tenant, [offered("red"), *(one for step in steps for one in step)])
    await project(pool)
    first, second = (await rows(pool, tenant))["credential_registry"]
    assert (first["learner"], first["reason"], first["position"]) == ("ann", "misconduct", 6)
    assert first["revoked_at"] == DAY + timedelta(minutes=7)
    assert (second["learner"], second["revoked_at"], second["offering"]) == ("ben", None, "red")
