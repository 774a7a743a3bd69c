import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from tests.enrollment.test_http import problem

from milepost.contracts.enrollments import LearnerEnrolled
from milepost.contracts.ids import enrollment_id
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.vault.app import erasing
from milepost.enrollment.vault.store import Person
from milepost.events.store.postgres import PostgresLog

ADA = {"name": "Ada Lovelace", "email": "ada@example.org", "locale": "en-GB"}
SELF = {"by": "learner", "subject": "ada"}


async def ask(school, method, path, body=None, *, tenant, **whose):
    return await school.ask(method, f"/enrollment/learners{path}", body, tenant=tenant, **whose)


def opened(response):
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    return {name: archive.read(name).decode() for name in archive.namelist()}


async def test_a_learner_is_put_read_and_put_again(school, tenant):
    put = await ask(school, "PUT", "/ada", ADA, tenant=tenant, **SELF)
    assert (put.status_code, put.json()) == (201, {"learner": "ada", **ADA})
    read = await ask(school, "GET", "/ada", tenant=tenant)
    assert (read.status_code, read.json()) == (200, {"learner": "ada", **ADA})
    assert read.headers["etag"] == put.headers["etag"] == '"1"'
    again = await ask(school, "GET", "/ada", tenant=tenant, etag='"1"')
    assert (again.status_code, again.content) == (304, b"")
    short = await ask(school, "PUT", "/ada", {"name": "Ada"}, tenant=tenant)
    assert (short.status_code, short.json()["email"]) == (200, None)
    assert await school.happened(tenant) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": ""},
        {"name": " Ada"},
        {"name": "A\u0000da"},
        {"name": "Ada", "email": "ada"},
        {"name": "Ada", "email": "ada@example.org\n"},
        {"name": "Ada", "locale": "en_GB"},
        {"name": "Ada", "phone": "1"},
    ],
)
async def test_what_makes_no_sense_is_refused_and_not_repeated(school, tenant, wrong):
    refused = problem(
        await ask(school, "PUT", "/ada", wrong, tenant=tenant), 400, "malformed_request"
    )
    assert refused["path"].startswith("$")
    assert "ada@" not in json.dumps(refused)
    problem(await ask(school, "GET", "/ada", tenant=tenant), 404, "unknown_learner")


@pytest.mark.parametrize(
    ("method", "path", "roles"),
    [
        ("PUT", "/ada", {"learner", "registrar", "service"}),
        ("GET", "/ada", {"learner", "registrar", "service"}),
        ("GET", "/ada/export", {"learner", "registrar"}),
        ("POST", "/ada/erase", {"learner", "registrar"}),
    ],
)
async def test_each_role_may_do_what_it_is_for(school, tenant, method, path, roles):
    await ask(school, "PUT", "/ada", ADA, tenant=tenant)
    body = ADA if method == "PUT" else None
    for role in ("instructor", "issuer", "operator", "service", "registrar", "learner"):
        answer = await ask(school, method, path, body, tenant=tenant, by=role, subject="ada")
        if role in roles:
            assert answer.status_code == 200
        else:
            refused = "not_your_own" if method == "GET" else "role_missing"
            problem(answer, 403, refused)
    other = await ask(school, method, path, body, tenant=tenant, by="learner", subject="bob")
    problem(other, 403, "not_your_own")


async def test_for_another_tenant_the_learner_does_not_exist(school, tenant):
    await ask(school, "PUT", "/ada", ADA, tenant=tenant)
    for path in ("/ada", "/ada/export"):
        problem(await ask(school, "GET", path, tenant="another"), 404, "unknown_learner")
    assert (await ask(school, "POST", "/ada/erase", tenant="another")).status_code == 200
    assert (await ask(school, "GET", "/ada", tenant=tenant)).json()["name"] == ADA["name"]


async def test_erasing_leaves_a_receipt_and_nothing_else(school, tenant):
    await ask(school, "PUT", "/ada", ADA, tenant=tenant)
    erased = await ask(school, "POST", "/ada/erase", tenant=tenant, **SELF)
    assert erased.headers["milepost-position"] == "1"
    [receipt] = await school.transactor.log.read(tenant)
    assert (receipt.stream, receipt.type) == ("vault-ada", "learner_erased")
    assert json.loads(receipt.data) == {"learner": "ada"}
    gone = problem(await ask(school, "GET", "/ada", tenant=tenant), 404, "unknown_learner")
    assert gone["erased_at"] == erased.json()["erased_at"]
    problem(await ask(school, "PUT", "/ada", ADA, tenant=tenant), 409, "already_erased")


async def test_erasing_twice_gives_the_same_receipt(school, tenant):
    first = await ask(school, "POST", "/ada/erase", tenant=tenant, key="one")
    again = await ask(school, "POST", "/ada/erase", tenant=tenant, key="one")
    later = await ask(school, "POST", "/ada/erase", tenant=tenant)
    assert first.status_code == again.status_code == later.status_code == 200
    assert first.json() == again.json() == later.json()
    assert await school.happened(tenant) == ["learner_erased"]


async def test_a_process_that_dies_after_the_receipt_is_followed_by_the_handler(
    school, tenant, monkeypatch, pool, vault
):
    await ask(school, "PUT", "/ada", ADA, tenant=tenant)

    async def die(*_):
        raise SystemError

    with monkeypatch.context() as dying:
        dying.setattr("milepost.enrollment.vault.store.Vault.erase", die)
        assert (await ask(school, "POST", "/ada/erase", tenant=tenant)).status_code == 500
    assert (await ask(school, "GET", "/ada", tenant=tenant)).status_code == 200
    await receipts_handled(PostgresLog(pool), vault, tenant)
    problem(await ask(school, "GET", "/ada", tenant=tenant), 404, "unknown_learner")
    assert (
        await pool.fetchval("select sealed from vault.learners where tenant = $1", tenant) is None
    )


