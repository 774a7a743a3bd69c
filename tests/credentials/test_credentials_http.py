"""The credentials service over HTTP, fed with completed courses as its policy would be."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from tests.clients import School, school_of
from tests.credentials.scenes import day, program
from tests.tenants import new_tenant

from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired, Lesson
from milepost.contracts.progress import (
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
)
from milepost.credentials.app import service
from milepost.credentials.domain.achievements.catalog import PROGRAM as PROGRAMS
from milepost.credentials.domain.achievements.criteria_warnings import COURSE
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.events.streams import Category
from milepost.web.room import Context
from milepost.web.settings import Settings

Fact = CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
PROGRESS: Category[None, Fact] = Category(
    "progress", lambda: None, lambda _state, _event: None, Codec(Fact)
)
BADGE = {"name": "Badge", "criteria": {"type": "course_passed", "course": "AAA", "min_grade": 0.4}}
PROGRAM = {"name": "Program", "criteria": {"type": "achievement_held", "achievement": "badge"}}


def written(event, _):
    return [event]


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("credentials"))
    transactor = Transactor(MemoryLog())
    nowhere: Any = None  # nothing is asked of the database
    services = [service(Context(transactor, settings, nowhere))]
    async with school_of(services, transactor, settings, by="issuer", subject="ivy") as school:
        yield school
    await transactor.close()


@pytest.fixture
def school(application: School) -> School:
    """One that nothing has happened at."""
    return application.of(new_tenant())


async def complete(school, learner, course="AAA", grade=0.8, on=0):
    """A course completion in the log, and the policy's reaction to it; its position."""
    run = str(uuid4())
    return await happens(school, CourseCompleted, learner, course, on, enrollment=run, grade=grade)


async def happens(school, fact, learner, course, on, *, enrollment, **facts):
    """Of this kind of fact one in the log, and the policy's reaction to it; its position."""
    event = fact(
        enrollment=enrollment,
        learner=learner,
        offering=f"{course}-2026",
        course=course,
        version=1,
        occurred_at=day(on),
        **facts,
    )
    outcome = await school.transactor.transact(
        school.tenant, PROGRESS.of(enrollment), lambda _: [event]
    )
    await school.hear(outcome.events[0])
    return outcome.position


def problem(answer, status, name):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["type"] == f"urn:milepost:problem:{name}"
    return body


async def test_an_achievement_is_defined_read_and_defined_anew_only_when_changed(school):
    first = await school.define("badge", BADGE)
    assert (first["version"], first["retired"]) == (1, False)
    assert (await school.define("badge", BADGE))["version"] == 1
    assert (await school.define("badge", {**BADGE, "validity_days": 30}))["version"] == 2
    read = (await school.get("/credentials/achievements/badge", by="learner")).json()
    assert read["validity_days"] == 30
    assert read["criteria"] == BADGE["criteria"]


WHOLE = BADGE | {
    "narrative": "Pass the course.",
    "validity_days": 730,
    "renewal_days": 60,
    "embargo_until": "2027-01-01T00:00:00Z",
    "held_for_release": True,
    "evidence_rule": "positions",
    "description": "Works with data.",
    "achievement_type": "ext:Nanodegree",
    "skills": [
        {"name": "Ask data", "url": "https://s.example/1", "framework": "ESCO", "code": "1"}
    ],
    "tags": ["data"],
    "image": None,
    "language": "en",
    "names": {"de": "Abzeichen"},
    "issuer": "default",
    "co_issuers": [],
    "revoke_when_fallen": True,
    "visibility": "public",
    "european": {
        "learning_outcomes": ["Asks data."],
        "workload_hours": 50.0,
        "ects": 2.0,
        "eqf_level": 5,
        "assessment_type": "Exam",
        "participation": "Online",
        "quality_assurance": "Accredited",
        "supervision": None,
        "grade": None,
        "integration": None,
    },
}


