"""Validating plans, translations, versions and what they changed, over HTTP."""

import pytest
from tests.clients import PLAN

SKILL = {"name": "SQL", "url": "https://skills.example/sql", "framework": "ESCO", "code": "S1"}
RICH = {
    **PLAN,
    "title": "Data II",
    "titles": {"de": "Daten II"},
    "skills": [SKILL],
    "prerequisites": [{"type": "course_passed", "course": "DATA-100", "min_grade": 0.5}],
    "lessons": [
        {"id": "exam", "title": "Exam", "kind": "exam", "weight": 2.0, "titles": {"de": "Prüfung"}},
        {"id": "intro", "title": "Introduction"},
        {"id": "lab", "title": "Lab"},
    ],
}
VALIDATE = "/enrollment/courses/DATA-101/versions/validate"


def problem(response, status, name):
    assert response.status_code == status, response.text
    assert response.json()["type"] == f"urn:milepost:problem:{name}"
    return response.json()


async def publish(school, *plans):
    for plan in plans:
        answer = await school.post("/enrollment/courses/DATA-101/versions", plan)
        assert answer.status_code == 201, answer.text


def lines(found):
    return [(one["part"], one["kind"], one["id"], one["field"]) for one in found["differences"]]


async def test_a_plan_is_validated_and_nothing_is_written(school):
    answer = await school.post(VALIDATE, PLAN)
    found = answer.json()
    assert (answer.status_code, found["version"]) == (200, 1)
    assert {one["kind"] for one in found["differences"]} == {"added"}
    await publish(school, PLAN)
    found = (await school.post(VALIDATE, RICH)).json()
    assert found["version"] == 2
    assert ("lesson", "moved", "exam", None) in lines(found)
    same = (await school.post(VALIDATE, PLAN)).json()
    assert (same["version"], same["differences"]) == (1, [])
    assert await school.happened() == ["course_published"]


async def test_validating_and_publishing_warn_of_what_is_hardly_meant(school):
    lessons = [{"id": "a", "title": "A"}, {"id": "q", "title": "Q", "kind": "quiz"}]
    wanted = [{"type": "course_passed", "course": "NONE"}]
    plan = {"title": "X", "lessons": lessons, "prerequisites": wanted}
    validated = await school.post(VALIDATE, plan)
    published = await school.post("/enrollment/courses/DATA-101/versions", plan)
    assert (validated.status_code, published.status_code) == (200, 201)
    assert validated.json()["warnings"] == [
        {"path": "$.lessons[1].weight", "condition": "graded_kind_without_weight"},
        {"condition": "unknown_course", "course": "NONE"},
    ]
    assert published.json()["warnings"] == validated.json()["warnings"]


async def test_late_policies_resets_and_skills_of_lessons_are_read_as_they_were_published(school):
    late = {"percent_per_day": 10.0, "floor": 0.5, "grace_hours": 2.0}
    graded = {"id": "q", "title": "Q", "kind": "quiz", "weight": 1, "due_day": 7}
    rich = {
        "title": "X",
        "skills": [SKILL],
        "passing_rule": {"passing_grade": 0.5},
        "late": late,
        "deadline_resets": 2,
        "lessons": [{**graded, "late": {**late, "floor": 0.25}, "skills": [SKILL["url"]]}],
    }
    await publish(school, {**rich, "late": None, "deadline_resets": 0, "lessons": [graded]}, rich)
    plan = (await school.get("/enrollment/courses/DATA-101")).json()["plan"]
    assert (plan["late"], plan["deadline_resets"]) == (late, 2)
    [read] = plan["lessons"]
    assert (read["late"], read["skills"]) == ({**late, "floor": 0.25}, [SKILL["url"]])
    found = (await school.get("/enrollment/courses/DATA-101/versions/2/diff")).json()
    told = {(one["part"], one["field"]): (one["old"], one["new"]) for one in found["differences"]}
    assert told == {
        ("course", "late"): (None, late),
        ("course", "deadline_resets"): (0, 2),
        ("lesson", "late"): (None, {**late, "floor": 0.25}),
        ("lesson", "skills"): ([], [SKILL["url"]]),
    }


async def test_an_invalid_plan_is_told_every_fault(school):
    lessons = [{"id": "a", "title": "A", "weight": -1, "titles": {"en": "A"}}]
    plan = {"title": "X", "lessons": lessons, "skills": [SKILL, SKILL]}
    validated = await school.post(VALIDATE, plan)
    found = problem(validated, 422, "plan_invalid")
    assert found["faults"] == [
        {"path": "$.lessons[0].weight", "condition": "negative"},
        {"path": "$.lessons[0].titles.en", "condition": "is_the_language"},
        {"path": "$.skills[1].url", "condition": "duplicate"},
    ]
    refused = await school.post("/enrollment/courses/DATA-101/versions", plan)
    assert problem(refused, 422, "plan_invalid")["faults"] == found["faults"]


