import pytest
from tests.enrollment.given import course, lesson, minute, published

from milepost.contracts.courses import CourseDrafted, CourseRetired, LatePolicy, PassingRule, Skill
from milepost.contracts.rules.prerequisites import AchievementHeld, CoursePassed
from milepost.enrollment.domain.course.course import (
    AlreadyPublished,
    AlreadyRetired,
    PlanInvalid,
    UnknownCourse,
    draft,
    publish,
    retire,
)
from milepost.enrollment.domain.course.plan_faults import Fault

DRAFTED = CourseDrafted(course="DATA-101", title="Data", occurred_at=minute(0))
RETIRED = CourseRetired(course="DATA-101", occurred_at=minute(9))


def plan(*lessons, **facts):
    if lessons:
        facts["lessons"] = lessons
    version = published(**facts)
    return {name: getattr(version, name) for name in version.__struct_fields__ if name != "version"}


def faults_of(*lessons, **facts):
    with pytest.raises(PlanInvalid) as refused:
        publish(course(), **plan(*lessons, **facts))
    return [(fault.path, fault.condition) for fault in refused.value.faults]


def test_a_course_is_drafted():
    happened = draft(course(), course="DATA-101", title="Data", occurred_at=minute(0))
    assert happened == [DRAFTED]


def test_a_draft_can_be_renamed():
    renamed = draft(course(DRAFTED), course="DATA-101", title="Data I", occurred_at=minute(1))
    assert renamed == [CourseDrafted(course="DATA-101", title="Data I", occurred_at=minute(1))]


def test_drafting_again_under_the_same_title_does_nothing():
    assert draft(course(DRAFTED), course="DATA-101", title="Data", occurred_at=minute(1)) == []


def test_a_published_course_is_not_renamed_by_a_draft():
    with pytest.raises(AlreadyPublished) as refused:
        draft(course(published()), course="DATA-101", title="Other", occurred_at=minute(1))
    assert refused.value.facts == {"course": "DATA-101", "version": 1}


def test_a_retired_course_is_not_drafted():
    with pytest.raises(AlreadyRetired):
        draft(course(DRAFTED, RETIRED), course="DATA-101", title="Data", occurred_at=minute(9))


def test_the_first_version_is_published_with_or_without_a_draft():
    assert publish(course(), **plan()) == [published(1)]
    assert publish(course(DRAFTED), **plan()) == [published(1)]


def test_a_changed_plan_becomes_the_next_version():
    changed = plan(lesson("other"), passing_rule=PassingRule())
    [event] = publish(course(published(1)), **changed)
    assert event == published(2, lessons=(lesson("other"),), passing_rule=PassingRule())


def test_publishing_the_latest_version_again_does_nothing():
    assert publish(course(published(1)), **plan()) == []


def test_an_earlier_version_may_be_published_again_as_a_new_one():
    state = course(published(1), published(2, title="Data II"))
    assert publish(state, **plan()) == [published(3)]


def test_a_retired_course_is_not_published():
    with pytest.raises(AlreadyRetired):
        publish(course(published(), RETIRED), **plan())


def test_a_course_is_retired_once():
    assert retire(course(published()), course="DATA-101", occurred_at=minute(9)) == [RETIRED]
    assert retire(course(published(), RETIRED), course="DATA-101", occurred_at=minute(10)) == []


def test_an_unknown_course_is_not_retired():
    with pytest.raises(UnknownCourse):
        retire(course(), course="DATA-101", occurred_at=minute(0))


def test_a_plan_has_lessons():
    assert ("$.lessons", "empty") in faults_of(lessons=())


def test_lesson_ids_are_unique():
    assert faults_of(lesson("a"), lesson("a", weight=1.0)) == [("$.lessons[1].id", "duplicate")]


def late(percent, **facts):
    return LatePolicy(percent_per_day=percent, **facts)


@pytest.mark.parametrize(
    ("facts", "field", "condition"),
    [
        ({"weight": -1.0}, "weight", "negative"),
        ({"weight": float("inf")}, "weight", "not_finite"),
        ({"weight": float("nan")}, "weight", "not_finite"),
        ({"mastery_score": 1.2}, "mastery_score", "not_between_0_and_1"),
        ({"mastery_score": -0.1}, "mastery_score", "not_between_0_and_1"),
        ({"move_on": "Passed"}, "mastery_score", "missing"),
        ({"move_on": "CompletedAndPassed"}, "mastery_score", "missing"),
        ({"attempts_allowed": 0}, "attempts_allowed", "not_positive"),
        ({"due_day": -1}, "due_day", "not_between_0_and_3650"),
        ({"due_day": 3_651}, "due_day", "not_between_0_and_3650"),
        ({"skills": ("x",)}, "skills[0]", "not_among_the_courses_skills"),
        ({"late": late(101.0)}, "late.percent_per_day", "not_between_0_and_100"),
        ({"late": late(-1.0)}, "late.percent_per_day", "not_between_0_and_100"),
        ({"late": late(5.0, floor=1.1)}, "late.floor", "not_between_0_and_1"),
        ({"late": late(5.0, grace_hours=-1)}, "late.grace_hours", "not_between_0_and_8760"),
        ({"late": late(float("nan"))}, "late.percent_per_day", "not_between_0_and_100"),
    ],
)
def test_a_lesson_makes_sense(facts, field, condition):
    found = faults_of(lesson("exam", weight=1.0), lesson("odd", **facts))
    assert found == [(f"$.lessons[1].{field}", condition)]