async def test_a_whole_definition_comes_back_as_it_was_stated_and_stays_as_a_version(school):
    await school.define("badge", BADGE)
    second = await school.define("badge", WHOLE)
    shown = (await school.get("/credentials/achievements/badge")).json()
    assert {name: shown[name] for name in WHOLE} == WHOLE | {
        "criteria": {"type": "course_passed", "course": "AAA", "min_grade": 0.4}
    }
    assert second["version"] == shown["version"] == shown["latest_version"] == 2
    again = {name: shown[name] for name in WHOLE}
    assert (await school.define("badge", again))["version"] == 2
    path = "/credentials/achievements/badge/versions"
    listed = (await school.get(path)).json()["versions"]
    assert [(one["version"], one["name"]) for one in listed] == [(1, "Badge"), (2, "Badge")]
    first = (await school.get(f"{path}/1")).json()
    assert (first["version"], first["latest_version"], first["skills"]) == (1, 2, [])
    unknown = await school.get(f"{path}/3")
    assert problem(unknown, 404, "unknown_achievement_version")["latest"] == 2


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("$.renewal_days", {"renewal_days": -1}),
        ("$.achievement_type", {"achievement_type": "Trophy"}),
        ("$.skills[0].url", {"skills": [{"name": "x", "url": "javascript:alert(1)"}]}),
        ("$.european.eqf_level", {"european": {"eqf_level": 9}}),
        ("$.image", {"image": "../../etc/passwd"}),
        ("$.visibility", {"visibility": "friends"}),
    ],
)
async def test_every_bound_of_a_definition_is_told_with_its_path(school, path, part):
    answer = await school.put("/credentials/achievements/badge", BADGE | part)
    assert problem(answer, 400, "malformed_request")["path"] == path


async def test_faults_between_fields_are_told_at_once(school):
    body = BADGE | {"renewal_days": 1, "names": {"EN": "Badge"}}
    refused = await school.put("/credentials/achievements/badge", body)
    assert problem(refused, 422, "definition_invalid")["faults"] == [
        {"path": "$.names.EN", "condition": "is_the_language"},
        {"path": "$.renewal_days", "condition": "never_ends"},
    ]


async def test_achievements_are_listed_page_by_page(school):
    for code in ("c", "a", "b"):
        await school.define(code, BADGE)
    seen: list[list[str]] = []
    after: str | None = ""
    while after is not None:
        page = (await school.get(f"/credentials/achievements?limit=2&after={after}")).json()
        seen.append([one["achievement"] for one in page["achievements"]])
        after = page["next"]
    assert seen == [["a", "b"], ["c"]]


async def test_criteria_that_cannot_come_true_as_things_are_are_told(school):
    async def happens(course, *events):
        await school.transactor.transact(school.tenant, COURSE.of(course), lambda _: list(events))

    facts: dict[str, Any] = {"version": 1, "title": "A", "lessons": (Lesson(id="a", title="A"),)}
    await happens("DRAFT", CourseDrafted(course="DRAFT", title="D", occurred_at=day(0)))
    published = CoursePublished(course="AAA", occurred_at=day(0), **facts)
    await happens("AAA", published)
    await happens("OLD", published, CourseRetired(course="OLD", occurred_at=day(1)))
    assert (await school.define("badge", BADGE))["warnings"] == []
    await school.define("gone", BADGE)
    await school.post("/credentials/achievements/gone/retire")
    named = ("AAA", "DRAFT", "NONE", "OLD", "NONE")
    criteria = [{"type": "course_passed", "course": course} for course in named]
    needed = [{"type": "achievement_held", "achievement": one} for one in ("badge", "gone")]
    whole = {"type": "all_of", "criteria": [*criteria, *needed]}
    expected = [
        {"condition": "unpublished_course", "course": "DRAFT"},
        {"condition": "unknown_course", "course": "NONE"},
        {"condition": "retired_course", "course": "OLD"},
        {"condition": "retired_achievement", "achievement": "gone"},
    ]
    for _ in range(2):  # also when nothing changes
        defined = await school.define("whole", {"name": "Whole", "criteria": whole})
        assert (defined["version"], defined["warnings"]) == (1, expected)
    await happens("NONE", CoursePublished(course="NONE", occurred_at=day(2), **facts))
    defined = await school.define("whole", {"name": "Whole", "criteria": whole})
    assert expected[1] not in defined["warnings"]


