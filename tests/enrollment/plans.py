"""Hypothesis strategies: plans that may be published."""

from hypothesis import strategies as st
from msgspec import structs
from tests.enrollment.given import NINE, minute

from milepost.contracts.courses import CoursePublished, LatePolicy, Lesson, PassingRule, Skill
from milepost.contracts.rules.prerequisites import AchievementHeld, CoursePassed

FRAMEWORKS = ("ESCO", "CASE", "CTDL", "O*NET")
KINDS = ("page", "video", "reading", "discussion", "quiz", "assignment", "exam")
TAGS = ("de", "fr", "pt-BR", "zh-Hant-TW", "es-419")

titles = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
translations = st.dictionaries(st.sampled_from(TAGS), titles, max_size=3)
grades = st.floats(0, 1)


# Made once: to make a strategy takes longer than to draw from it.
lesson_facts = st.fixed_dictionaries(
    {
        "title": titles,
        "kind": st.sampled_from(KINDS),
        "required": st.booleans(),
        "weight": st.sampled_from([0.0, 0.0, 1.0, 2.5, 40.0]),
        "move_on": st.sampled_from(["Passed", "Completed", "CompletedOrPassed"]),
        "mastery_score": grades,
        "attempts_allowed": st.none() | st.integers(1, 5),
        "counts": st.sampled_from(["best", "last", "first"]),
        "due_day": st.none() | st.integers(0, 90),
        "titles": translations,
        "completed_by": st.sampled_from([None, None, "staff", "learner"]),
    }
)
lesson_ids = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True)
needed = st.lists(st.integers(0, 7), max_size=2, unique=True)


skills = st.builds(
    Skill,
    name=titles,
    url=st.sampled_from([f"https://skills.example/{number}" for number in range(5)]),
    framework=st.none() | st.sampled_from(FRAMEWORKS),
)
prerequisites = st.builds(
    CoursePassed, course=st.sampled_from(["DATA-99", "DATA-100"]), min_grade=grades
) | st.builds(AchievementHeld, achievement=st.sampled_from(["safety", "ethics"]))


late_policies = st.none() | st.builds(
    LatePolicy,
    percent_per_day=st.sampled_from([0.0, 10.0, 100.0]),
    floor=grades,
    grace_hours=st.sampled_from([0.0, 2.5]),
)


plan_facts = st.fixed_dictionaries(
    {
        "title": titles,
        "skills": st.lists(skills, max_size=3, unique_by=lambda one: one.url).map(tuple),
        "language": st.sampled_from(["en", "nl", "en-GB"]),
        "workload_hours": st.none() | st.sampled_from([0.5, 25.0, 300.0]),
        "titles": translations,
        "prerequisites": st.lists(prerequisites, max_size=3, unique_by=type).map(tuple),
        "offline_days": st.sampled_from([30, 30, 0, 365]),
        "late": late_policies,
        "deadline_resets": st.sampled_from([0, 0, 3]),
    }
)


@st.composite
def plans(draw, version: int = 1) -> CoursePublished:
    """Lessons come in any order, and unlock only those drawn after them."""
    ids = draw(lesson_ids)
    drawn = tuple(
        Lesson(
            id=one,
            prerequisites=tuple(ids[before] for before in draw(needed) if before < number),
            **draw(lesson_facts),
        )
        for number, one in enumerate(ids)
    )
    weighted = sum(lesson.weight > 0 for lesson in drawn)
    return CoursePublished(
        course="DATA-101",
        version=version,
        lessons=tuple(draw(st.permutations(drawn))),
        passing_rule=PassingRule(
            passing_grade=draw(grades) if weighted else 0.0,
            drop_lowest=draw(st.integers(0, max(weighted - 1, 0))),
        ),
        occurred_at=NINE,
        **draw(plan_facts),
    )


@st.composite
def histories(draw, max_size: int = 4) -> tuple[CoursePublished, ...]:
    """Versions in order, no two neighbours the same."""
    versions: list[CoursePublished] = []
    for number in range(draw(st.integers(1, max_size))):
        plan = draw(plans(number + 1))
        if versions and plan.title == versions[-1].title:
            continue
        facts = {"version": len(versions) + 1, "occurred_at": minute(number)}
        versions.append(structs.replace(plan, **facts))
    return tuple(versions)
