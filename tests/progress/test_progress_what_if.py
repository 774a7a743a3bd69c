"""What if: equal to a plain computation, equal to what applying does, and within bounds."""

from fractions import Fraction
from functools import partial
from random import Random
from uuid import uuid4

import msgspec
import pytest
from tests.loop_lag import loop_free
from tests.progress.given import OPENED, after, minute

from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementHeld,
    AllOf,
    AnyOf,
    Approved,
    CoursePassed,
    Criterion,
    HoursLearned,
    NOf,
    ProgramCompleted,
)
from milepost.contracts.courses import CoursePublished, Lesson, PassingRule
from milepost.contracts.programs import ProgramDefined
from milepost.contracts.progress import ProgressClosed
from milepost.contracts.records import CourseResultNoted, CredentialAwarded
from milepost.contracts.rules.criteria import earned, holds, leaves
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.credentials.domain.achievements.catalog import Program, catalog_of
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.records.awards import RECORD
from milepost.events.codec import Codec
from milepost.events.log import Command, NewEvent
from milepost.events.store.memory import MemoryLog
from milepost.progress.domain.decisions import open_progress, report
from milepost.progress.domain.plan_changes.migration import apply_rule_change, migrate
from milepost.progress.domain.plan_changes.what_if import LessonChanges, RuleChanges, changed
from milepost.progress.domain.reports import Scored, UnknownLesson, UnknownPlan
from milepost.progress.domain.state import PROGRESS
from milepost.progress.queries.what_if import Affected, Question, what_if

NORTH = "north"
WEIGHTS = {"q1": 1.0, "q2": 2.0, "q3": 3.0}
COURSE = CoursePublished(
    course="rust",
    version=1,
    title="Rust",
    lessons=tuple(
        Lesson(id=name, title=name, kind="quiz", required=False, weight=weight)
        for name, weight in WEIGHTS.items()
    ),
    passing_rule=PassingRule(passing_grade=0.4),
    occurred_at=OPENED,
)
CODEC = PROGRESS.codec
AT = minute(9_000)


async def append(log, stream, *events, codec=CODEC):
    new = []
    for event in events:
        tag, data = codec.encode(event)
        new.append(
            NewEvent(
                stream=stream, type=tag, data=data, occurred_at=event.occurred_at, event_id=uuid4()
            )
        )
    version = len(await log.read_stream(NORTH, stream))
    command = Command(command_id=uuid4(), expects=((stream, version),), events=tuple(new))
    await log.append(NORTH, [command])


def enrolled(learner, offering="spring", course="rust", version=1):
    opening = open_progress(
        PROGRESS.initial(),
        enrollment=f"e-{learner}",
        learner=learner,
        offering=offering,
        course=course,
        version=version,
        at=OPENED,
    )
    return after(PROGRESS.initial(), opening), opening


def scored(lesson, score, number):
    return Scored(id=f"r{number}", lesson=lesson, score=score, occurred_at=minute(number))


@pytest.fixture
async def school():
    """Sixty learners who have scored at random, in two offerings; and what they have scored."""
    log, dice, done = MemoryLog(), Random(7), {}
    await append(log, "course-rust", COURSE, codec=Codec(CoursePublished))
    plan = pinned(COURSE)
    for number in range(60):
        learner = f"l{number}"
        state, events = enrolled(learner, "spring" if number % 3 else "autumn")
        tries = [
            (name, dice.randrange(101) / 100) for name in WEIGHTS for _ in range(dice.randrange(3))
        ]
        reports = [scored(name, score, n) for n, (name, score) in enumerate(tries)]
        events += report(state, plan, reports).events if reports else []
        await append(log, f"progress-e-{learner}", *events)
        done[learner] = tries
    return log, done


def plainly(tries, weights, passing, best=max):
    """(completed, grade), with nothing of Milepost."""
    scores = {
        name: [Fraction(str(score)) for one, score in tries if one == name] for name in weights
    }
    points = sum(
        Fraction(str(weight)) * best(scores[name])
        for name, weight in weights.items()
        if scores[name]
    )
    grade = Fraction(points) / sum(Fraction(str(weight)) for weight in weights.values())
    return bool(tries) and grade >= Fraction(str(passing)), round(float(grade), 9)


