"""The credentials service over HTTP, fed with completed courses as its policy would be."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from litestar.testing import AsyncTestClient
from tests.credentials.scenes import day
from tests.documented import documented

from milepost.contracts.progress import CourseCompleted
from milepost.credentials.app import service
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.policies.policy import reaction_id
from milepost.events.store.memory import MemoryLog
from milepost.events.streams import Category
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context, Service
from milepost.web.settings import Settings

PROGRESS: Category[None, CourseCompleted] = Category(
    "progress", lambda: None, lambda _state, _event: None, Codec(CourseCompleted)
)
BADGE = {"name": "Badge", "criteria": {"type": "course_passed", "course": "AAA", "min_grade": 0.4}}
PROGRAM = {"name": "Program", "criteria": {"type": "achievement_held", "achievement": "badge"}}


class School:
    """A running service, and the means to talk to it as anybody."""

    def __init__(
        self, client: Any, transactor: Transactor, service: Service, issuer: DevelopmentIssuer
    ) -> None:
        self.client = client
        self.transactor = transactor
        self.service = service
        self.issuer = issuer

    async def call(
        self,
        method,
        path,
        body=None,
        *,
        subject="ivy",
        roles=("issuer",),
        tenant="school",
        key=None,
        etag=None,
    ):
        token = self.issuer.issue(subject, tenant, roles)
        headers = {"Authorization": f"Bearer {token}"}
        if key:
            headers["Idempotency-Key"] = key
        if etag:
            headers["If-None-Match"] = etag
        return await self.client.request(method, f"/credentials{path}", json=body, headers=headers)

    async def get(self, path, **caller):
        return await self.call("GET", path, **caller)

    async def define(self, achievement, definition):
        answer = await self.call("PUT", f"/achievements/{achievement}", definition)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def complete(self, learner, course="AAA", grade=0.8, on=0):
        """A course completion in the log, and the policy's reaction to it; its position."""
        enrollment = str(uuid4())
        completed = CourseCompleted(
            enrollment=enrollment,
            learner=learner,
            offering=f"{course}-2026",
            course=course,
            version=1,
            grade=grade,
            occurred_at=day(on),
        )
        outcome = await self.transactor.transact(
            "school", PROGRESS.of(enrollment), lambda _: [completed]
        )
        await self.deliver(outcome.events[0])
        return outcome.position

    async def deliver(self, recorded):
        (policy,) = self.service.policies
        for number, reaction in enumerate(await policy.react(recorded)):
            await self.transactor.transact(
                recorded.tenant,
                reaction.stream,
                reaction.decide,
                command_id=reaction_id(policy.name, recorded.event_id, number),
            )


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path)
    transactor = Transactor(MemoryLog())
    nowhere = cast("Any", None)  # nothing is asked of the database
    credentials = service(Context(transactor, settings, nowhere))
    app = create_app(
        [credentials],
        settings,
        TokenVerifier(settings),
        ready={},
        on_shutdown=[transactor.close],
    )
    async with AsyncTestClient(app) as client:
        client.event_hooks = documented(app)
        yield School(client, transactor, credentials, DevelopmentIssuer(tmp_path))


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
    read = (await school.get("/achievements/badge", roles=("learner",))).json()
    assert read["validity_days"] == 30
    assert read["criteria"] == BADGE["criteria"]


async def test_a_completed_course_shows_up_as_a_credential(school):
    await school.define("badge", BADGE)
    await school.define("program", PROGRAM)
    position = await school.complete("ana", on=3)
    record = (await school.get("/learners/ana/record", subject="ana", roles=("learner",))).json()
    assert [result["course"] for result in record["results"]] == ["AAA"]
    badge, program = record["credentials"]
    assert (badge["achievement"], badge["status"]) == ("badge", "active")
    assert badge["evidence"][0]["position"] == position
    assert program["evidence"][0]["credential"] == badge["credential"]


async def test_a_redelivered_completion_awards_nothing_twice(school):
    await school.define("badge", BADGE)
    position = await school.complete("ana")
    (recorded,) = await school.transactor.log.read("school", position - 1, 1)
    head = await school.transactor.log.heads()
    await school.deliver(recorded)
    assert await school.transactor.log.heads() == head


async def test_a_definition_just_made_counts_for_the_next_completion(school):
    await school.complete("ana")
    await school.define("badge", BADGE)
    await school.complete("ben")
    assert (await school.get("/learners/ana/record")).json()["credentials"] == []
    assert len((await school.get("/learners/ben/record")).json()["credentials"]) == 1


async def test_the_standing_explains_what_holds_and_what_is_missing(school):
    both = {
        "type": "all_of",
        "criteria": [BADGE["criteria"], {"type": "course_passed", "course": "BBB"}],
    }
    await school.define("pair", {"name": "Pair", "criteria": both})
    position = await school.complete("ana", on=3)
    standing = (await school.get("/learners/ana/achievements/pair")).json()
    assert standing["held"] is None
    condition = standing["condition"]
    assert condition["holds"] is False
    first, second = condition["conditions"]
    assert (first["holds"], first["position"]) == (True, position)
    assert first["since"] == "2026-02-05T09:00:00Z"
    assert second == {"kind": "course_passed", "holds": False, "course": "BBB", "min_grade": 0.0}


