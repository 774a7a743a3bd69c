"""A course as one JSON file: what is exported is imported, whole, once, and fits the schema."""

import asyncio
import copy

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given as drawn
from tests.clients import PLAN
from tests.enrollment.given import course, minute
from tests.enrollment.plans import histories, plans
from tests.enrollment.test_courses_http import RICH, problem, publish
from tests.tenants import new_tenant

from milepost.contracts.courses import CourseRetired
from milepost.enrollment.api.courses.files import SCHEMA, CourseFile, file_of, history_of
from milepost.enrollment.domain.course.history_import import import_history

VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
EXPORT, IMPORT = "/enrollment/courses/DATA-101/export", "/enrollment/courses/DATA-101/import"


@pytest.fixture
def elsewhere() -> str:
    """Another school's name."""
    return new_tenant()


async def exported(school, *plans, retired=False):
    await publish(school, *plans)
    if retired:
        await school.post("/enrollment/courses/DATA-101/retire")
    return (await school.get(EXPORT)).json()


def changed(file, place, value):
    """With another value at a place: `versions.0.title`."""
    other = copy.deepcopy(file)
    *outer, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    inside = other
    for part in outer:
        inside = inside[part]
    inside[last] = value
    return other


@drawn(histories())
def test_what_is_exported_is_imported_and_exported_again_the_same(versions):
    state = course(*versions, CourseRetired(course="DATA-101", occurred_at=minute(9)))
    file = msgspec.json.encode(file_of("DATA-101", state))
    read = history_of(msgspec.json.decode(file, type=CourseFile))
    written = import_history(
        course(), read, course="DATA-101", latest=minute(9), occurred_at=minute(60)
    )
    assert msgspec.json.encode(file_of("DATA-101", course(*written))) == file


@drawn(plans())
def test_every_plan_that_can_be_published_fits_the_schema(plan):
    file = msgspec.json.decode(msgspec.json.encode(file_of("DATA-101", course(plan))))
    assert list(VALIDATOR.iter_errors(file)) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("format", "another-course"),
        ("format_version", 2),
        ("course", "../x"),
        ("title", ""),
        ("colour", "red"),
        ("retired_at", "yesterday"),
        ("versions", {}),
        ("versions.0.version", 0),
        ("versions.0.published_at", None),
        ("versions.0.lessons", []),
        ("versions.0.lessons.0.id", "a b"),
        ("versions.0.lessons.0.kind", "poem"),
        ("versions.0.lessons.0.weight", -1),
        ("versions.0.lessons.0.mastery_score", 1.5),
        ("versions.0.lessons.0.attempts_allowed", 0),
        ("versions.0.lessons.0.titles", {"d": "Daten"}),
        ("versions.0.lessons.0.wieght", 1),
        ("versions.0.passing_rule.passing_grade", 1.5),
        ("versions.0.passing_rule.drop_lowest", -1),
        ("versions.0.skills.0.url", "sql"),
        ("versions.0.titles", {"de": 5}),
        ("versions.0.language", "english"[:1]),
        ("versions.0.workload_hours", 0),
        ("versions.0.prerequisites.0.type", "age"),
        ("versions.0.prerequisites.0.min_grade", 2),
    ],
)
async def test_a_broken_file_does_not_fit_the_schema_and_is_refused(
    school, elsewhere, place, value
):
    file = await exported(school, RICH)
    assert VALIDATOR.is_valid(file)
    broken = changed(file, place, value)
    assert not VALIDATOR.is_valid(broken)
    refused = await school.post(IMPORT, broken, tenant=elsewhere)
    assert refused.status_code in {400, 422}
    assert await school.happened(elsewhere) == []


async def test_the_schema_is_published_for_everybody(school):
    answer = await school.connection.get("/enrollment/schemas/course.json")
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json() == msgspec.json.decode(msgspec.json.encode(SCHEMA))
    assert answer.json()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(answer.json())


async def test_a_course_is_exported_as_a_file(school):
    problem(await school.get(EXPORT), 404, "unknown_course")
    await publish(school, PLAN, RICH)
    answer = await school.get(EXPORT, by="instructor")
    file = answer.json()
    assert answer.headers["content-disposition"] == 'attachment; filename="DATA-101.course.json"'
    assert (file["format"], file["format_version"], file["$schema"]) == (
        "milepost-course",
        1,
        SCHEMA["$id"],
    )
    assert (file["title"], file["retired_at"]) == ("Data II", None)
    assert [one["version"] for one in file["versions"]] == [1, 2]
    assert file["versions"][0]["lessons"][0]["move_on"] == "Completed"
    again = await school.get(EXPORT, etag=answer.headers["etag"])
    assert again.status_code == 304


async def test_a_course_is_imported_whole_and_once(school, elsewhere):
    file = await exported(school, PLAN, RICH, retired=True)
    first = await school.post(IMPORT, file, tenant=elsewhere)
    assert (first.status_code, first.json()) == (
        201,
        {
            "course": "DATA-101",
            "versions": 2,
            "retired": True,
            "published": [1, 2],
            "written": True,
            "warnings": [],
        },
    )
    assert first.headers["milepost-position"] == "3"
    again = await school.post(IMPORT, file, tenant=elsewhere)
    assert (again.status_code, again.json()["written"], again.json()["published"]) == (
        200,
        False,
        [],
    )
    assert await school.happened(elsewhere) == [
        "course_published",
        "course_published",
        "course_retired",
    ]
    assert (await school.get(EXPORT, tenant=elsewhere)).json() == file


