"""What must hold for every catalog, every history and every order of arrival."""

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
    result,
    revoked,
)

from milepost.contracts.achievements import AllOf, AnyOf, Criterion, NOf
from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAwarded,
    RecordEvent,
)
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.awards import (
    RECORD,
    award_by_hand,
    award_if_earned,
    note_result_and_award,
    withdraw_result,
)
from milepost.credentials.domain.records.flags import lift_flag
from milepost.credentials.domain.records.life import revoke
from milepost.credentials.domain.refusals import AlreadyHeld, NotFlagged, NotHeld

COURSES = ("AAA", "BBB", "CCC")
GRADES = st.sampled_from((None, 0.2, 0.5, 0.9, 1.0))
Fact: TypeAlias = CourseResultNoted | CourseResultWithdrawn
NAMES = tuple(f"a{n}" for n in range(6))

# A busy machine is not a failure.
many = settings(max_examples=60, deadline=None)


def trees(achievements: tuple[str, ...]) -> st.SearchStrategy[Criterion]:
    """Trees that may name these achievements: a catalog built in this order has no circle."""
    courses = st.builds(passed, st.sampled_from(COURSES), st.sampled_from((0.0, 0.5, 0.9)))
    leaf = courses | st.sampled_from(achievements).map(held) if achievements else courses
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
    return catalog(**{name: draw(trees(NAMES[:n])) for n, name in enumerate(NAMES)})


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
    return [result(course, grade, n, on) for n, (course, grade, on) in enumerate(drawn, 1)]


@many
@given(catalogs(), completions(), st.randoms(use_true_random=False))
def test_any_order_of_results_gives_the_same_achievements(known, results, random):
    shuffled = random.sample(results, len(results))
    one, other = note(known, *results), note(known, *shuffled)
    assert one.active.keys() == other.active.keys()
    assert one.results == other.results


@st.composite
def courses_of_results(draw: st.DrawFn) -> list[list[Fact]]:
    """By enrollment: completed, then changed and perhaps revoked, in the order of the log."""
    runs: list[list[Fact]] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        course = draw(st.sampled_from(COURSES))
        moves = draw(
            st.lists(st.sampled_from((None, 0.2, 0.5, 0.9, "fell", "revoked")), max_size=4)
        )
        run: list[Fact] = [result(course, draw(GRADES), number, number, run=str(number))]
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
    if isinstance(move, str):
        return result(course, 0.1, passing=False, **at)
    return result(course, move, **at)


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
        assert explained(achievement.definition.criteria, certain).holds == (name in sound)
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


Action: TypeAlias = CourseResultNoted | CourseResultWithdrawn | tuple[str, str]


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
            case CourseResultNoted():
                return note_result_and_award(self.record, self.known, action)
            case CourseResultWithdrawn():
                return withdraw_result(self.record, self.known, action)
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