async def test_those_who_passed_before_the_definition_are_awarded_on_evaluation(school):
    for learner in ("ana", "ben"):
        await school.complete(learner)
    await school.complete("cho", grade=0.1)
    await school.define("badge", BADGE)
    learners = {"learners": ["ana", "ben", "cho", "dan", "ana"]}
    answer = await school.call("POST", "/achievements/badge/evaluate", learners)
    results = {one["learner"]: one for one in answer.json()["results"]}
    assert {name: one["outcome"] for name, one in results.items()} == {
        "ana": "awarded",
        "ben": "awarded",
        "cho": "not_yet",
        "dan": "not_yet",
    }
    assert results["cho"]["condition"]["grade"] == 0.1
    again = (await school.call("POST", "/achievements/badge/evaluate", learners)).json()
    assert again["results"][0]["outcome"] == "already_held"
    heads = await school.transactor.log.heads()
    assert int(answer.headers["Milepost-Position"]) == heads["school"]


async def test_an_evaluation_repeated_with_its_key_is_answered_as_before(school):
    await school.complete("ana")
    await school.define("badge", BADGE)
    path, learners = "/achievements/badge/evaluate", {"learners": ["ana"]}
    first = await school.call("POST", path, learners, key="k1")
    again = await school.call("POST", path, learners, key="k1")
    assert again.json() == first.json()
    assert again.json()["results"][0]["outcome"] == "awarded"
    other = await school.call("POST", path, {"learners": ["ana", "ben"]}, key="k1")
    problem(other, 422, "idempotency_key_reused")


async def test_evaluating_a_thousand_learners_answers_each(school):
    await school.define("badge", BADGE)
    learners = [f"learner-{n}" for n in range(1_000)]
    answer = await school.call("POST", "/achievements/badge/evaluate", {"learners": learners})
    assert [one["learner"] for one in answer.json()["results"]] == learners
    many = await school.call("POST", "/achievements/badge/evaluate", {"learners": [*learners, "x"]})
    assert problem(many, 400, "malformed_request")["path"] == "$.learners"


async def test_a_person_awards_and_revokes_with_reason_codes(school):
    await school.define("badge", BADGE)
    await school.define("program", PROGRAM)
    award = {"achievement": "badge", "reason": "prior_learning"}
    answer = await school.call("POST", "/learners/ana/credentials", award)
    assert answer.status_code == 201
    badge = answer.json()
    assert (badge["awarded_by"], badge["reason"]) == ("ivy", "prior_learning")
    held = problem(
        await school.call("POST", "/learners/ana/credentials", award), 409, "already_held"
    )
    assert held["credential"] == badge["credential"]
    path = f"/learners/ana/credentials/{badge['credential']}/revoke"
    answer = await school.call("POST", path, {"reason": "misconduct"})
    revoked = answer.json()
    assert revoked["credential"]["status"] == "revoked"
    assert revoked["credential"]["revoked"]["reason"] == "misconduct"
    assert [one["achievement"] for one in revoked["resting_on_it"]] == ["program"]
    again = await school.call("POST", path, {"reason": "misconduct"})
    assert problem(again, 409, "already_revoked")["reason"] == "misconduct"
    ghost = await school.call("POST", "/learners/ana/credentials/ghost/revoke", {"reason": "x"})
    problem(ghost, 404, "not_held")


async def test_a_revoked_credential_stays_revoked_when_evaluated(school):
    await school.define("badge", BADGE)
    await school.complete("ana")
    credential = (await school.get("/learners/ana/record")).json()["credentials"][0]["credential"]
    await school.call("POST", f"/learners/ana/credentials/{credential}/revoke", {"reason": "x"})
    answer = await school.call("POST", "/achievements/badge/evaluate", {"learners": ["ana"]})
    assert answer.json()["results"][0]["outcome"] == "revoked_before"