async def test_a_completed_course_shows_up_as_a_credential(school):
    await school.define("badge", BADGE)
    await school.define("program", PROGRAM)
    position = await complete(school, "ana", on=3)
    record = (
        await school.get("/credentials/learners/ana/record", subject="ana", by="learner")
    ).json()
    assert [result["course"] for result in record["results"]] == ["AAA"]
    badge, program = record["credentials"]
    assert (badge["achievement"], badge["status"]) == ("badge", "active")
    assert badge["evidence"][0]["position"] == position
    assert program["evidence"][0]["credential"] == badge["credential"]


async def test_a_redelivered_completion_awards_nothing_twice(school):
    await school.define("badge", BADGE)
    position = await complete(school, "ana")
    (recorded,) = await school.transactor.log.read(school.tenant, position - 1, 1)
    head = await school.transactor.log.heads()
    await school.hear(recorded)
    assert await school.transactor.log.heads() == head


async def test_a_definition_just_made_counts_for_the_next_completion(school):
    await complete(school, "ana")
    await school.define("badge", BADGE)
    await complete(school, "ben")
    assert (await school.get("/credentials/learners/ana/record")).json()["credentials"] == []
    assert len((await school.get("/credentials/learners/ben/record")).json()["credentials"]) == 1


async def test_the_standing_explains_what_holds_and_what_is_missing(school):
    both = {
        "type": "all_of",
        "criteria": [BADGE["criteria"], {"type": "course_passed", "course": "BBB"}],
    }
    await school.define("pair", {"name": "Pair", "criteria": both})
    position = await complete(school, "ana", on=3)
    standing = (await school.get("/credentials/learners/ana/achievements/pair")).json()
    assert standing["held"] is None
    condition = standing["condition"]
    assert condition["holds"] is False
    first, second = condition["conditions"]
    assert (first["holds"], first["position"]) == (True, position)
    assert first["since"] == "2026-02-05T09:00:00Z"
    assert second == {
        "kind": "course_passed",
        "holds": False,
        "because": "not_completed",
        "course": "BBB",
        "min_grade": 0.0,
    }


async def test_those_who_passed_before_the_definition_are_awarded_on_evaluation(school):
    for learner in ("ana", "ben"):
        await complete(school, learner)
    await complete(school, "cho", grade=0.1)
    await school.define("badge", BADGE)
    learners = {"learners": ["ana", "ben", "cho", "dan", "ana"]}
    answer = await school.post("/credentials/achievements/badge/evaluate", learners)
    results = {one["learner"]: one for one in answer.json()["results"]}
    assert {name: one["outcome"] for name, one in results.items()} == {
        "ana": "awarded",
        "ben": "awarded",
        "cho": "not_yet",
        "dan": "not_yet",
    }
    assert results["cho"]["condition"]["grade"] == 0.1
    again = (await school.post("/credentials/achievements/badge/evaluate", learners)).json()
    assert again["results"][0]["outcome"] == "already_held"
    heads = await school.transactor.log.heads()
    assert int(answer.headers["Milepost-Position"]) == heads[school.tenant]


async def test_an_evaluation_repeated_with_its_key_is_answered_as_before(school):
    await complete(school, "ana")
    await school.define("badge", BADGE)
    path, learners = "/credentials/achievements/badge/evaluate", {"learners": ["ana"]}
    first = await school.post(path, learners, key="k1")
    again = await school.post(path, learners, key="k1")
    assert again.json() == first.json()
    assert again.json()["results"][0]["outcome"] == "awarded"
    other = await school.post(path, {"learners": ["ana", "ben"]}, key="k1")
    problem(other, 422, "idempotency_key_reused")