CHANGES = [
    (RuleChanges(passing_grade=0.5), {}, 0.5, max),
    (RuleChanges(passing_grade=0.2), {}, 0.2, max),
    (RuleChanges(lessons={"q3": LessonChanges(weight=0.5)}), {"q3": 0.5}, 0.4, max),
    (
        RuleChanges(lessons={name: LessonChanges(counts="first") for name in WEIGHTS}),
        {},
        0.4,
        lambda scores: scores[0],
    ),
]


@pytest.mark.parametrize(("changes", "weights", "passing", "best"), CHANGES)
async def test_it_equals_a_plain_computation(school, changes, weights, passing, best):
    log, done = school
    told = await what_if(log, NORTH, Question(course="rust", changes=changes), at=AT)
    expected = {}
    for learner, tries in done.items():
        before = plainly(tries, WEIGHTS, 0.4)
        now = plainly(tries, WEIGHTS | weights, passing, best)
        if before != now:
            expected[learner] = (*before, *now)
    assert told.judged == 60
    assert expected
    assert {
        one.learner: (
            one.completed_before,
            one.grade_before,
            one.completed_after,
            one.grade_after,
        )
        for one in told.affected
    } == expected
    counts = told.gain_completion, told.lose_completion, told.change_grade
    assert sum(counts) == len(expected)
    assert counts[0] == sum(not one[0] and one[2] for one in expected.values())


@pytest.mark.parametrize("changes", [one[0] for one in CHANGES])
async def test_applying_it_does_what_was_foreseen(school, changes):
    log, _ = school
    told = await what_if(log, NORTH, Question(course="rust", changes=changes), at=AT)
    foreseen = {one.learner: (one.completed_after, one.grade_after) for one in told.affected}
    second = changed(COURSE, changes, version=2)
    for number in range(60):
        stream = f"progress-e-l{number}"
        state = PROGRESS.fold(await log.read_stream(NORTH, stream))
        await append(log, stream, *apply_rule_change(state, pinned(second), at=AT, reason="wrong"))
    await append(log, "course-rust", second, codec=Codec(CoursePublished))
    back = await what_if(log, NORTH, Question(course="rust", to_version=1), at=AT)
    undone = {one.learner: (one.completed_before, one.grade_before) for one in back.affected}
    assert undone == foreseen


async def test_an_offering_a_version_and_pages_narrow_it(school):
    log, _ = school
    changes = RuleChanges(passing_grade=1.0, lessons={"q1": LessonChanges(weight=9.0)})
    whole = await what_if(log, NORTH, Question(course="rust", changes=changes), at=AT)
    spring = Question(course="rust", changes=changes, offering="spring")
    assert (await what_if(log, NORTH, spring, at=AT)).judged == 40
    found: list[Affected] = []
    cursor, answers = None, 0
    while True:
        ask = Question(course="rust", changes=changes, limit=25, cursor=cursor)
        told = await what_if(log, NORTH, ask, at=AT)
        found, answers = [*found, *told.affected], answers + 1
        if told.next is None:
            break
        cursor = told.next
        # What happens meanwhile is not mixed in.
        _, opening = enrolled(f"late-{answers}")
        await append(log, f"progress-e-late-{answers}", *opening)
    assert answers == 3
    assert found == whole.affected
    await append(
        log, "course-rust", msgspec.structs.replace(COURSE, version=2), codec=Codec(CoursePublished)
    )
    none = Question(course="rust", changes=changes, version=2)
    assert (await what_if(log, NORTH, none, at=AT)).judged == 0
    for wrong in (Question(course="go"), Question(course="rust", to_version=7)):
        with pytest.raises(UnknownPlan):
            await what_if(log, NORTH, wrong, at=AT)
    unknown = Question(
        course="rust", changes=RuleChanges(lessons={"q9": LessonChanges(weight=1.0)})
    )
    with pytest.raises(UnknownLesson):
        await what_if(log, NORTH, unknown, at=AT)


async def test_who_was_transferred_counts_where_they_went_on(school):
    log, _ = school
    closed = ProgressClosed(enrollment="e-l0", reason="moved", continues_as="x", occurred_at=AT)
    await append(log, "progress-e-l0", closed)
    assert (await what_if(log, NORTH, Question(course="rust"), at=AT)).judged == 59


