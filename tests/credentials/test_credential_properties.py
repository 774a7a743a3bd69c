"""What must hold for every catalog, every history and every order of arrival."""

from functools import cache
from random import Random
from typing import Any, TypeAlias

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.credentials.scenes import (
    LEARNER,
    catalog,
    day,
    explained,
    held,
    note,
    passed,
    program,
    result,
    revoked,
    scored,
)

from milepost.contracts.achievements import (
    AllOf,
    AnyOf,
    CoursePassed,
    Criterion,
    HoursLearned,
    LessonScored,
    NOf,
    ProgramCompleted,
    SkillShown,
)
from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAwarded,
    LessonResultNoted,
    RecordEvent,
)
from milepost.credentials.domain.achievements.catalog import Catalog, catalog_of
from milepost.credentials.domain.records.awards import (
    RECORD,
    award_by_hand,
    award_if_earned,
    note_and_award,
)
from milepost.credentials.domain.records.flags import lift_flag
from milepost.credentials.domain.records.life import revoke
from milepost.credentials.domain.records.record import Fact
from milepost.credentials.domain.refusals import AlreadyHeld, NotFlagged, NotHeld

COURSES = ("AAA", "BBB", "CCC")
SKILLS = ("sql", "git")
SCORES = (0.2, 0.5, 0.9)
GRADES = st.sampled_from((None, 0.2, 0.5, 0.9, 1.0))
NAMES = tuple(f"a{n}" for n in range(6))

PARTS = NAMES[:3]
days = st.integers(0, 9).map(day)

# A busy machine is not a failure.
many = settings(max_examples=60, deadline=None)


@cache  # a strategy costs more to make than to draw from
def trees(achievements: tuple[str, ...]) -> st.SearchStrategy[Criterion]:
    """Trees that may name these achievements: a catalog built in this order has no circle."""
    least, course = st.sampled_from((0.0, 0.5, 0.9)), st.sampled_from(COURSES)
    modes, moments = st.sampled_from((None, "audit", "verified")), st.none() | days
    leaf: st.SearchStrategy[Criterion] = st.one_of(
        st.builds(passed, course, least),
        st.builds(
            CoursePassed,
            course=course,
            min_grade=least,
            mode=modes,
            not_before=moments,
            not_after=moments,
        ),
        st.builds(LessonScored, course=course, lesson=st.just("exam"), min_score=least),
        st.builds(SkillShown, skill=st.sampled_from(SKILLS), min_grade=least),
        st.builds(
            HoursLearned,
            hours=st.sampled_from((5.0, 20.0, 40.0)),
            courses=st.sampled_from(((), ("AAA",), ("AAA", "BBB"))),
            not_before=moments,
        ),
    )
    if achievements:
        leaf |= st.sampled_from(achievements).map(held)
    if len(achievements) >= len(PARTS):
        leaf |= st.just(ProgramCompleted(program="program"))
    return st.recursive(leaf, groups, max_leaves=5)


def groups(parts: st.SearchStrategy[Criterion]) -> st.SearchStrategy[Criterion]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return (
        several.map(lambda criteria: AllOf(criteria=criteria))
        | several.map(lambda criteria: AnyOf(criteria=criteria))
        | several.flatmap(
            lambda criteria: st.integers(1, len(criteria)).map(
                lambda n: NOf(n=n, criteria=criteria)
            )
        )
    )


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    known = catalog(**{name: draw(trees(NAMES[:n])) for n, name in enumerate(NAMES)})
    rule: dict[str, Any] = draw(st.sampled_from(({}, {"rule": "any"}, {"rule": "n_of", "n": 2})))
    programs = {"program": program(*PARTS, **rule)}
    return catalog_of(known.achievements.values(), "", programs)


def run_facts(number: int) -> dict[str, Any]:
    """What is told of an enrollment, and always the same."""
    return {
        "mode": ("audit", "verified")[number % 2],
        "hours": (None, 5.0, 15.0, 20.0)[number % 4],
        "skills": ((), ("sql",), SKILLS)[number % 3],
    }


@st.composite
def completions(draw: st.DrawFn) -> list[CourseResultNoted]:
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from(COURSES), st.sampled_from((0.2, 0.5, 0.9, 1.0)), st.integers(0, 9)
            ),
            max_size=8,
        )
    )
    return [
        result(course, grade, n, on, **run_facts(n))
        for n, (course, grade, on) in enumerate(drawn, 1)
    ]


lesson_scores = st.lists(
    st.tuples(st.sampled_from(COURSES), st.sampled_from(SCORES), st.integers(0, 9)), max_size=4
)


@many
@given(catalogs(), completions(), lesson_scores, st.randoms(use_true_random=False))
def test_any_order_of_results_gives_the_same_achievements(known, results, lessons, random):
    tried = [
        scored("exam", score, 100 + n, on, course=course, run=f"x{n}")
        for n, (course, score, on) in enumerate(lessons)
    ]
    facts = [*results, *tried]
    one, other = note(known, *facts), note(known, *random.sample(facts, len(facts)))
    assert one.active.keys() == other.active.keys()
    assert (one.results, one.lessons) == (other.results, other.lessons)