async def test_evaluating_a_thousand_learners_answers_each(school):
    await school.define("badge", BADGE)
    learners = [f"learner-{n}" for n in range(1_000)]
    answer = await school.post("/credentials/achievements/badge/evaluate", {"learners": learners})
    assert [one["learner"] for one in answer.json()["results"]] == learners
    many = await school.post(
        "/credentials/achievements/badge/evaluate", {"learners": [*learners, "x"]}
    )
    assert problem(many, 400, "malformed_request")["path"] == "$.learners"


async def test_a_grade_that_fell_is_flagged_and_a_person_lets_the_credential_stand(school):
    await school.define("badge", BADGE)
    await school.define("program", PROGRAM)
    ana = {"learner": "ana", "course": "AAA", "enrollment": "e-1"}
    await happens(school, CourseCompleted, on=1, grade=0.3, **ana)
    await happens(school, CourseGradeChanged, on=2, grade=0.8, because="attempt", **ana)
    fell = await happens(
        school, CourseGradeChanged, on=3, grade=0.1, because="score_revised", passing=False, **ana
    )
    record = (await school.get("/credentials/learners/ana/record")).json()
    assert [one["grade"] for one in record["results"]] == [0.1]
    badge, program = record["credentials"]
    flag = {"reason": "grade_fell", "at": "2026-02-05T09:00:00Z", "position": fell}
    assert badge["flag"] == program["flag"] == flag
    assert badge["status"] == "active"
    path = f"/credentials/learners/ana/credentials/{badge['credential']}/flag/lift"
    assert (await school.post(path, {"reason": "appeal"}, by="learner")).status_code == 403
    answer = await school.post(path, {"reason": "appeal"}, key="k1")
    assert answer.json()["flag"] is None
    again = await school.post(path, {"reason": "appeal"}, key="k1")
    assert again.json() == answer.json()
    problem(await school.post(path, {"reason": "appeal"}), 409, "not_flagged")
    record = (await school.get("/credentials/learners/ana/record")).json()
    assert [one["flag"] for one in record["credentials"]] == [None, None]
    await happens(school, CourseCompletionRevoked, on=4, reason="misconduct", **ana)
    record = (await school.get("/credentials/learners/ana/record")).json()
    assert record["results"] == []
    assert record["credentials"][0]["flag"]["reason"] == "completion_revoked"


async def test_a_person_awards_and_revokes_with_reason_codes(school):
    await school.define("badge", BADGE)
    await school.define("program", PROGRAM)
    award = {"achievement": "badge", "reason": "prior_learning"}
    answer = await school.award("ana", award)
    assert answer.status_code == 201
    badge = answer.json()
    assert (badge["awarded_by"], badge["reason"]) == ("ivy", "prior_learning")
    own = {"by": "learner", "subject": "ana"}
    record = (await school.get("/credentials/learners/ana/record", **own)).json()
    assert [one["awarded_by"] for one in record["credentials"]] == ["person", "policy"]
    standing = await school.get("/credentials/learners/ana/achievements/badge", **own)
    assert standing.json()["held"]["awarded_by"] == "person"
    held = problem(
        await school.award("ana", award),
        409,
        "already_held",
    )
    assert held["credential"] == badge["credential"]
    path = f"/credentials/learners/ana/credentials/{badge['credential']}/revoke"
    answer = await school.post(path, {"reason": "misconduct"})
    revoked = answer.json()
    assert revoked["credential"]["status"] == "revoked"
    assert revoked["credential"]["revoked"]["reason"] == "misconduct"
    assert [one["achievement"] for one in revoked["resting_on_it"]] == ["program"]
    again = await school.post(path, {"reason": "misconduct"})
    assert problem(again, 409, "already_revoked")["reason"] == "misconduct"
    ghost = await school.post("/credentials/learners/ana/credentials/ghost/revoke", {"reason": "x"})
    problem(ghost, 404, "not_held")


async def test_a_revoked_credential_stays_revoked_when_evaluated(school):
    await school.define("badge", BADGE)
    await complete(school, "ana")
    credential = (await school.get("/credentials/learners/ana/record")).json()["credentials"][0][
        "credential"
    ]
    await school.post(f"/credentials/learners/ana/credentials/{credential}/revoke", {"reason": "x"})
    answer = await school.post("/credentials/achievements/badge/evaluate", {"learners": ["ana"]})
    assert answer.json()["results"][0]["outcome"] == "revoked_before"


