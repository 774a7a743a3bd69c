"""A diff says all that changed, and nothing else: from it and the old plan follows the new one."""

from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from tests.enrollment.given import lesson, published
from tests.enrollment.plans import plans

from milepost.contracts.courses import CoursePublished, PassingRule, Skill
from milepost.contracts.rules.prerequisites import AchievementHeld, CoursePassed
from milepost.enrollment.domain.course.diff import Difference, differences

A, B, C, D = (lesson(name) for name in "abcd")
SQL = Skill(name="SQL", url="https://skills.example/sql", framework="ESCO", code="S1.1")
LISTS = {"lesson": "lessons", "skill": "skills", "prerequisite": "prerequisites"}


def between(old: dict[str, Any], new: dict[str, Any]) -> list[Difference]:
    return list(differences(published(1, **old), published(2, **new)))


def id_of(one: dict[str, Any]) -> str:
    kind = one.get("type")
    if kind == "course_passed":
        return f"course {one['course']}"
    return f"achievement {one['achievement']}" if kind else one.get("id") or one["url"]


def put(value: dict[str, Any], found: Difference) -> None:
    """Set or drop a field, `titles.de` within the object that it names."""
    assert found.field is not None
    *outer, name = found.field.split(".", 1)
    inside = value.setdefault(outer[0], {}) if outer else value
    if found.kind == "removed":
        del inside[name]
    else:
        inside[name] = msgspec.to_builtins(found.new)


def applied(old: CoursePublished, found: tuple[Difference, ...]) -> CoursePublished:
    plan = whole(old)
    for one in found:
        if one.part == "course":
            put(plan, one)
    for part, name in LISTS.items():
        plan[name] = listed(plan[name], [one for one in found if one.part == part])
    return msgspec.convert(plan, CoursePublished)


def listed(old: list[dict[str, Any]], found: list[Difference]) -> list[dict[str, Any]]:
    by_id = {id_of(one): one for one in old}
    placed: dict[int, str] = {}
    for one in found:
        assert one.id is not None
        if one.field:
            put(by_id[one.id], one)
        if one.kind == "added" and one.field is None:
            by_id[one.id] = whole(one.new)
        if one.kind == "removed" and one.field is None:
            del by_id[one.id]
        elif one.field is None and one.place:
            placed[one.place] = one.id
    stay = iter([id_of(one) for one in old if id_of(one) in set(by_id) - set(placed.values())])
    return [by_id[placed.get(place) or next(stay)] for place in range(1, len(by_id) + 1)]


def whole(fact: msgspec.Struct) -> dict[str, Any]:
    """With its defaults."""
    found = {name: plain(getattr(fact, name)) for name in fact.__struct_fields__}
    tag = fact.__struct_config__.tag
    return {**found, "type": tag} if tag else found


def plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return whole(value)
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return dict(value) if isinstance(value, dict) else value


@drawn(plans())
def test_a_plan_does_not_differ_from_itself(plan):
    assert differences(plan, msgspec.structs.replace(plan, version=2)) == ()


@drawn(plans(), plans())
def test_from_the_old_plan_and_the_diff_follows_the_new_plan(old, new):
    assert applied(old, differences(old, new)) == new


@drawn(plans(), plans())
def test_back_and_forth_the_same_places_differ(old, new):
    there = {(one.part, one.id, one.field) for one in differences(old, new) if one.kind != "moved"}
    back = {(one.part, one.id, one.field) for one in differences(new, old) if one.kind != "moved"}
    assert there == back


@drawn(plans())
def test_against_nothing_everything_was_added(plan):
    found = differences(None, plan)
    assert {one.kind for one in found} == {"added"}
    assert [one.id for one in found if one.part == "lesson"] == [one.id for one in plan.lessons]


@pytest.mark.parametrize(
    ("field", "old", "new", "named"),
    [
        ("title", "Data", "Data II", "title"),
        ("language", "en", "de", "language"),
        ("workload_hours", None, 25.0, "workload_hours"),
        ("titles", {"de": "Daten"}, {"de": "Die Daten"}, "titles.de"),
    ],
)
def test_a_field_of_the_course_changes(field, old, new, named):
    [found] = between({field: old}, {field: new})
    values = (old["de"], new["de"]) if field == "titles" else (old, new)
    assert found == Difference(
        part="course", kind="changed", field=named, old=values[0], new=values[1]
    )


def test_the_passing_rule_changes_by_its_fields():
    old = PassingRule(passing_grade=0.5)
    [found] = between({"passing_rule": old}, {"passing_rule": PassingRule(passing_grade=0.6)})
    assert (found.field, found.old, found.new) == ("passing_rule.passing_grade", 0.5, 0.6)


def test_a_translation_comes_and_another_goes():
    found = between({"titles": {"de": "Daten"}}, {"titles": {"fr": "Données"}})
    assert [(one.kind, one.field, one.old, one.new) for one in found] == [
        ("removed", "titles.de", "Daten", None),
        ("added", "titles.fr", None, "Données"),
    ]


def test_a_lesson_is_put_first_and_those_behind_it_have_not_moved():
    found = between({"lessons": (A, B, C)}, {"lessons": (D, A, B, C)})
    assert found == [Difference(part="lesson", kind="added", id="d", place=1, new=D)]


def test_a_lesson_goes_and_those_behind_it_have_not_moved():
    found = between({"lessons": (A, B, C)}, {"lessons": (B, C)})
    assert found == [Difference(part="lesson", kind="removed", id="a", old=A)]


def test_only_the_lesson_that_was_moved_has_moved():
    found = between({"lessons": (A, B, C, D)}, {"lessons": (D, A, B, C)})
    assert found == [Difference(part="lesson", kind="moved", id="d", place=1, old=4, new=1)]


def test_a_lesson_moves_and_changes_field_by_field():
    heavier = lesson("c", weight=2.0, titles={"de": "Drei"})
    found = between({"lessons": (A, B, C)}, {"lessons": (heavier, A, B)})
    assert [(one.kind, one.field, one.old, one.new) for one in found] == [
        ("moved", None, 3, 1),
        ("changed", "weight", 0.0, 2.0),
        ("added", "titles.de", None, "Drei"),
    ]
    assert {(one.part, one.id, one.place) for one in found} == {("lesson", "c", 1)}


def test_skills_are_known_by_their_address():
    renamed = msgspec.structs.replace(SQL, name="Structured Query Language")
    [found] = between({"skills": (SQL,)}, {"skills": (renamed,)})
    assert (found.part, found.id, found.field) == ("skill", SQL.url, "name")


def test_a_skill_that_was_stored_twice_is_removed_once():
    [found] = between({"skills": (SQL, SQL)}, {"skills": (SQL,)})
    assert (found.kind, found.id, found.old) == ("removed", SQL.url, SQL)


def test_a_prerequisite_asks_for_more():
    safety = AchievementHeld(achievement="safety")
    old, new = (CoursePassed(course="DATA-100", min_grade=grade) for grade in (0.5, 0.7))
    [found] = between({"prerequisites": (old, safety)}, {"prerequisites": (new, safety)})
    assert (found.id, found.field, found.old, found.new) == (
        "course DATA-100",
        "min_grade",
        0.5,
        0.7,
    )