@st.composite
def courses_of_results(draw: st.DrawFn) -> list[list[Fact]]:
    """By enrollment: completed, then changed and perhaps revoked, in the order of the log."""
    runs: list[list[Fact]] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        course = draw(st.sampled_from(COURSES))
        moves = draw(
            st.lists(
                st.sampled_from((None, 0.2, 0.5, 0.9, "fell", "revoked", "failed", "scored")),
                max_size=4,
            )
        )
        told = run_facts(number)
        run: list[Fact] = [result(course, draw(GRADES), number, number, run=str(number), **told)]
        for place, move in enumerate(moves, 1):
            at = {"run": str(number), "position": number + 10 * place, "on": number + place}
            run.append(_moved(course, move, at))
        runs.append(run)
    return runs


def _moved(course: str, move: float | str | None, at: Any) -> Fact:
    if move == "revoked":
        return msgspec.structs.replace(
            revoked(**at), course=course, enrollment=f"{course}-2026-{at['run']}"
        )
    if move in {"failed", "scored"}:
        return scored("exam", 0.1 if move == "failed" else 0.95, course=course, **at)
    told = run_facts(int(at["run"]))
    if isinstance(move, str):
        return result(course, 0.1, passing=False, **told, **at)
    return result(course, move, **told, **at)


def interleaved(runs: list[list[Fact]], random: Random) -> list[Fact]:
    """Each enrollment's in its order, those of several in any."""
    waiting = [list(run) for run in runs]
    order = [number for number, run in enumerate(runs) for _ in run]
    random.shuffle(order)
    return [waiting[number].pop(0) for number in order]


@many
@given(catalogs(), courses_of_results(), st.randoms(use_true_random=False))
def test_however_enrollments_interleave_what_holds_is_held_and_not_in_doubt(known, runs, random):
    facts = interleaved(runs, random)
    record = note(known, *facts)
    sound = {name: held for name, held in record.active.items() if not held.flag}
    certain = msgspec.structs.replace(record, active=sound)
    for name, achievement in known.achievements.items():
        criteria = achievement.definition.criteria
        assert explained(criteria, certain, known).holds == (name in sound)
    assert record.results == note(known, *(fact for run in runs for fact in run)).results


@many
@given(catalogs(), courses_of_results(), st.randoms(use_true_random=False))
def test_facts_heard_again_or_too_late_change_nothing(known, runs, random):
    facts = interleaved(runs, random)
    once, twice = note(known, *facts), note(known, *facts, *random.sample(facts, len(facts)))
    assert once == twice


@many
@given(catalogs(), completions())
def test_evaluating_afterwards_finds_nothing_left_to_award(known, results):
    record = note(known, *results)
    for name in known.achievements:
        assert award_if_earned(record, known, LEARNER, name, day(99)) == []


Action: TypeAlias = Fact | tuple[str, str]


class School:
    """One learner's record, with every decision applied as it would be in the log."""

    def __init__(self, known: Catalog) -> None:
        self.known = known
        self.record = RECORD.initial()
        self.history: list[RecordEvent] = []

    def act(self, action: Action) -> None:
        before = self.record.copy()
        try:
            events = self.decide(action)
        except (AlreadyHeld, NotFlagged, NotHeld):
            events = []
        assert self.record == before, "a decision changed the record that it read"
        for event in events:
            if isinstance(event, CredentialAwarded):
                assert event.achievement not in self.record.active, "held twice"
                assert event.credential not in self.record.credentials, "one id, two credentials"
            self.record = RECORD.evolve(self.record, event)
            self.history.append(event)

    def decide(self, action: Action) -> list[RecordEvent]:
        match action:
            case CourseResultNoted() | CourseResultWithdrawn() | LessonResultNoted():
                return note_and_award(self.record, self.known, (action,))
            case ("let_stand", name):
                active = self.record.active.get(name)
                held = active.credential if active else "none"
                return lift_flag(self.record, self.known, LEARNER, held, reason="r", at=day(20))
            case ("evaluate", name):
                return award_if_earned(self.record, self.known, LEARNER, name, day(20))
            case ("award", name):
                return award_by_hand(
                    self.record, self.known, LEARNER, name, reason="r", awarded_by="p", at=day(20)
                )
            case (_, name):
                active = self.record.active.get(name)
                credential = active.credential if active else "none"
                return revoke(self.record, LEARNER, credential, "r", day(20))


actions = st.tuples(
    st.sampled_from(("evaluate", "award", "revoke", "let_stand")), st.sampled_from(NAMES)
)


@st.composite
def histories(draw: st.DrawFn) -> School:
    school = School(draw(catalogs()))
    facts = [fact for run in draw(courses_of_results()) for fact in run]
    plan: list[Action] = [*facts, *draw(st.lists(actions, max_size=12))]
    for action in draw(st.permutations(plan)):
        school.act(action)
    return school


@many
@given(histories())
def test_whatever_is_done_nothing_is_held_twice_and_replay_equals_live(school):
    replayed = RECORD.initial()
    for event in school.history:
        tag, data = RECORD.codec.encode(event)
        replayed = RECORD.evolve(replayed, RECORD.codec.decode(tag, data, event.occurred_at))
    assert replayed == school.record