async def test_a_command_repeated_with_its_key_is_answered_as_before(school):
    await school.define("badge", BADGE)
    award = {"achievement": "badge", "reason": "prior_learning"}
    first = await school.award("ana", award, key="k1")
    again = await school.award("ana", award, key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Milepost-Position"] == first.headers["Milepost-Position"]
    other = {**award, "reason": "other"}
    answer = await school.award("ana", other, key="k1")
    problem(answer, 422, "idempotency_key_reused")


async def test_an_expired_credential_says_so(school):
    await school.define("badge", {**BADGE, "validity_days": 1})
    award = {"achievement": "badge", "reason": "r", "occurred_at": "2020-01-01T00:00:00Z"}
    answer = await school.award("ana", award)
    assert answer.json()["status"] == "expired"


async def test_a_retired_achievement_is_refused(school):
    await school.define("badge", BADGE)
    assert (await school.post("/credentials/achievements/badge/retire")).json()["retired"]
    assert (await school.post("/credentials/achievements/badge/retire")).json()["retired"]
    answer = await school.put("/credentials/achievements/badge", {**BADGE, "name": "New"})
    problem(answer, 409, "retired_achievement")
    answer = await school.post("/credentials/achievements/badge/evaluate", {"learners": ["ana"]})
    problem(answer, 409, "retired_achievement")


async def test_criteria_that_make_no_sense_are_refused(school):
    async def put(criteria):
        return await school.put("/credentials/achievements/x", {"name": "X", "criteria": criteria})

    unknown = await put({"type": "achievement_held", "achievement": "nonsense"})
    assert problem(unknown, 422, "unknown_criteria")["achievements"] == ["nonsense"]
    problem(await put({"type": "achievement_held", "achievement": "x"}), 422, "circular_criteria")
    problem(await put({"type": "any_of", "criteria": []}), 422, "impossible_criteria")
    deep: dict[str, Any] = {"type": "course_passed", "course": "AAA"}
    for _ in range(9):
        deep = {"type": "all_of", "criteria": [deep]}
    problem(await put(deep), 422, "oversized_criteria")


@pytest.mark.parametrize(
    ("criteria", "path"),
    [
        ({"type": "course_passed", "course": "AAA", "min_grade": 1.1}, "$.criteria.min_grade"),
        ({"type": "course_passed", "course": "AAA", "min_grad": 0.5}, "$.criteria"),
        ({"type": "wish"}, "$.criteria.type"),
        ({"type": "all_of", "criteria": [{"type": "course_passed"}]}, "$.criteria.criteria[0]"),
        ("AAA", "$.criteria"),
    ],
)
async def test_malformed_criteria_are_answered_with_their_path(school, criteria, path):
    answer = await school.put("/credentials/achievements/x", {"name": "X", "criteria": criteria})
    assert problem(answer, 400, "malformed_request")["path"] == path


async def test_a_bottomless_tree_is_bad_input_not_a_crash(school):
    deep = '{"type":"all_of","criteria":[' * 20_000 + "]}" * 20_000
    answer = await school.put(
        "/credentials/achievements/x",
        content='{"name":"X","criteria":' + deep + "}",
        headers={"Content-Type": "application/json"},
    )
    problem(answer, 400, "malformed_request")


async def test_unknown_things_and_impossible_names_are_refused(school):
    problem(await school.get("/credentials/achievements/none"), 404, "unknown_achievement")
    problem(
        await school.get("/credentials/learners/ana/achievements/none"), 404, "unknown_achievement"
    )
    award = {"achievement": "none", "reason": "r"}
    answer = await school.award("ana", award)
    problem(answer, 404, "unknown_achievement")
    for name in ("%00", "a%20b", "x" * 129, "%0A"):
        problem(await school.get(f"/credentials/learners/{name}/record"), 400, "malformed_request")


async def test_a_future_award_is_refused(school):
    await school.define("badge", BADGE)
    award = {"achievement": "badge", "reason": "r", "occurred_at": "2999-01-01T00:00:00Z"}
    answer = await school.award("ana", award)
    problem(answer, 422, "occurred_in_future")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
async def test_nothing_is_awarded_or_revoked_before_the_calendar(school, at):
    await school.define("badge", BADGE)
    award = {"achievement": "badge", "reason": "r"}
    made = await school.award("ana", award)
    early = {**award, "occurred_at": at}
    problem(
        await school.award("ben", early),
        400,
        "malformed_request",
    )
    path = f"/credentials/learners/ana/credentials/{made.json()['credential']}/revoke"
    answer = await school.post(path, {"reason": "error", "occurred_at": at})
    problem(answer, 400, "malformed_request")


async def test_only_who_may_issue_defines_awards_and_revokes(school):
    await school.define("badge", BADGE)
    commands = [
        ("PUT", "/credentials/achievements/badge", BADGE),
        ("POST", "/credentials/achievements/badge/retire", None),
        ("POST", "/credentials/achievements/badge/evaluate", {"learners": ["ana"]}),
        ("POST", "/credentials/learners/ana/credentials", {"achievement": "badge", "reason": "r"}),
        ("POST", "/credentials/learners/ana/credentials/x/revoke", {"reason": "r"}),
    ]
    head = await school.transactor.log.heads()
    for method, path, body in commands:
        answer = await school.ask(method, path, body, subject="ana", by="learner")
        problem(answer, 403, "role_missing")
    assert await school.transactor.log.heads() == head


async def test_learners_read_their_own_record_only(school):
    await school.define("badge", BADGE)
    for path in (
        "/credentials/learners/ana/record",
        "/credentials/learners/ana/achievements/badge",
    ):
        assert (await school.get(path, subject="ana", by="learner")).status_code == 200
        other = await school.get(path, subject="ben", by="learner")
        problem(other, 403, "not_your_own")


async def test_another_school_sees_nothing(school):
    await school.define("badge", BADGE)
    await complete(school, "ana")
    problem(
        await school.get("/credentials/achievements/badge", tenant="other"),
        404,
        "unknown_achievement",
    )
    assert (await school.get("/credentials/learners/ana/record", tenant="other")).json()[
        "credentials"
    ] == []


async def test_who_has_the_latest_is_told_so_until_it_changes(school):
    await school.define("badge", BADGE)
    paths = (
        "/credentials/achievements/badge",
        "/credentials/learners/ann/record",
        "/credentials/learners/ann/achievements/badge",
    )
    seen = {path: (await school.get(path)).headers["etag"] for path in paths}
    for path, etag in seen.items():
        assert (await school.get(path, etag=etag)).status_code == 304
    await complete(school, "ann")
    assert (await school.get(paths[0], etag=seen[paths[0]])).status_code == 304
    for path in paths[1:]:
        assert (await school.get(path, etag=seen[path])).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("$.name", {**BADGE, "name": "a\x00"}),
        ("$.narrative", {**BADGE, "narrative": "\x00"}),
        ("$.criteria.course", {**BADGE, "criteria": {"type": "course_passed", "course": "\x00"}}),
    ],
)
async def test_what_postgres_cannot_store_is_refused_before_it(school, path, body):
    answer = await school.put("/credentials/achievements/badge", body)
    assert problem(answer, 400, "malformed_request")["path"] == path


