"""What must hold for every catalog, every history and every order of arrival."""

from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.credentials.scenes import LEARNER, catalog, day, held, note, passed, result

from milepost.contracts.achievements import AllOf, AnyOf, Criterion, NOf
from milepost.contracts.records import CourseResultNoted, CredentialAwarded, RecordEvent
from milepost.credentials.domain.achievement import Catalog
from milepost.credentials.domain.awards import (
    RECORD,
    award_by_hand,
    award_if_earned,
    note_result_and_award,
    revoke,
)
from milepost.credentials.domain.criteria import explain
from milepost.credentials.domain.refusals import AlreadyHeld, NotHeld

COURSES = ("AAA", "BBB", "CCC")
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


@many
@given(catalogs(), completions())
def test_an_achievement_is_held_exactly_when_its_criteria_hold(known, results):
    record = note(known, *results)
    for name, achievement in known.achievements.items():
        holds = explain(achievement.definition.criteria, record).holds
        assert holds == (name in record.active)


@many
@given(catalogs(), completions())
def test_evaluating_afterwards_finds_nothing_left_to_award(known, results):
    record = note(known, *results)
    for name in known.achievements:
        assert award_if_earned(record, known, LEARNER, name, day(99)) == []


@many
@given(catalogs(), completions())
def test_redelivered_results_change_nothing(known, results):
    once, twice = note(known, *results), note(known, *results, *results)
    assert once == twice


Action: TypeAlias = CourseResultNoted | tuple[str, str]


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
        except (AlreadyHeld, NotHeld):
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


actions = st.tuples(st.sampled_from(("evaluate", "award", "revoke")), st.sampled_from(NAMES))


@st.composite
def histories(draw: st.DrawFn) -> School:
    school = School(draw(catalogs()))
    plan: list[Action] = [*draw(completions()), *draw(st.lists(actions, max_size=12))]
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