@pytest.mark.parametrize(
    ("bound", "condition"),
    [
        ({"weight": 1e308}, "too_great"),
        ({"weight": 1_000_001}, "too_great"),
        ({"weight": 5e-324}, "too_small"),
        ({"weight": 9e-7}, "too_small"),
        ({"attempts_allowed": 0}, "not_positive"),
        ({"attempts_allowed": 1001}, "too_many"),
    ],
)
async def test_what_grades_could_not_be_made_of_is_refused(school, bound, condition):
    lessons = [{"id": "a", "title": "A", **bound}, {"id": "b", "title": "B", "weight": 1}]
    refused = await school.post(VALIDATE, {"title": "X", "lessons": lessons})
    path = f"$.lessons[0].{next(iter(bound))}"
    assert problem(refused, 422, "plan_invalid")["faults"] == [
        {"path": path, "condition": condition}
    ]


@pytest.mark.parametrize("weight", [0, 0.000001, 1_000_000])
async def test_weights_that_can_be_told_apart_are_taken(school, weight):
    lessons = [{"id": "a", "title": "A", "weight": weight, "attempts_allowed": 1000}]
    answer = await school.post(VALIDATE, {"title": "X", "lessons": lessons})
    assert answer.status_code == 200, answer.text


async def test_a_version_says_how_long_devices_may_be_offline(school):
    await publish(school, {**PLAN, "offline_days": 7})
    plan = (await school.get("/enrollment/courses/DATA-101")).json()["plan"]
    assert plan["offline_days"] == 7
    await publish(school, PLAN)
    found = (await school.get("/enrollment/courses/DATA-101/versions/2/diff")).json()
    assert ("course", "changed", None, "offline_days") in lines(found)
    for days in (-1, 3651):
        refused = await school.post(VALIDATE, {**PLAN, "offline_days": days})
        assert problem(refused, 422, "plan_invalid")["faults"] == [
            {"path": "$.offline_days", "condition": "not_between_0_and_3650"}
        ]


async def test_a_plan_of_another_shape_is_told_every_place(school):
    lessons = [{"id": "a b", "title": "", "kind": "poem"}, {"title": "B", "wieght": 1}]
    refused = await school.post(VALIDATE, {"title": "X", "lessons": lessons})
    found = problem(refused, 400, "malformed_request")
    assert found["path"] == "$.lessons[0].id"
    assert [one["path"] for one in found["faults"]] == [
        "$.lessons[0].id",
        "$.lessons[0].title",
        "$.lessons[0].kind",
        "$.lessons[1]",
        "$.lessons[1]",
    ]
    assert "wieght" in found["faults"][4]["message"]


async def test_a_retired_course_is_not_validated(school):
    await publish(school, PLAN)
    await school.post("/enrollment/courses/DATA-101/retire")
    problem(await school.post(VALIDATE, RICH), 409, "already_retired")


@pytest.mark.parametrize("role", ["learner", "instructor", "issuer"])
async def test_only_who_keeps_the_catalog_validates(school, role):
    problem(await school.post(VALIDATE, PLAN, by=role), 403, "role_missing")


@pytest.mark.parametrize(
    ("titles", "path"),
    [({"d": "Daten"}, "key` in `$.titles"), ({"de": ""}, "$.titles[...]"), (["de"], "$.titles")],
)
async def test_translations_are_tags_and_titles(school, titles, path):
    refused = await school.post("/enrollment/courses/DATA-101/versions", {**PLAN, "titles": titles})
    assert problem(refused, 400, "malformed_request")["path"] == path


async def test_a_plan_is_read_with_its_translations_skills_and_prerequisites(school):
    await publish(school, RICH)
    plan = (await school.get("/enrollment/courses/DATA-101", by="learner")).json()["plan"]
    assert plan["titles"] == {"de": "Daten II"}
    assert plan["lessons"][0]["titles"] == {"de": "Prüfung"}
    assert plan["skills"] == [SKILL]
    assert plan["prerequisites"] == RICH["prerequisites"]


async def test_titles_are_read_in_the_language_asked_for(school):
    await publish(school, RICH)
    german = await school.get("/enrollment/courses/DATA-101?language=de-AT")
    assert german.headers["content-language"] == "de, en"
    course = german.json()
    assert (course["title"], course["plan"]["title"]) == ("Daten II", "Daten II")
    titles = [one["title"] for one in course["plan"]["lessons"]]
    assert titles == ["Prüfung", "Introduction", "Lab"]
    own = await school.get("/enrollment/courses/DATA-101?language=fr")
    assert (own.json()["title"], own.headers["content-language"]) == ("Data II", "en")
    assert (await school.get("/enrollment/courses/DATA-101")).headers["content-language"] == "en"
    again = await school.get(
        "/enrollment/courses/DATA-101?language=de-AT", etag=german.headers["etag"]
    )
    assert again.status_code == 304
    problem(await school.get("/enrollment/courses/DATA-101?language=d"), 400, "malformed_request")
    versions = (await school.get("/enrollment/courses/DATA-101/versions?language=de-AT")).json()
    assert [one["title"] for one in versions["versions"]] == ["Daten II"]