async def test_the_interface_is_described_with_examples(school):
    described = (await school.connection.get("/schema/openapi.json")).json()
    put = described["paths"]["/credentials/achievements/{achievement}"]["put"]
    refused = put["responses"]["422"]["content"]["application/problem+json"]["examples"]
    assert "circular_criteria" in refused
    body = described["components"]["schemas"]["AchievementDefinition"]
    assert body["properties"]["criteria"]["examples"][0]["type"] == "all_of"


async def test_nothing_is_revoked_before_it_was_awarded(school):
    await school.define("badge", BADGE)
    award = {"achievement": "badge", "reason": "prior_learning"}
    badge = (await school.award("ana", award)).json()
    path = f"/credentials/learners/ana/credentials/{badge['credential']}/revoke"
    early = {"reason": "misconduct", "occurred_at": "2026-01-01T00:00:00Z"}
    refused = problem(await school.post(path, early), 409, "not_yet_awarded")
    assert refused["awarded_at"] == badge["awarded_at"]
    assert (await school.post(path, {"reason": "misconduct"})).status_code == 200


async def test_no_two_schools_give_the_same_credential(school):
    award = {"achievement": "badge", "reason": "prior_learning"}
    given = set()
    for one in (school, school.of("other")):
        await one.define("badge", BADGE)
        given.add((await one.award("ana", award)).json()["credential"])
    assert len(given) == 2