async def test_who_has_the_version_already_is_as_applying_it_leaves_them(school):
    log, _ = school
    strict = changed(COURSE, RuleChanges(passing_grade=1.0), version=2)
    await append(log, "course-rust", strict, codec=Codec(CoursePublished))
    question = Question(course="rust", to_version=2)
    lose = (await what_if(log, NORTH, question, at=AT)).lose_completion
    for number in range(60):
        stream = f"progress-e-l{number}"
        state = PROGRESS.fold(await log.read_stream(NORTH, stream))
        moved = migrate(state, pinned(COURSE), pinned(strict), at=AT, reason="newer")
        await append(log, stream, *moved)
    told = await what_if(log, NORTH, question, at=AT)
    assert (lose > 0, told.judged, told.affected) == (True, 60, [])


async def test_who_has_a_version_that_is_nowhere_hinders_nobody(school):
    log, _ = school
    _, opening = enrolled("odd", version=9)
    await append(log, "progress-e-odd", *opening)
    changes = RuleChanges(passing_grade=0.5)
    assert (await what_if(log, NORTH, Question(course="rust", changes=changes), at=AT)).judged == 60


async def test_long_histories_do_not_hold_the_loop():
    log = MemoryLog()
    await append(log, "course-rust", COURSE, codec=Codec(CoursePublished))
    state, events = enrolled("ann")
    events += report(state, pinned(COURSE), [scored("q1", 0.5, n) for n in range(1_000)]).events
    for number in range(50):
        own = [msgspec.structs.replace(one, enrollment=f"e-{number}") for one in events]
        await append(log, f"progress-e-{number}", *own)
    question = Question(course="rust", changes=RuleChanges(passing_grade=0.1))
    async with loop_free():
        assert (await what_if(log, NORTH, question, at=AT)).judged == 50


BADGE = AchievementDefined(
    achievement="badge",
    version=1,
    name="Badge",
    criteria=CoursePassed(course="rust"),
    occurred_at=OPENED,
)
DISTINCTION = msgspec.structs.replace(
    BADGE, achievement="distinction", criteria=CoursePassed(course="rust", min_grade=0.9)
)
PROGRAM = msgspec.structs.replace(
    BADGE,
    achievement="program",
    criteria=AllOf(
        criteria=(AchievementHeld(achievement="badge"), CoursePassed(course="go", min_grade=0.5))
    ),
)


PAIR = ProgramDefined(
    program="p", version=1, title="P", achievements=("x", "y"), occurred_at=OPENED
)


async def test_credentials_follow_to_any_depth():
    log, plan = MemoryLog(), pinned(COURSE)
    await append(log, "course-rust", COURSE, codec=Codec(CoursePublished))
    for one in (BADGE, DISTINCTION, PROGRAM):
        await append(log, f"achievement-{one.achievement}", one, codec=Codec(AchievementDefined))
    for learner, scores in {"ada": (0.4, 0.4, 0.5), "ben": (0.3, 0.3, 0.4)}.items():
        state, events = enrolled(learner)
        reports = [scored(f"q{n}", score, n) for n, score in enumerate(scores, 1)]
        events = [*events, *report(state, plan, reports).events]
        await append(log, f"progress-e-{learner}", *events)
        noted = CourseResultNoted(
            learner=learner,
            course="go",
            version=1,
            offering="o",
            enrollment=f"go-{learner}",
            grade=0.7,
            position=1,
            occurred_at=minute(3),
        )
        await append(log, f"record-{learner}", noted, codec=RECORD.codec)
    for name in ("badge", "program", "distinction"):
        award = CredentialAwarded(
            credential=f"c-{name}",
            learner="ada",
            achievement=name,
            achievement_version=1,
            evidence=(),
            valid_from=minute(5),
            occurred_at=minute(5),
        )
        await append(log, "record-ada", award, codec=RECORD.codec)
    stricter = Question(course="rust", changes=RuleChanges(passing_grade=0.5))
    [ada] = (await what_if(log, NORTH, stricter, at=AT)).affected
    assert (ada.learner, ada.effect) == ("ada", "loses_completion")
    # The distinction was never earned by its criteria: a person gave it, and it rests on them.
    assert ada.credentials.unsupported == ("badge", "program")
    kinder = Question(course="rust", changes=RuleChanges(passing_grade=0.3))
    [ben] = (await what_if(log, NORTH, kinder, at=AT)).affected
    assert (ben.learner, ben.effect) == ("ben", "gains_completion")
    assert ben.credentials.earned == ("badge", "program")


