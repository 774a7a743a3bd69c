"""Programs over HTTP: defining versions, reading them, retiring."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.clients import PLAN, PROGRAM

from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementHeld,
    AchievementRetired,
    AllOf,
    CoursePassed,
    Criterion,
    ProgramCompleted,
)
from milepost.enrollment.domain.catalog_warnings import ACHIEVEMENT

NOW = datetime.now(UTC)

VERSIONS = "/enrollment/programs/data-analyst/versions"
RETIRE = "/enrollment/programs/data-analyst/retire"
READ = "/enrollment/programs/data-analyst"
TWO_OF = {**PROGRAM, "title": "Data scientist", "rule": "n_of", "n": 2, "ordered": True}


def problem(response, status, name):
    assert response.status_code == status, response.text
    assert response.json()["type"] == f"urn:milepost:problem:{name}"
    return response.json()


async def define(school, *bodies):
    for body in bodies:
        answer = await school.post(VERSIONS, body)
        assert answer.status_code == 201, answer.text


async def test_a_program_is_defined_changed_read_and_retired(school):
    first = await school.post(VERSIONS, PROGRAM)
    assert (first.status_code, first.headers["milepost-position"]) == (201, "1")
    known = {"program": "data-analyst", "version": 1, "retired": False}
    assert first.json().items() >= known.items()
    second = await school.post(VERSIONS, TWO_OF)
    assert (second.status_code, second.json()["version"]) == (201, 2)
    read = (await school.get(READ, by="learner")).json()
    assert (read["title"], read["latest_version"], read["retired"]) == ("Data scientist", 2, False)
    known = {name: read["definition"][name] for name in TWO_OF}
    assert known == TWO_OF
    retired = await school.post(RETIRE, {"reason": "replaced"})
    assert retired.json() == {"program": "data-analyst", "version": 2, "retired": True}
    read = (await school.get(READ)).json()
    assert (read["retired"], read["retirement_reason"]) == (True, "replaced")
    refused = await school.post(VERSIONS, PROGRAM)
    assert problem(refused, 409, "program_already_retired")["program"] == "data-analyst"
    assert await school.happened() == ["program_defined", "program_defined", "program_retired"]


async def test_the_same_definition_is_not_defined_twice(school):
    await define(school, PROGRAM)
    again = await school.post(VERSIONS, {**PROGRAM, "rule": "all", "n": None, "titles": {}})
    assert (again.status_code, again.json()["version"]) == (200, 1)
    assert again.headers["milepost-position"] == "1"
    assert await school.happened() == ["program_defined"]


async def test_a_version_stays_as_it_was_defined(school):
    await define(school, PROGRAM, TWO_OF)
    first = (await school.get(f"{READ}?version=1")).json()
    assert (first["title"], first["latest_version"]) == ("Data scientist", 2)
    assert (first["definition"]["title"], first["definition"]["rule"]) == ("Data analyst", "all")
    for number in (3, 0):
        missing = await school.get(f"{READ}?version={number}")
        assert problem(missing, 404, "unknown_program_version")["latest"] == 2
    problem(await school.get(f"{READ}?version=-1"), 400, "malformed_request")


async def test_the_versions_of_a_program_are_listed(school):
    await define(school, {**PROGRAM, "occurred_at": "2026-01-05T09:00:00+01:00"}, TWO_OF)
    answer = await school.get(VERSIONS, by="learner")
    listed = answer.json()
    assert (listed["program"], listed["retired_at"]) == ("data-analyst", None)
    lines = [(one["version"], one["title"], one["rule"], one["n"]) for one in listed["versions"]]
    assert lines == [(1, "Data analyst", "all", None), (2, "Data scientist", "n_of", 2)]
    assert listed["versions"][0]["defined_at"] == "2026-01-05T08:00:00Z"
    assert listed["versions"][1]["achievements"] == 3
    await school.post(RETIRE, {"occurred_at": "2026-02-05T09:00:00Z"})
    retired = (await school.get(VERSIONS)).json()
    assert retired["retired_at"] == "2026-02-05T09:00:00Z"


async def test_retiring_again_changes_nothing_not_even_the_reason(school):
    await define(school, PROGRAM)
    await school.post(RETIRE)
    again = await school.post(RETIRE, {"reason": "replaced"})
    assert (again.status_code, again.json()["retired"]) == (200, True)
    assert (await school.get(READ)).json()["retirement_reason"] is None
    assert await school.happened() == ["program_defined", "program_retired"]


@pytest.mark.parametrize(("method", "path"), [("GET", READ), ("GET", VERSIONS), ("POST", RETIRE)])
async def test_an_unknown_program_is_not_there(school, method, path):
    await school.post(VERSIONS, PROGRAM, tenant="elsewhere")
    found = problem(await school.ask(method, path), 404, "unknown_program")
    assert found["program"] == "data-analyst"


async def test_a_definition_without_sense_is_told_every_fault(school):
    body = {
        "title": "X",
        "achievements": ["a", "b", "a"],
        "rule": "n_of",
        "n": 3,
        "titles": {"en": "X"},
    }
    refused = await school.post(VERSIONS, body)
    assert problem(refused, 422, "program_invalid")["faults"] == [
        {"path": "$.titles.en", "condition": "is_the_language"},
        {"path": "$.achievements[2]", "condition": "duplicate"},
        {"path": "$.n", "condition": "more_than_there_are"},
    ]
    nothing = await school.post(VERSIONS, {"title": "X", "achievements": [], "n": 0})
    assert problem(nothing, 422, "program_invalid")["faults"] == [
        {"path": "$.achievements", "condition": "empty"},
        {"path": "$.n", "condition": "without_n_of"},
    ]
    assert await school.happened() == []


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        ({"achievements": ["../x"]}, "$.achievements[0]"),
        ({"achievements": "sql-basics"}, "$.achievements"),
        ({"achievements": [f"a{number}" for number in range(101)]}, "$.achievements"),
        ({"rule": "most"}, "$.rule"),
        ({"n": "2"}, "$.n"),
        ({"title": ""}, "$.title"),
        ({"titles": {"de": ""}}, "$.titles[...]"),
    ],
)
async def test_a_definition_of_another_shape_is_told_the_place(school, facts, path):
    refused = await school.post(VERSIONS, {**PROGRAM, **facts})
    assert problem(refused, 400, "malformed_request")["path"] == path


@pytest.mark.parametrize("reason", ["They asked for it", "", 5])
async def test_a_reason_is_a_code(school, reason):
    await define(school, PROGRAM)
    refused = await school.post(RETIRE, {"reason": reason})
    assert problem(refused, 400, "malformed_request")["path"] == "$.reason"
    assert await school.happened() == ["program_defined"]


@pytest.mark.parametrize("role", ["learner", "instructor", "issuer"])
@pytest.mark.parametrize(("path", "body"), [(VERSIONS, PROGRAM), (RETIRE, {})])
async def test_only_who_keeps_the_catalog_defines_and_retires(school, role, path, body):
    problem(await school.post(path, body, by=role), 403, "role_missing")
    assert await school.happened() == []


@pytest.mark.parametrize(("path", "body"), [(VERSIONS, PROGRAM), (RETIRE, {})])
async def test_nothing_is_defined_or_retired_in_the_future(school, path, body):
    await define(school, TWO_OF)
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    refused = await school.post(path, {**body, "occurred_at": later})
    problem(refused, 422, "occurred_in_future")
    assert await school.happened() == ["program_defined"]


async def test_a_command_that_is_sent_twice_is_answered_alike(school):
    first = await school.post(VERSIONS, PROGRAM, key="k-1")
    await define(school, TWO_OF)
    again = await school.post(VERSIONS, PROGRAM, key="k-1")
    assert again.json() == first.json()
    assert again.headers["milepost-position"] == first.headers["milepost-position"]
    other = await school.post(VERSIONS, TWO_OF, key="k-1")
    problem(other, 422, "idempotency_key_reused")
    assert await school.happened() == ["program_defined", "program_defined"]


@pytest.mark.parametrize("path", [READ, VERSIONS])
async def test_who_has_read_it_is_told_so_until_it_changes(school, path):
    await define(school, PROGRAM)
    first = await school.get(path)
    seen = {"etag": first.headers["etag"]}
    assert (await school.get(path, **seen)).status_code == 304
    await define(school, TWO_OF)
    changed = await school.get(path, **seen)
    assert (changed.status_code, changed.headers["etag"] != first.headers["etag"]) == (200, True)


async def test_a_title_is_read_in_the_language_asked_for(school):
    await define(school, {**PROGRAM, "titles": {"de": "Datenanalyse"}}, TWO_OF)
    german = await school.get(f"{READ}?version=1&language=de-AT")
    assert german.headers["content-language"] == "de"
    program = german.json()
    assert (program["title"], program["definition"]["title"]) == ("Data scientist", "Datenanalyse")
    assert program["definition"]["titles"] == {"de": "Datenanalyse"}
    own = await school.get(f"{READ}?language=fr")
    assert (own.json()["definition"]["title"], own.headers["content-language"]) == (
        "Data scientist",
        "en",
    )
    problem(await school.get(f"{READ}?language=d"), 400, "malformed_request")
    versions = (await school.get(f"{READ}/versions?language=de")).json()["versions"]
    assert [one["title"] for one in versions] == ["Datenanalyse", "Data scientist"]


async def test_what_is_named_and_not_there_is_told(school):
    """By programs, and by prerequisites of courses and offerings."""
    defined = AchievementDefined(
        achievement="sql",
        version=1,
        name="SQL",
        criteria=CoursePassed(course="SQL-1"),
        occurred_at=NOW,
    )
    old = msgspec.structs.replace(defined, achievement="old")
    retired = AchievementRetired(achievement="old", occurred_at=NOW)
    for name, events in (("sql", [defined]), ("old", [old, retired])):
        stream = ACHIEVEMENT.of(name)
        await school.transactor.transact(school.tenant, stream, lambda _, new=events: new)
    unknown = {"condition": "unknown_achievement", "achievement": "typo"}
    gone = {"condition": "retired_achievement", "achievement": "old"}
    program = {"title": "Data", "achievements": ["sql", "typo", "old"], "rule": "all"}
    for status in (201, 200):
        answer = await school.post("/enrollment/programs/data/versions", program)
        assert (answer.status_code, answer.json()["warnings"]) == (status, [unknown, gone])

    await school.publish("RETIRED")
    await school.post("/enrollment/courses/RETIRED/retire")
    await school.put("/enrollment/courses/DRAFT", {"title": "Draft"})
    await school.publish("THERE")
    courses = ("THERE", "NONE", "DRAFT", "RETIRED")
    asked = [{"type": "course_passed", "course": course} for course in courses]
    asked += [{"type": "achievement_held", "achievement": one} for one in ("sql", "typo", "old")]
    told = [
        {"condition": "unknown_course", "course": "NONE"},
        {"condition": "unpublished_course", "course": "DRAFT"},
        {"condition": "retired_course", "course": "RETIRED"},
        unknown,
        gone,
    ]
    plan = {**PLAN, "prerequisites": asked}
    validated = await school.post("/enrollment/courses/NEXT/versions/validate", plan)
    published = await school.publish("NEXT", plan)
    opened = await school.put("/enrollment/offerings/next", {"course": "NEXT"})
    for answer in (validated, published, opened):
        assert answer.json()["warnings"] == told, answer.text
    assert (await school.publish("THERE")).json()["warnings"] == []


async def test_a_program_that_would_ask_for_itself_is_refused_with_the_path(school):
    await define(school, {**PROGRAM, "achievements": ["a"]})
    criteria: dict[str, Criterion] = {
        "a": CoursePassed(course="AAA"),
        "b": ProgramCompleted(program="data-analyst"),
    }
    criteria["c"] = AllOf(criteria=(AchievementHeld(achievement="b"), CoursePassed(course="AAA")))
    for name, asked in criteria.items():
        defined = AchievementDefined(
            achievement=name, version=1, name=name, criteria=asked, occurred_at=NOW
        )
        await school.transactor.transact(school.tenant, ACHIEVEMENT.of(name), given(defined))
    refused = await school.post(VERSIONS, {**PROGRAM, "achievements": ["a", "c"]})
    path = ["program/data-analyst", "c", "b", "program/data-analyst"]
    assert problem(refused, 422, "program_circular")["path"] == path
    other = await school.post(
        "/enrollment/programs/other/versions", {**PROGRAM, "achievements": ["c"]}
    )
    assert other.status_code == 201


def given(event):
    return lambda _: [event]
