"""Webhooks over HTTP: who may, what is checked, the challenge, secrets and their rotation."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from standardwebhooks import Webhook as Stranger
from tests.clients import School, school_of
from tests.events.hindered import Elsewhere
from tests.eventually import eventually
from tests.subscriptions.webhooks.forget_webhook_secrets import forget_webhook_secrets
from tests.subscriptions.webhooks.receiver import Message, Receiver, Reply, receiving
from tests.tenants import new_tenant

from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.subscriptions.webhooks import app as webhooks
from milepost.subscriptions.webhooks.api.endpoints import MAX_WEBHOOKS
from milepost.web.room import Context
from milepost.web.settings import Settings

URL = "https://192.88.98.7/hook"  # public, and never called
CRM: dict[str, Any] = {"by": "service", "subject": "crm"}
OTHER: dict[str, Any] = {"by": "service", "subject": "lms"}
STAFF = ("registrar", "issuer", "operator")
STEPS: dict[str, Any] = {
    "verify": None,
    "pause": None,
    "resume": {},
    "enable": {},
    "secret/rotate": {},
}


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    await forget_webhook_secrets(postgres)
    opened = await connect_pool(postgres, name="webhook tests", size=4)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("webhooks")


@pytest.fixture
async def school(pool: asyncpg.Pool, data_dir: Path, clock: Clock) -> AsyncIterator[School]:
    settings = Settings(data_dir=data_dir, outbound_private="127.0.0.1")
    transactor = Transactor(PostgresLog(pool))
    service = webhooks.service(Context(transactor, settings, pool, clock))
    whose: dict[str, Any] = {"tenant": new_tenant()}
    async with school_of([service], transactor, settings, raises=False, **whose) as school:
        yield school
    await transactor.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


async def create(school: School, url: str = URL, **facts: Any) -> dict[str, Any]:
    by = facts.pop("by", CRM)
    answer = await school.post("/webhooks", {"url": url, **facts}, **by)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def problem(answer: Any, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:milepost:problem:{name}"
    return document


async def test_it_is_created_looked_at_changed_and_removed(school: School):
    made = await create(
        school,
        types=["credential_revoked", "credential_awarded"],
        learners=["ana"],
        ordered="learner",
        description="The CRM of the alumni office",
    )
    path = f"/webhooks/{made['webhook']}"
    assert made["state"] == "unverified"
    assert made["secret"].startswith("whsec_")
    shown = (await school.get(path, **CRM)).json()
    assert shown.pop("backlog")["waiting"] == 0
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert shown["types"] == ["credential_awarded", "credential_revoked"]
    changed = await school.ask("PATCH", path, {"types": [], "description": "CRM"}, **CRM)
    assert changed.json() == {**shown, "types": [], "description": "CRM"}
    [listed] = (await school.get("/webhooks", **CRM)).json()["webhooks"]
    assert listed == changed.json()
    for _ in range(2):
        gone = await school.ask("DELETE", path, **CRM)
        assert (gone.status_code, gone.json()["state"]) == (200, "deleted")
    problem(await school.get(path, **CRM), 404, "unknown_webhook")
    assert (await school.get("/webhooks", **CRM)).json() == {"webhooks": []}


async def test_an_id_and_a_secret_are_the_commands_own(school: School):
    """So a repeat finds what the first has made, also where it died before it could answer."""
    answers = [await school.post("/webhooks", {"url": URL}, key="k-1", **CRM) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["Location"] == f"/webhooks/{answers[0].json()['webhook']}"
    assert answers[0].headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://10.0.0.7/hook", "not public"),
        ("https://localhost/hook", "not public"),
        ("https://[::1]/hook", "not public"),
        ("https://2130706433/hook", "not public"),
        ("http://192.88.98.7/hook", "https://"),
        ("https://crm:secret@192.88.98.7/hook", "password"),
        ("https://192.88.98.7/hook?token=s3cret", "looks like a secret"),
        ("https://192.88.98.7/hook#there", "never sent"),
        ("https://192.88.98.7:0/hook", "no address"),
    ],
)
async def test_an_address_that_cannot_be_delivered_to_is_refused(school: School, url, why):
    told = problem(await school.post("/webhooks", {"url": url}, **CRM), 422, "endpoint_refused")
    assert why in told["reason"]
    assert "10.0.0.7" not in told["reason"], "what a name leads to is not told"
    made = await create(school)
    changed = await school.ask("PATCH", f"/webhooks/{made['webhook']}", {"url": url}, **CRM)
    problem(changed, 422, "endpoint_refused")


async def test_what_is_never_published_is_named_with_what_is(school: School):
    body = {"url": URL, "types": ["credential_awardet", "webhook_created"]}
    told = problem(await school.post("/webhooks", body, **CRM), 422, "unknown_event_names")
    assert told["unknown"] == ["credential_awardet", "webhook_created"]
    assert {"credential_awarded", "webhook_disabled"} <= set(told["allowed"])


async def test_it_may_start_earlier_and_not_later_than_the_log(school: School):
    assert (await create(school))["after"] == 0
    head = (await school.transactor.log.heads())[school.tenant]
    assert (await create(school))["after"] == head
    assert (await create(school, since="2026-01-01T00:00:00Z"))["after"] == 0
    ahead = {"url": URL, "after": 9_000}
    problem(await school.post("/webhooks", ahead, **CRM), 422, "start_ahead")
    later = {"url": URL, "since": "9999-01-01T00:00:00Z"}
    problem(await school.post("/webhooks", later, **CRM), 422, "since_in_future")
    both = {"url": URL, "after": 0, "since": "2026-01-01T00:00:00Z"}
    problem(await school.post("/webhooks", both, **CRM), 400, "malformed_request")


async def test_each_role_sees_and_changes_its_own(school: School):
    made = await create(school)
    path = f"/webhooks/{made['webhook']}"
    for role in STAFF:
        assert (await school.get(path, by=role)).status_code == 200
        assert len((await school.get("/webhooks", by=role)).json()["webhooks"]) == 1
        assert (await school.get(f"{path}/secret", by=role)).status_code == 200
    assert (await school.get(path, by="auditor")).status_code == 200
    problem(await school.get(f"{path}/secret", by="auditor"), 403, "role_missing")
    nobody = f"/webhooks/{uuid4()}"
    for step, body in STEPS.items():
        for by in ("auditor", "instructor", "learner"):
            problem(await school.post(f"{path}/{step}", body, by=by), 403, "role_missing")
        theirs = problem(await school.post(f"{path}/{step}", body, **OTHER), 404, "unknown_webhook")
        none = problem(await school.post(f"{nobody}/{step}", body, **OTHER), 404, "unknown_webhook")
        assert _told(theirs) == _told(none)
        away = await school.post(f"{path}/{step}", body, by="operator", tenant="elsewhere")
        problem(away, 404, "unknown_webhook")
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        problem(await school.ask(method, path, body, **OTHER), 404, "unknown_webhook")
    assert (await school.get("/webhooks", **OTHER)).json() == {"webhooks": []}
    for by in ("instructor", "learner"):
        problem(await school.post("/webhooks", {"url": URL}, by=by), 403, "role_missing")
        problem(await school.get("/webhooks", by=by), 403, "role_missing")
    problem(await school.post(f"{path}/disable", by="registrar"), 403, "role_missing")


async def test_who_looks_at_all_of_them_changes_no_more_by_that(school: School):
    path = f"/webhooks/{(await create(school))['webhook']}"
    both: dict[str, Any] = {"by": ("service", "auditor"), "subject": "lms"}
    for seen in (path, f"{path}/deliveries", f"{path}/backlog", f"{path}/redeliveries"):
        assert (await school.get(seen, **both)).status_code == 200
    odd = await school.get(f"{path}/deliveries?event=%00", **both)
    problem(odd, 400, "malformed_request")
    problem(await school.get(f"{path}/secret", **both), 404, "unknown_webhook")
    for step, body in {**STEPS, "redeliveries": {"after": 0}, "test": None}.items():
        problem(await school.post(f"{path}/{step}", body, **both), 404, "unknown_webhook")
    for method, body in (("PATCH", {}), ("DELETE", None)):
        problem(await school.ask(method, path, body, **both), 404, "unknown_webhook")


def _told(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: problem[name] for name in ("type", "title", "status")}


async def test_an_endpoint_proves_that_it_wants_what_comes(school: School, receiver: Receiver):
    made = await create(school, receiver.url)
    path = f"/webhooks/{made['webhook']}"
    verified = await school.post(f"{path}/verify", **CRM)
    assert verified.json()["state"] == "active"
    [message] = receiver.heard
    event = Stranger(made["secret"]).verify(message.body, dict(message.headers))
    assert event["type"] == "milepost.webhook.verification"
    assert event["data"]["webhook"] == made["webhook"]
    assert message.headers["content-type"] == "application/cloudevents+json"
    assert (await school.post(f"{path}/verify", **CRM)).status_code == 200
    assert len(receiver.heard) == 1, "it was not asked again"
    moved = await school.ask("PATCH", path, {"url": receiver.url + "/2"}, **CRM)
    assert moved.json()["state"] == "unverified"
    problem(await school.post(f"{path}/resume", {}, **CRM), 409, "webhook_not_verified")


@pytest.mark.parametrize(
    "answer",
    [
        lambda token: Reply(body=b'{"challenge": "%b"}' % token),
        lambda token: Reply(202, headers={"Webhook-Challenge": token.decode()}),
        lambda token: Reply(body=token + b"\n"),
    ],
    ids=["json", "header", "body"],
)
async def test_the_challenge_may_come_back_in_three_places(school, receiver, answer):
    receiver.answer = lambda message: answer(_token(message))
    made = await create(school, receiver.url)
    verified = await school.post(f"/webhooks/{made['webhook']}/verify", **CRM)
    assert verified.json()["verified"] is True


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: Reply(200), "does not hold the challenge"),
        (lambda _: Reply(200, b'{"challenge": ""}'), "does not hold the challenge"),
        (lambda token: Reply(200, token[:-1]), "does not hold the challenge"),
        (lambda token: Reply(400, token), "another status"),
        (lambda token: Reply(302, token, {"Location": "/elsewhere"}), "another status"),
        (lambda token: Reply(200, token + b" " * 5_000), "more than 4096 bytes"),
        (lambda token: Reply(200, token, {"Content-Encoding": "gzip"}), "compressed"),
    ],
    ids=["empty", "no-token", "short", "400", "redirect", "large", "gzip"],
)
async def test_who_does_not_answer_it_is_not_delivered_to(school, receiver, answer, why):
    receiver.answer = lambda message: answer(_token(message))
    made = await create(school, receiver.url)
    path = f"/webhooks/{made['webhook']}"
    told = problem(await school.post(f"{path}/verify", **CRM), 409, "endpoint_silent")
    assert why in told["reason"]
    assert (await school.get(path, **CRM)).json()["state"] == "unverified"
    assert len(receiver.heard) == 1, "nothing is followed or sent twice"


async def test_who_is_slow_to_answer_it_keeps_nobody_else_waiting(
    school: School, receiver: Receiver
):
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"\r\n\r\n"))
        await done.wait()
        writer.close()

    came, done = list[bytes](), asyncio.Event()
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as slow:
        at = "http://{}:{}/".format(*slow.sockets[0].getsockname())
        path = f"/webhooks/{(await create(school, at))['webhook']}/verify"
        async with asyncio.TaskGroup() as tasks:
            for _ in range(20):
                tasks.create_task(school.post(path, **CRM))
            await eventually(lambda: len(came) >= 16)
            made = await create(school, receiver.url)
            answer = await school.post(f"/webhooks/{made['webhook']}/verify", **CRM)
            done.set()
    assert answer.status_code == 200, answer.text


def _token(message: Message) -> bytes:
    token: str = message.event["data"]["challenge"]
    return token.encode()


async def test_secrets_overlap_while_they_are_rotated(school, receiver, clock):
    made = await create(school, receiver.url)
    path = f"/webhooks/{made['webhook']}"
    rotated = (await school.post(f"{path}/secret/rotate", {}, **CRM)).json()["secrets"]
    assert rotated[1]["secret"] == made["secret"]
    assert rotated[0]["until"] is None
    assert rotated == (await school.get(f"{path}/secret", **CRM)).json()["secrets"]
    await school.post(f"{path}/verify", **CRM)
    [message] = receiver.heard
    for one in rotated:
        Stranger(one["secret"]).verify(message.body, dict(message.headers))
    clock.ahead = timedelta(days=1, seconds=1)
    [left] = (await school.get(f"{path}/secret", **CRM)).json()["secrets"]
    assert left["secret"] == rotated[0]["secret"]
    at_once = {"overlap_seconds": 0, "signature": "v1a"}
    [new] = (await school.post(f"{path}/secret/rotate", at_once, **CRM)).json()["secrets"]
    assert new["secret"].startswith("whpk_")
    shown = (await school.get(path, **CRM)).json()["keys"]
    assert [(one["signature"], one["public_key"]) for one in shown] == [("v1a", new["secret"])]


async def test_of_two_rotations_at_once_both_secrets_sign(school: School, pool: asyncpg.Pool):
    made = await create(school)
    path = f"/webhooks/{made['webhook']}"
    answers = await asyncio.gather(
        *(school.post(f"{path}/secret/rotate", {}, key=f"r-{n % 2}", **CRM) for n in range(4))
    )
    assert {one.status_code for one in answers} == {200}
    secrets = (await school.get(f"{path}/secret", **CRM)).json()["secrets"]
    assert len({one["secret"] for one in secrets}) == 3
    assert await _rows(pool, made["webhook"]) == 3
    for number in range(2, 4):
        await school.post(f"{path}/secret/rotate", {}, key=f"r-{number}", **CRM)
    problem(await school.post(f"{path}/secret/rotate", {}, **CRM), 409, "too_many_secrets")
    assert await _rows(pool, made["webhook"]) == 5, "what is refused leaves no secret behind"
    await school.post(f"{path}/secret/rotate", {"overlap_seconds": 0}, **CRM)
    assert await _rows(pool, made["webhook"]) == 1


async def _rows(pool: asyncpg.Pool, webhook: str) -> int:
    found: int = await pool.fetchval(
        "select count(*) from webhooks.secrets where webhook = $1", webhook
    )
    return found


async def test_who_dies_between_secret_and_event_goes_on_with_the_same_secret(
    pool: asyncpg.Pool, data_dir: Path
):
    failing = True

    def fail(_: int) -> None:
        if failing:
            raise ValueError("the log will not have it")

    log = Elsewhere(PostgresLog(pool), fail)
    settings, transactor = Settings(data_dir=data_dir), Transactor(log)
    service = webhooks.service(Context(transactor, settings, pool))
    tenant = new_tenant()
    async with school_of([service], transactor, settings, raises=False, tenant=tenant) as school:
        asked: dict[str, Any] = {"json": {"url": URL}, "key": "k-1", **CRM}
        assert (await school.post("/webhooks", **asked)).status_code == 500
        stored = await pool.fetch("select * from webhooks.secrets where tenant = $1", tenant)
        assert len(stored) == 1
        failing = False
        made = (await school.post("/webhooks", **asked)).json()
        assert made["keys"][0]["key"] == stored[0]["key"]
        failing = True
        rotate = f"/webhooks/{made['webhook']}/secret/rotate"
        assert (await school.post(rotate, {}, key="k-2", **CRM)).status_code == 500
        failing = False
        [left] = (await school.get(rotate.removesuffix("/rotate"), **CRM)).json()["secrets"]
        assert left["secret"] == made["secret"], "what no event names does not sign"
        rotated = (await school.post(rotate, {}, key="k-2", **CRM)).json()["secrets"]
        assert [one["secret"] for one in rotated][1:] == [made["secret"]]
        assert await _rows(pool, made["webhook"]) == 2
    await transactor.close()


async def test_what_its_makers_left_behind_is_gone_a_day_later(school: School, pool: asyncpg.Pool):
    made = await create(school)
    await pool.execute(
        "insert into webhooks.secrets (tenant, webhook, key, scheme, sealed, created_at)"
        " select tenant, 'stray', key, scheme, sealed, now() - interval '2 days'"
        " from webhooks.secrets where webhook = $1",
        made["webhook"],
    )
    await create(school)
    assert await _rows(pool, "stray") == 0
    assert await _rows(pool, made["webhook"]) == 1


async def test_no_secret_is_in_the_log_the_tables_or_the_lines_of_the_process(
    school: School, pool: asyncpg.Pool, receiver: Receiver, capfd, caplog
):
    caplog.set_level(logging.DEBUG)
    told = [
        await create(school, receiver.url, signature=scheme, description="For Jane's office")
        for scheme in ("v1", "v1a")
    ]
    for one in told:
        for step, body in STEPS.items():
            await school.post(f"/webhooks/{one['webhook']}/{step}", body, **CRM)
    shown = await school.get(f"/webhooks/{told[0]['webhook']}/secret", **CRM)
    secrets = {one["secret"].removeprefix("whsec_") for one in shown.json()["secrets"]}
    assert len(secrets) == 2
    rows = await pool.fetch("select * from log.events where tenant = $1", school.tenant)
    sealed = await pool.fetch("select * from webhooks.secrets where tenant = $1", school.tenant)
    out = capfd.readouterr()
    kept = f"{rows}{sealed}{out.out}{out.err}{caplog.text}"
    assert len(rows) == 10
    assert not [one for one in secrets if one in kept]
    assert not [word for word in ("whsec_", "whsk_", "Jane") if word in kept]


async def test_pausing_disabling_and_back(school: School, receiver: Receiver):
    made = await create(school, receiver.url)
    path = f"/webhooks/{made['webhook']}"
    states = []
    for step, body, by in (
        ("verify", None, "registrar"),
        ("pause", None, "registrar"),
        ("disable", None, "operator"),
        ("enable", {}, "registrar"),
        ("resume", {"skip": True}, "registrar"),
    ):
        first, again = [await school.post(f"{path}/{step}", body, by=by) for _ in range(2)]
        assert first.json() == again.json(), "repeating it does nothing"
        states.append(first.json()["state"])
    assert states == ["active", "paused", "disabled", "paused", "active"]
    told = await school.happened()
    assert told[2:] == [
        "webhook_paused",
        "webhook_disabled",
        "webhook_enabled",
        "webhook_resumed",
    ]


async def test_a_school_has_so_many_and_no_more(school: School, monkeypatch: pytest.MonkeyPatch):
    assert MAX_WEBHOOKS == 1_000
    monkeypatch.setattr("milepost.subscriptions.webhooks.api.endpoints.MAX_WEBHOOKS", 2)
    made = [await create(school) for _ in range(2)]
    problem(await school.post("/webhooks", {"url": URL}, **CRM), 409, "too_many_webhooks")
    await school.ask("DELETE", f"/webhooks/{made[0]['webhook']}", **CRM)
    await create(school)


async def test_who_has_another_key_opens_nothing(school: School, pool: asyncpg.Pool, tmp_path):
    made = await create(school)
    settings, transactor = Settings(data_dir=tmp_path), Transactor(PostgresLog(pool))
    service = webhooks.service(Context(transactor, settings, pool))
    async with school_of(
        [service], transactor, settings, raises=False, tenant=school.tenant
    ) as other:
        path = f"/webhooks/{made['webhook']}"
        problem(await other.get(f"{path}/secret", **CRM), 503, "secrets_locked")
        problem(await other.post("/webhooks", {"url": URL}, **CRM), 503, "secrets_locked")
        assert (await other.get(path, **CRM)).status_code == 200
    await transactor.close()
    assert not (tmp_path / "webhooks").exists(), "none is made where one was used"