def test_criteria_hold_here_as_they_are_explained_by_credentials():
    dice = Random(3)
    for _ in range(300):
        criterion = tree(dice, 3)
        record = RECORD.initial()
        passed = {}
        for number, course in enumerate(("a", "b")):
            if dice.random() < 0.6:
                passed[course] = dice.choice((None, 0.3, 0.8))
                RECORD.evolve(record, noted(course, passed[course], number + 1))
        held = set()
        for name in ("x", "y"):
            if dice.random() < 0.5:
                held.add(name)
                RECORD.evolve(record, awarded(name))
        known = catalog_of((), "", {"p": Program(PAIR)})
        explained = explain(criterion, record, known, minute(9), achievement="z").holds
        certain, possible = (
            holds(criterion, passed, held, programs={"p": PAIR}, unknown=unknown)
            for unknown in (False, True)
        )
        assert certain <= explained <= possible, criterion
        if not any(isinstance(leaf, Approved) for leaf in leaves(criterion)):
            assert certain == explained == possible, criterion


def test_what_is_earned_counts_for_what_asks_for_it():
    stack: dict[str, Criterion] = {
        "top": AchievementHeld(achievement="middle"),
        "middle": AchievementHeld(achievement="low"),
        "low": CoursePassed(course="a", min_grade=0.5),
        "other": CoursePassed(course="b"),
    }
    sure = partial(earned, stack, unknown=False)
    assert sure({"a": 0.5}, frozenset()) == {"low", "middle", "top"}
    assert sure({"a": None}, frozenset({"middle"})) == {"middle", "top"}


def test_the_order_in_which_parts_were_earned_is_not_told_here():
    ordered = {"p": msgspec.structs.replace(PAIR, ordered=True)}
    both, program = frozenset({"x", "y"}), ProgramCompleted(program="p")
    assert not holds(program, {}, both, programs=ordered, unknown=False)
    assert holds(program, {}, both, programs=ordered, unknown=True)
    assert not holds(program, {}, frozenset({"x"}), programs=ordered, unknown=True)


async def test_what_grades_do_not_tell_is_said_and_not_taken_for_a_no():
    log, plan = MemoryLog(), pinned(COURSE)
    await append(log, "course-rust", COURSE, codec=Codec(CoursePublished))
    passed = CoursePassed(course="rust")
    asked: dict[str, Criterion] = {
        "approved": AllOf(criteria=(passed, Approved())),
        "stack": AllOf(criteria=(AchievementHeld(achievement="approved"), passed)),
        "verified": CoursePassed(course="rust", mode="verified"),
        "week": HoursLearned(hours=40, courses=("go",)),
    }
    for name, criteria in asked.items():
        defined = msgspec.structs.replace(BADGE, achievement=name, criteria=criteria)
        await append(log, f"achievement-{name}", defined, codec=Codec(AchievementDefined))
    state, events = enrolled("ben")
    reports = [scored(f"q{n}", score, n) for n, score in ((1, 0.3), (2, 0.3), (3, 0.4))]
    await append(log, "progress-e-ben", *events, *report(state, plan, reports).events)
    kinder = Question(course="rust", changes=RuleChanges(passing_grade=0.3))
    told = await what_if(log, NORTH, kinder, at=AT)
    [ben] = told.affected
    assert (ben.credentials.earned, ben.credentials.unsupported) == ((), ())
    assert ben.credentials.undecided == ("approved", "stack", "verified")
    assert told.credentials_not_judged == ("verified",)


def tree(dice, depth):
    if depth == 0 or dice.random() < 0.4:
        return dice.choice(
            (
                CoursePassed(course=dice.choice("ab"), min_grade=dice.choice((0.0, 0.5))),
                AchievementHeld(achievement=dice.choice("xy")),
                ProgramCompleted(program=dice.choice("pq")),
                Approved(),
            )
        )
    parts = tuple(tree(dice, depth - 1) for _ in range(dice.randrange(1, 4)))
    some = NOf(n=dice.randrange(1, len(parts) + 1), criteria=parts)
    return dice.choice((AllOf(criteria=parts), AnyOf(criteria=parts), some))


def noted(course, grade, position):
    return CourseResultNoted(
        learner="ada",
        course=course,
        version=1,
        offering="o",
        enrollment=f"e-{course}",
        grade=grade,
        position=position,
        occurred_at=OPENED,
    )


def awarded(name):
    return CredentialAwarded(
        credential=name,
        learner="ada",
        achievement=name,
        achievement_version=1,
        evidence=(),
        valid_from=OPENED,
        occurred_at=OPENED,
    )