async def test_a_draft_is_exported_and_imported(school, elsewhere):
    await school.put("/enrollment/courses/DATA-101", {"title": "Data"})
    file = (await school.get(EXPORT)).json()
    assert (await school.post(IMPORT, file, tenant=elsewhere)).status_code == 201
    assert (await school.get(EXPORT, tenant=elsewhere)).json() == file


async def test_a_file_is_validated_as_it_would_be_imported_and_nothing_is_written(
    school, elsewhere
):
    file = await exported(school, PLAN, RICH, retired=True)
    dry = await school.post(f"{IMPORT}/validate", file, tenant=elsewhere)
    real = {"published": [1, 2], "versions": 2, "retired": True, "written": True, "warnings": []}
    assert (dry.status_code, dry.json()) == (200, {"course": "DATA-101", **real})
    assert await school.happened(elsewhere) == []
    loose = changed(file, "versions.1.passing_rule", {})
    told = await school.post(f"{IMPORT}/validate", loose, tenant=elsewhere)
    assert {one["path"] for one in told.json()["warnings"]} == {"$.passing_rule.passing_grade"}
    broken = changed(file, "versions.1.lessons.0.weight", -1)
    refused = await school.post(f"{IMPORT}/validate", broken, tenant=elsewhere)
    problem(refused, 422, "plan_invalid")


async def test_an_import_brings_the_versions_that_are_not_here_yet(school, elsewhere):
    file = await exported(school, PLAN, RICH)
    older = {**file, "title": "Data", "versions": file["versions"][:1]}
    await school.post(IMPORT, older, tenant=elsewhere)
    newer = await school.post(IMPORT, file, tenant=elsewhere)
    assert (newer.status_code, newer.json()["published"]) == (201, [2])
    behind = await school.post(IMPORT, older, tenant=elsewhere)
    assert (behind.status_code, behind.json()["versions"]) == (200, 2)


async def test_an_import_that_differs_from_what_is_here_is_refused_with_its_places(school):
    file = await exported(school, PLAN, RICH)
    other = changed(file, "versions.0.lessons.1.weight", 5.0)
    refused = problem(await school.post(IMPORT, other), 409, "course_differs")
    assert refused["faults"] == [
        {"path": "$.versions[0].lessons[1].weight", "condition": "differs"}
    ]
    elsewhere = await school.post("/enrollment/courses/OTHER/import", file)
    assert problem(elsewhere, 422, "plan_invalid")["faults"] == [
        {"path": "$.course", "condition": "not_the_one_addressed"}
    ]
    assert await school.happened() == ["course_published", "course_published"]


async def test_nothing_of_a_file_is_imported_when_its_last_version_makes_no_sense(
    school, elsewhere
):
    file = await exported(school, PLAN, RICH)
    future = changed(file, "versions.1.published_at", "2999-01-01T00:00:00Z")
    refused = await school.post(IMPORT, future, tenant=elsewhere)
    assert problem(refused, 422, "plan_invalid")["faults"] == [
        {"path": "$.versions[1].published_at", "condition": "in_the_future"}
    ]
    assert await school.happened(elsewhere) == []


async def test_the_same_file_imported_at_once_is_written_once(school, elsewhere):
    file = await exported(school, PLAN, RICH)
    asked = [school.post(IMPORT, file, tenant=elsewhere) for _ in range(8)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*asked))
    assert statuses == [200] * 7 + [201]
    assert await school.happened(elsewhere) == ["course_published"] * 2


async def test_a_repeated_import_is_answered_as_the_first(school, elsewhere):
    file = await exported(school, PLAN)
    asked = {"tenant": elsewhere, "key": "import-1"}
    first = await school.post(IMPORT, file, **asked)
    again = await school.post(IMPORT, file, **asked)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    other = await school.post(IMPORT, {**file, "retired_at": None, "$schema": "x"}, **asked)
    problem(other, 422, "idempotency_key_reused")


@pytest.mark.parametrize("role", ["learner", "instructor", "issuer", "operator"])
async def test_only_who_may_say_that_it_happened_long_ago_imports(school, role):
    file = await exported(school, PLAN)
    problem(await school.post(IMPORT, file, by=role), 403, "role_missing")


async def test_a_file_may_be_larger_than_other_requests(school, elsewhere):
    lessons = [{"id": f"l{number}", "title": "L" * 200} for number in range(2000)]
    plan = {"title": "A", "lessons": lessons}
    file = await exported(school, plan, {**plan, "title": "B"})
    assert len(msgspec.json.encode(file)) > 1024 * 1024
    answer = await school.post(IMPORT, file, tenant=elsewhere)
    assert (answer.status_code, answer.json()["published"]) == (201, [1, 2])


async def test_a_file_larger_than_any_event_is_refused_and_nothing_is_written(school):
    file = await exported(school, PLAN)
    titles = {f"de-x-{number:04}": "é" * 200 for number in range(100)}
    lesson = {**file["versions"][0]["lessons"][1], "titles": titles}
    lessons = [{**lesson, "id": f"lesson-{number}"} for number in range(60)]
    second = {**file["versions"][0], "version": 2, "lessons": lessons}
    large = {**file, "versions": [*file["versions"], second]}
    problem(await school.post(IMPORT, large), 413, "body_too_large")
    assert (await school.get(EXPORT)).json() == file