def test_what_a_course_states_for_all_its_lessons_makes_sense():
    assert faults_of(late=late(5.0, floor=-0.1), deadline_resets=1_001) == [
        ("$.deadline_resets", "not_between_0_and_1000"),
        ("$.late.floor", "not_between_0_and_1"),
    ]
    assert faults_of(deadline_resets=-1) == [("$.deadline_resets", "not_between_0_and_1000")]
    sql = Skill(name="SQL", url="https://skills.example/sql")
    twice = lesson("a", weight=1.0, skills=(sql.url, sql.url))
    assert faults_of(twice, skills=(sql,)) == [("$.lessons[0].skills[1]", "duplicate")]


def test_prerequisites_are_lessons_of_the_plan():
    found = faults_of(lesson("a", weight=1.0), lesson("b", prerequisites=("a", "z")))
    assert found == [("$.lessons[1].prerequisites[1]", "unknown_lesson")]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_prerequisites_have_no_cycle(size):
    names = [f"l{number}" for number in range(size)]
    ring = [
        lesson(name, weight=1.0, prerequisites=(names[number - 1],))
        for number, name in enumerate(names)
    ]
    found = faults_of(lesson("outside", weight=1.0), *ring)
    assert found == [("$.lessons[1].prerequisites", "cycle")]


def test_a_deep_chain_of_prerequisites_is_fine():
    chain = [lesson("l0", weight=1.0)]
    chain += [lesson(f"l{n}", prerequisites=(f"l{n - 1}",)) for n in range(1, 1500)]
    assert len(publish(course(), **plan(*chain))) == 1


@pytest.mark.parametrize(
    ("rule", "field", "condition"),
    [
        (PassingRule(passing_grade=1.01), "passing_grade", "not_between_0_and_1"),
        (PassingRule(passing_grade=-0.5), "passing_grade", "not_between_0_and_1"),
        (PassingRule(drop_lowest=-1), "drop_lowest", "negative"),
        (PassingRule(drop_lowest=1), "drop_lowest", "nothing_would_be_left"),
    ],
)
def test_the_passing_rule_makes_sense(rule, field, condition):
    assert faults_of(passing_rule=rule) == [(f"$.passing_rule.{field}", condition)]


def test_a_passing_grade_needs_a_lesson_with_weight():
    found = faults_of(lesson("a"), passing_rule=PassingRule(passing_grade=0.4))
    assert found == [("$.passing_rule.passing_grade", "no_lesson_has_weight")]


@pytest.mark.parametrize(
    ("titles", "tag", "condition"),
    [
        ({"de": "Daten", "EN": "Data"}, "EN", "is_the_language"),
        ({"pt-BR": "Dados", "pt-br": "Dados"}, "pt-br", "duplicate"),
    ],
)
def test_a_title_is_translated_once_into_each_further_language(titles, tag, condition):
    assert faults_of(titles=titles) == [(f"$.titles.{tag}", condition)]
    found = faults_of(lesson("a", weight=1.0), lesson("b", titles=titles))
    assert found == [(f"$.lessons[1].titles.{tag}", condition)]


def test_a_skill_is_stated_once_by_address_and_by_code():
    sql = Skill(name="SQL", url="https://skills.example/sql", framework="ESCO", code="S1")
    again = Skill(name="Queries", url=sql.url)
    same_code = Skill(name="SQL", url="https://skills.example/s1", framework="ESCO", code="S1")
    elsewhere = Skill(name="SQL", url="https://skills.example/onet", framework="O*NET", code="S1")
    assert faults_of(skills=(sql, elsewhere, again, same_code)) == [
        ("$.skills[2].url", "duplicate"),
        ("$.skills[3].code", "duplicate"),
    ]


def test_a_course_asks_for_what_can_be_had_and_asks_once():
    wanted = (
        CoursePassed(course="DATA-101"),
        CoursePassed(course="DATA-100", min_grade=1.5),
        AchievementHeld(achievement="safety"),
        CoursePassed(course="DATA-100"),
        AchievementHeld(achievement="safety"),
    )
    assert faults_of(prerequisites=wanted) == [
        ("$.prerequisites[0].course", "itself"),
        ("$.prerequisites[1].min_grade", "not_between_0_and_1"),
        ("$.prerequisites[3]", "duplicate"),
        ("$.prerequisites[4]", "duplicate"),
    ]


def test_a_plan_that_only_gains_a_translation_is_a_new_version():
    [event] = publish(course(published(1)), **plan(titles={"de": "Daten"}))
    assert event == published(2, titles={"de": "Daten"})


def test_all_faults_are_told_at_once():
    found = faults_of(lesson("a", weight=-1.0), lesson("a", prerequisites=("b",)))
    assert len(found) == 4
    assert Fault("$.lessons[0].weight", "negative") == Fault(*found[0])