async def test_a_command_repeated_with_its_key_is_answered_as_before(school):
    await school.define("badge", BADGE)
    award = {"achievement": "badge", "reason": "prior_learning"}
    first = await school.call("POST", "/learners/ana/credentials", award, key="k1")
    again = await school.call("POST", "/learners/ana/credentials", award, key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Milepost-Position"] == first.headers["Milepost-Position"]
    other = {**award, "reason": "other"}
    answer = await school.call("POST", "/learners/ana/credentials", other, key="k1")
    problem(answer, 422, "idempotency_key_reused")


async def test_an_expired_credential_says_so(school):
    await school.define("badge", {**BADGE, "validity_days": 1})
    award = {"achievement": "badge", "reason": "r", "occurred_at": "2020-01-01T00:00:00Z"}
    answer = await school.call("POST", "/learners/ana/credentials", award)
    assert answer.json()["status"] == "expired"


async def test_a_retired_achievement_is_refused(school):
    await school.define("badge", BADGE)
    assert (await school.call("POST", "/achievements/badge/retire")).json()["retired"]
    assert (await school.call("POST", "/achievements/badge/retire")).json()["retired"]
    answer = await school.call("PUT", "/achievements/badge", {**BADGE, "name": "New"})
    problem(answer, 409, "retired_achievement")
    answer = await school.call("POST", "/achievements/badge/evaluate", {"learners": ["ana"]})
    problem(answer, 409, "retired_achievement")


async def test_criteria_that_make_no_sense_are_refused(school):
    async def put(criteria):
        return await school.call("PUT", "/achievements/x", {"name": "X", "criteria": criteria})

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
    answer = await school.call("PUT", "/achievements/x", {"name": "X", "criteria": criteria})
    assert problem(answer, 400, "malformed_request")["path"] == path


async def test_a_bottomless_tree_is_bad_input_not_a_crash(school):
    token = school.issuer.issue("ivy", "school", ("issuer",))
    deep = '{"type":"all_of","criteria":[' * 20_000 + "]}" * 20_000
    answer = await school.client.put(
        "/credentials/achievements/x",
        content='{"name":"X","criteria":' + deep + "}",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    problem(answer, 400, "malformed_request")


async def test_unknown_things_and_impossible_names_are_refused(school):
    problem(await school.get("/achievements/none"), 404, "unknown_achievement")
    problem(await school.get("/learners/ana/achievements/none"), 404, "unknown_achievement")
    award = {"achievement": "none", "reason": "r"}
    answer = await school.call("POST", "/learners/ana/credentials", award)
    problem(answer, 404, "unknown_achievement")
    for name in ("%00", "a%20b", "x" * 129, "%0A"):
        problem(await school.get(f"/learners/{name}/record"), 400, "malformed_request")


async def test_a_future_award_is_refused(school):
    await school.define("badge", BADGE)
    award = {"achievement": "badge", "reason": "r", "occurred_at": "2999-01-01T00:00:00Z"}
    answer = await school.call("POST", "/learners/ana/credentials", award)
    problem(answer, 422, "occurred_in_future")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
async def test_nothing_is_awarded_or_revoked_before_the_calendar(school, at):
    await school.define("badge", BADGE)
    award = {"achievement": "badge", "reason": "r"}
    made = await school.call("POST", "/learners/ana/credentials", award)
    early = {**award, "occurred_at": at}
    problem(await school.call("POST", "/learners/ben/credentials", early), 400, "malformed_request")
    path = f"/learners/ana/credentials/{made.json()['credential']}/revoke"
    answer = await school.call("POST", path, {"reason": "error", "occurred_at": at})
    problem(answer, 400, "malformed_request")


async def test_only_who_may_issue_defines_awards_and_revokes(school):
    await school.define("badge", BADGE)
    commands = [
        ("PUT", "/achievements/badge", BADGE),
        ("POST", "/achievements/badge/retire", None),
        ("POST", "/achievements/badge/evaluate", {"learners": ["ana"]}),
        ("POST", "/learners/ana/credentials", {"achievement": "badge", "reason": "r"}),
        ("POST", "/learners/ana/credentials/x/revoke", {"reason": "r"}),
    ]
    head = await school.transactor.log.heads()
    for method, path, body in commands:
        answer = await school.call(method, path, body, subject="ana", roles=("learner",))
        problem(answer, 403, "role_missing")
    assert await school.transactor.log.heads() == head


async def test_learners_read_their_own_record_only(school):
    await school.define("badge", BADGE)
    for path in ("/learners/ana/record", "/learners/ana/achievements/badge"):
        assert (await school.get(path, subject="ana", roles=("learner",))).status_code == 200
        other = await school.get(path, subject="ben", roles=("learner",))
        problem(other, 403, "not_your_own")


async def test_another_school_sees_nothing(school):
    await school.define("badge", BADGE)
    await school.complete("ana")
    problem(await school.get("/achievements/badge", tenant="other"), 404, "unknown_achievement")
    assert (await school.get("/learners/ana/record", tenant="other")).json()["credentials"] == []


async def test_who_has_the_latest_is_told_so_until_it_changes(school):
    await school.define("badge", BADGE)
    paths = ("/achievements/badge", "/learners/ann/record", "/learners/ann/achievements/badge")
    seen = {path: (await school.get(path)).headers["etag"] for path in paths}
    for path, etag in seen.items():
        assert (await school.get(path, etag=etag)).status_code == 304
    await school.complete("ann")
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
    answer = await school.call("PUT", "/achievements/badge", body)
    assert problem(answer, 400, "malformed_request")["path"] == path


async def test_the_interface_is_described_with_examples(school):
    described = (await school.client.get("/schema/openapi.json")).json()
    put = described["paths"]["/credentials/achievements/{achievement}"]["put"]
    refused = put["responses"]["422"]["content"]["application/problem+json"]["examples"]
    assert "circular_criteria" in refused
    body = described["components"]["schemas"]["AchievementDefinition"]
    assert body["properties"]["criteria"]["examples"][0]["type"] == "all_of"