async def test_two_persons_approve_and_nobody_else_learns_who(school):
    asked = {"type": "approved", "persons": 2}
    criteria = {"type": "all_of", "criteria": [BADGE["criteria"], asked]}
    await school.define("badge", BADGE | {"criteria": criteria})
    await complete(school, "ana")
    path = "/credentials/learners/ana/achievements/badge"
    given = (await school.post(f"{path}/approve", {"reason": "seen"})).json()
    assert (given["persons"], given["credential"]) == (2, None)
    assert [one["approved_by"] for one in given["approvals"]] == ["ivy"]
    problem(await school.post(f"{path}/approve", {}, by="service"), 403, "role_missing")
    own = await school.post(f"{path}/approve", {}, by="registrar", subject="ana")
    problem(own, 403, "own_award")
    standing = await school.get(path, by="learner", subject="ana")
    approval = standing.json()["condition"]["conditions"][1]
    assert (approval["approved"], approval["missing"]) == (1, 1)
    given = (await school.post(f"{path}/approve", {}, by="registrar", subject="rob")).json()
    assert [one["approved_by"] for one in given["approvals"]] == ["ivy", "rob"]
    record = await school.get("/credentials/learners/ana/record", by="learner", subject="ana")
    [credential] = record.json()["credentials"]
    assert credential["credential"] == given["credential"]
    for answer in (standing, record):
        assert "ivy" not in answer.text
        assert "rob" not in answer.text
    problem(await school.post(f"{path}/approval/withdraw", {"reason": "r"}), 409, "already_held")
    problem(await school.get(f"{path}/approvals", by="learner", subject="ana"), 403, "role_missing")
    assert (await school.get(f"{path}/approvals")).json() == given


async def test_a_learner_sees_how_far_towards_each_program(school):
    await school.define("badge", BADGE)
    other = {"name": "Other", "criteria": {"type": "course_passed", "course": "BBB"}}
    await school.define("other", other)
    for code, parts in (("low", ("badge", "other")), ("high", ("top",)), ("zero", ("other",))):
        event = program(*parts, code=code).definition
        await school.transactor.transact(school.tenant, PROGRAMS.of(code), partial(written, event))
    stacked = {"name": "Top", "criteria": {"type": "program_completed", "program": "low"}}
    await school.define("top", stacked)
    await complete(school, "ana")
    own = {"by": "learner", "subject": "ana"}
    found = (await school.get("/credentials/learners/ana/programs/high", **own)).json()
    high, [low] = found["program"], found["beneath"]
    assert (high["program"], high["held"], high["needed"], high["share"]) == ("high", 0, 1, 0.5)
    assert [one["held"] for one in low["parts"]] == [True, False]
    listed = (await school.get("/credentials/learners/ana/programs", limit=2, **own)).json()
    assert ([one["program"] for one in listed["programs"]], listed["next"]) == (
        ["high", "low"],
        "low",
    )
    rest = await school.get("/credentials/learners/ana/programs", after="low", **own)
    assert [one["program"] for one in rest.json()["programs"]] == ["zero"]
    problem(await school.get("/credentials/learners/ben/programs", **own), 403, "not_your_own")
    unknown = await school.get("/credentials/learners/ana/programs/none", **own)
    problem(unknown, 404, "unknown_program")