async def test_a_draft_is_read_in_no_language(school):
    await school.put("/enrollment/courses/DATA-101", {"title": "Data"})
    draft = await school.get("/enrollment/courses/DATA-101?language=de")
    assert (draft.json()["title"], draft.json()["plan"]) == ("Data", None)
    assert "content-language" not in draft.headers
    first = await school.get("/enrollment/courses/DATA-101?version=1")
    assert problem(first, 404, "unknown_course_version")["latest"] == 0


async def test_the_versions_of_a_course_are_listed(school):
    problem(await school.get("/enrollment/courses/DATA-101/versions"), 404, "unknown_course")
    await publish(school, {**PLAN, "occurred_at": "2026-01-05T09:00:00+01:00"}, RICH)
    answer = await school.get("/enrollment/courses/DATA-101/versions", by="learner")
    listed = answer.json()
    assert (listed["course"], listed["retired_at"]) == ("DATA-101", None)
    assert [(one["version"], one["title"], one["lessons"]) for one in listed["versions"]] == [
        (1, "Data", 2),
        (2, "Data II", 3),
    ]
    assert listed["versions"][0]["published_at"] == "2026-01-05T08:00:00Z"
    seen = {"etag": answer.headers["etag"]}
    again = await school.get("/enrollment/courses/DATA-101/versions", **seen)
    assert again.status_code == 304


async def test_a_version_says_what_it_changed(school):
    await publish(school, PLAN, RICH)
    found = (await school.get("/enrollment/courses/DATA-101/versions/2/diff")).json()
    assert (found["from"], found["to"]) == (1, 2)
    assert lines(found) == [
        ("course", "changed", None, "title"),
        ("course", "added", None, "titles.de"),
        ("lesson", "moved", "exam", None),
        ("lesson", "changed", "exam", "weight"),
        ("lesson", "added", "exam", "titles.de"),
        ("lesson", "added", "lab", None),
        ("skill", "added", SKILL["url"], None),
        ("prerequisite", "added", "course DATA-100", None),
    ]
    weight = found["differences"][3]
    assert (weight["place"], weight["old"], weight["new"]) == (1, 1.0, 2.0)


async def test_a_diff_is_between_any_two_versions(school):
    await publish(school, PLAN, RICH, PLAN)
    third = "/enrollment/courses/DATA-101/versions/3/diff"
    assert (await school.get(f"{third}?from=1")).json()["differences"] == []
    assert len((await school.get(third)).json()["differences"]) == 8
    first = (await school.get("/enrollment/courses/DATA-101/versions/1/diff")).json()
    assert (first["from"], {one["kind"] for one in first["differences"]}) == (0, {"added"})
    missing = await school.get(f"{third}?from=4")
    assert problem(missing, 404, "unknown_course_version")["latest"] == 3
    for number in (4, 0):
        missing = await school.get(f"/enrollment/courses/DATA-101/versions/{number}/diff")
        problem(missing, 404, "unknown_course_version")
    problem(await school.get(f"{third}?from=-1"), 400, "malformed_request")


async def test_an_offering_takes_over_what_its_version_asks_for(school):
    await publish(school, RICH)
    opened = await school.put("/enrollment/offerings/spring", {"course": "DATA-101"})
    assert opened.json()["prerequisites"] == RICH["prerequisites"]
    missing = problem(await school.enroll("ana"), 409, "prerequisites_missing")
    assert missing["missing"][0]["course"] == "DATA-100"
    own = await school.put(
        "/enrollment/offerings/open", {"course": "DATA-101", "prerequisites": []}
    )
    assert own.json()["prerequisites"] == []


@pytest.mark.parametrize(
    ("one", "path"),
    [
        ({"type": "course_passed", "course": "../x"}, "$.prerequisites[0].course"),
        ({"type": "achievement_held", "achievement": "a\x00b"}, "$.prerequisites[0].achievement"),
        ({"type": "age", "years": 18}, "$.prerequisites[0].type"),
    ],
)
@pytest.mark.parametrize(
    "place", ["/enrollment/offerings/spring", "/enrollment/courses/DATA-101/versions"]
)
async def test_prerequisites_name_what_there_can_be(school, place, one, path):
    await publish(school, PLAN)
    method, body = ("PUT", {"course": "DATA-101"}) if "spring" in place else ("POST", PLAN)
    refused = await school.ask(method, place, {**body, "prerequisites": [one]})
    assert problem(refused, 400, "malformed_request")["path"] == path