async def receipts_handled(log, vault, tenant):
    handler = erasing(vault)
    types = [tag for _, tag in handler.types]
    async with log.pool.acquire() as connection, connection.transaction():
        for receipt in await log.read(tenant, types=types):
            await handler.handle(connection, receipt)


async def test_an_export_holds_everything_about_one_learner_and_nobody_else(school, tenant):
    await school.publish(tenant=tenant)
    await school.put(
        "/enrollment/offerings/spring", {"course": "DATA-101", "seats": 1}, tenant=tenant
    )
    await ask(school, "PUT", "/ada", ADA, tenant=tenant)
    for learner in ("ada", "bob"):
        assert (await school.enroll(learner, tenant=tenant)).status_code == 201
    await school.put("/enrollment/groups/acme", {"name": "Acme"}, tenant=tenant)
    members = {"learners": ["ada", "bob"]}
    await school.post("/enrollment/groups/acme/members", members, tenant=tenant)
    files = opened(await ask(school, "GET", "/ada/export", tenant=tenant, **SELF))
    about = json.loads(files["about.json"])
    assert set(files) == {"about.json", *about["files"]}
    assert about["position"] == int((await school.transactor.log.heads())[tenant])
    assert json.loads(files["person.json"]) == ADA
    events = [json.loads(line) for line in files["events.ndjson"].splitlines()]
    told = [(event["stream"].partition("-")[0], event["type"]) for event in events]
    assert sorted(told) == [
        ("enrollment", "learner_enrolled"),
        ("membership", "group_member_added"),
        ("offering", "seat_taken"),
    ]
    assert "bob" not in str(files)
    waiting = opened(await ask(school, "GET", "/bob/export", tenant=tenant))
    assert "person.json" not in waiting
    assert "learner_waitlisted" in waiting["events.ndjson"]
    assert "ada" not in str(waiting).lower()


@pytest.mark.parametrize("learner", ["auth0|5f7c8ec7", "ana@example.org", "course-v1:O+X+R", "a/b"])
async def test_whoever_has_an_id_is_exported_and_erased_by_it(school, tenant, vault, learner):
    """Also by one from before, which no path can hold."""
    await vault.put(tenant, learner, Person(name="Ada Lovelace"))
    entered = LearnerEnrolled(
        enrollment=enrollment_id("spring", learner),
        learner=learner,
        offering="spring",
        course="DATA-101",
        version=1,
        mode="audit",
        occurred_at=datetime.now(UTC),
    )
    stream = ENROLLMENT.of(entered.enrollment)
    await school.transactor.transact(tenant, stream, lambda _: [entered])
    whose = {"tenant": tenant, "by": "learner", "subject": learner}

    async def named(what, body, **asked):
        return await school.post(f"/enrollment/{what}", body, **asked)

    for what in ("exports", "erasures"):
        by_another = await named(what, {"learner": "bob"}, **whose)
        problem(by_another, 403, "not_your_own")
        problem(await named(what, {"learner": "a b"}, tenant=tenant), 400, "malformed_request")
        refused = await named(what, {"learner": learner}, tenant=tenant, by="service")
        problem(refused, 403, "role_missing")
    files = opened(await named("exports", {"learner": learner}, **whose))
    assert json.loads(files["person.json"])["name"] == "Ada Lovelace"
    assert entered.enrollment in files["events.ndjson"]
    erased = await named("erasures", {"learner": learner}, tenant=tenant, key="once")
    assert erased.json()["learner"] == learner
    assert (await named("erasures", {"learner": learner}, **whose)).json() == erased.json()
    assert await school.happened(tenant) == ["learner_enrolled", "learner_erased"]
    after = opened(await named("exports", {"learner": learner}, tenant=tenant))
    assert "person.json" not in after


async def come_by_invitation(school, tenant, learner):
    """The invitation's id."""
    invite = {"email": f"{learner}@example.org", "expires": "2040-01-01T00:00:00Z"}
    path = "/enrollment/offerings/spring/invitations"
    issued = (await school.post(path, invite, tenant=tenant)).json()
    shown = {"invitation": issued["invitation"], "code": issued["code"], "email": invite["email"]}
    whose = {"by": "learner", "subject": learner, "tenant": tenant}
    enrolled = await school.enroll(learner, facts={"invited": shown}, **whose)
    assert enrolled.status_code == 201
    return issued["invitation"]


async def test_an_export_holds_the_invitation_that_a_learner_came_by(school, tenant):
    offering = {"course": "DATA-101", "invitation_only": True}
    await school.publish(tenant=tenant)
    await school.put("/enrollment/offerings/spring", offering, tenant=tenant)
    await come_by_invitation(school, tenant, "ada")
    invitation = await come_by_invitation(school, tenant, "bob")
    files = opened(await ask(school, "GET", "/bob/export", tenant=tenant))
    events = [json.loads(line) for line in files["events.ndjson"].splitlines()]
    invited = [event["type"] for event in events if event["stream"].startswith("invitation-")]
    assert invited == ["invitation_issued", "invitation_used"]
    assert {event["data"].get("invitation") for event in events} == {invitation, None}


async def test_an_erased_learner_s_export_still_tells_what_happened(school, tenant):
    await ask(school, "PUT", "/ada", ADA, tenant=tenant)
    await ask(school, "POST", "/ada/erase", tenant=tenant)
    files = opened(await ask(school, "GET", "/ada/export", tenant=tenant))
    assert "person.json" not in files
    assert "learner_erased" in files["events.ndjson"]
