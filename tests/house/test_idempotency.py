"""Every route that takes an Idempotency-Key is done once per key, and told from another body."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid5

import asyncpg
import msgspec
import pytest
from tests.clients import PLAN, PROGRAM, Response, School, school_of
from tests.credentials.forget_issuer_keys import forget_issuer_keys
from tests.documented import METHODS
from tests.events.hindered import Elsewhere
from tests.subscriptions.webhooks.forget_webhook_secrets import forget_webhook_secrets
from tests.subscriptions.webhooks.receiver import Receiver, listening
from tests.tenants import new_tenant
from tests.verification.issuing import Issuer

from milepost.contracts.ids import enrollment_id
from milepost.contracts.records import CredentialFlagged
from milepost.credentials.domain.records.awards import RECORD
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.exits import Transfer, transfer
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.events.commands.transact import Transactor
from milepost.events.log import Log
from milepost.events.parking.parked import Failure, park
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE, services_of
from milepost.subscriptions.partners.events import SubscriberAdded
from milepost.subscriptions.partners.subscriber import SUBSCRIBER
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.openapi import published
from milepost.web.requests.idempotency import COMMANDS
from milepost.web.room import Context
from milepost.web.settings import Settings

# What these write is in tables.
BESIDE_THE_LOG = ("/jobs", "/redeliveries", "/test")
OPERATORS = " /operations/"
AGAIN: dict[str, Any] = {"after": 0}
FAILED = AGAIN | {"failed_only": True}
KEY = "1d5f1e0a-3c0b-4b57-9a4e-7f0c2b7f6f11"
NOW = datetime.now(UTC)
LATER = (NOW + timedelta(days=30)).isoformat()
MOMENT = {"occurred_at": NOW.isoformat()}
ROLES = ("registrar", "issuer", "service", "operator")

E, P, C = "/enrollment", "/progress", "/credentials"
WAIVER = {"lesson": "intro", "reason": "illness"}
ANA, BEN = enrollment_id("spring", "ana"), enrollment_id("spring", "ben")
BADGE: dict[str, Any] = {
    "name": "Badge",
    "criteria": {"type": "course_passed", "course": "DATA-101", "min_grade": 0.5},
}
ELSEWHERE = Issuer(identifier=None)
ENDPOINT = Receiver()
RECOGNIZED: dict[str, Any] = {
    "credential": ELSEWHERE.signed(),
    "recipient": "ann@example.org",
    "achievement": "badge",
}
FILE = {"format": "milepost-course", "format_version": 1, "course": "NEW", "title": "New"}
Arrange = Callable[[School], Awaitable[str]]


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    await forget_issuer_keys(postgres)
    await forget_webhook_secrets(postgres)
    opened = await connect_pool(postgres, name="idempotency tests", size=8, role=ENROLLMENT_ROLE)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def key_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the keys that the module's database is sealed with."""
    return tmp_path_factory.mktemp("idempotency")


@pytest.fixture(scope="module")
async def one_school(pool: asyncpg.Pool, key_dir: Path) -> AsyncIterator[School]:
    async with school_on(PostgresLog(pool), pool, key_dir) as school:
        yield school


@pytest.fixture
def school(one_school: School) -> School:
    return one_school.of(new_tenant())


@asynccontextmanager
async def school_on(log: Log, pool: asyncpg.Pool, data_dir: Path) -> AsyncIterator[School]:
    settings = Settings(
        data_dir=data_dir, verify_trusted=ELSEWHERE.id, outbound_private="127.0.0.1"
    )
    transactor = Transactor(log)
    services = services_of("all", Context(transactor, settings, pool))
    whose: dict[str, Any] = {"by": ROLES, "tenant": new_tenant()}
    async with (
        listening(ENDPOINT),
        school_of(services, transactor, settings, raises=False, **whose) as school,
    ):
        yield school
    await transactor.close()


GROUP = {"name": "Acme 2026", "kind": "contract"}


class Case(NamedTuple):
    """A route, a body and another one (None where there is no body), at a school that lets it."""

    route: str
    arrange: Arrange
    body: Any
    other: Any
    hidden: tuple[str, ...] = ()
    kind: str = "application/json"


def at(path: str, *steps: Callable[[School], Awaitable[object]]) -> Arrange:
    async def arrange(school: School) -> str:
        for step in steps:
            await step(school)
        return path

    return arrange


async def course(school: School) -> None:
    await school.publish()


async def program(school: School) -> None:
    await done(school.post(f"{E}/programs/analyst/versions", PROGRAM))


async def offering(school: School) -> None:
    await school.open(seats=1, offer_hours=24)


async def group(school: School) -> None:
    await done(school.put(f"{E}/groups/acme", GROUP))


async def staffed(school: School) -> None:
    await group(school)
    await done(school.put(f"{E}/groups/acme/staff/ines"))


async def joined(school: School) -> None:
    await group(school)
    await done(school.post(f"{E}/groups/acme/members", {"learners": ["ana", "ben"]}))


async def taught(school: School) -> None:
    await done(school.put(f"{E}/offerings/spring/instructors/ines"))


async def next_run(school: School) -> None:
    starts = {"starts": LATER, "pace": "cohort"}
    await school.open("autumn", **starts)
    await school.open("winter", **starts)


async def run_of_today(school: School) -> None:
    await school.open(starts=NOW.isoformat(), pace="cohort")


async def by_approval(school: School) -> None:
    await school.open(approval=True)


async def enrolled(school: School) -> None:
    await done(school.enroll("ana", facts=MOMENT))
    await school.policies_hear()


async def second_version(school: School) -> None:
    await done(school.post(f"{E}/courses/DATA-101/versions", {**PLAN, "title": "Data, again"}))


async def suspended(school: School) -> None:
    await done(school.step(ANA, "suspend", {"reason": "fees"}))


async def offered(school: School) -> None:
    """Ana has gone, and the seat is held for Ben."""
    await enrolled(school)
    await done(school.enroll("ben"))
    await done(school.withdraw(ANA))
    await school.policies_hear()


async def achievement(school: School) -> None:
    await school.define("badge", BADGE)


async def passed(school: School) -> None:
    """Before there was anything to be awarded for it."""
    reports = [
        {"type": "completed", "id": "1", "lesson": "intro", "occurred_at": NOW.isoformat()},
        {
            "type": "scored",
            "id": "2",
            "lesson": "exam",
            "score": 1.0,
            "occurred_at": NOW.isoformat(),
        },
    ]
    for learner in ("ana", "ben"):
        await done(school.enroll(learner, facts=MOMENT))
        await school.policies_hear()
        await done(school.report(enrollment_id("spring", learner), *reports))
    await school.policies_hear()


async def due(school: School) -> None:
    """An offering in whose course something is due."""
    lessons = [{"id": "intro", "title": "Introduction", "due_day": 1}]
    await school.open(plan={**PLAN, "lessons": lessons, "passing_rule": {}})


async def waived(school: School) -> None:
    await done(school.post(f"{P}/enrollments/{ANA}/waivers", WAIVER))


async def an_invitation(school: School) -> str:
    await offering(school)
    body = {"email": "ana@example.org", "expires": LATER}
    issued = await done(school.post(f"{E}/offerings/spring/invitations", body))
    return f"{E}/invitations/{issued.json()['invitation']}/revoke"


async def council(school: School) -> None:
    """An issuer that awards nothing itself."""
    await done(school.put(f"{C}/issuers/council", {"name": "Council of employers"}))


async def an_endorsement(school: School) -> str:
    await achievement(school)
    await council(school)
    path = f"{C}/achievements/badge/endorsements"
    given = (await done(school.post(path, {"issuer": "council"}))).json()["endorsements"]
    return f"{path}/{given[0]['endorsement']}/withdraw"


async def a_credential(school: School) -> str:
    await achievement(school)
    given = await done(school.award("ana", {"achievement": "badge", "reason": "exam_seen"}))
    return f"{C}/learners/ana/credentials/{given.json()['credential']}/revoke"


async def a_flagged_credential(school: School) -> str:
    path = (await a_credential(school)).removesuffix("/revoke")
    flagged = CredentialFlagged(
        credential=path.rpartition("/")[2],
        learner="ana",
        achievement="badge",
        reason="grade_fell",
        position=1,
        occurred_at=datetime.now(UTC),
    )
    await school.transactor.transact(school.tenant, RECORD.of("ana"), lambda _: [flagged])
    return f"{path}/flag/lift"


def a_subscriber(*, republishing: bool = False) -> Arrange:
    async def arrange(school: School) -> str:
        added = SubscriberAdded(subscriber="payroll", key="k1", occurred_at=datetime.now(UTC))
        stream = SUBSCRIBER.of("payroll")
        await school.transactor.transact(school.tenant, stream, lambda _: [added])
        path = "/subscribers/payroll/republish"
        if republishing:
            await done(school.post(path, {"from": 1}))
        return path

    return arrange


def of_award(*steps: str) -> Arrange:
    """Steps of an approval: the last is left to the case."""

    async def arrange(school: School) -> str:
        criteria = {"type": "all_of", "criteria": [{"type": "approved"}, BADGE["criteria"]]}
        await done(school.put(f"{C}/achievements/badge", BADGE | {"criteria": criteria}))
        path = f"{C}/learners/ana/achievements/badge/"
        for step in steps[:-1]:
            await done(school.post(path + step, {}))
        return path + steps[-1]

    return arrange


def of_credential(step: str) -> Arrange:
    async def arrange(school: School) -> str:
        return (await a_credential(school)).removesuffix("/revoke") + step

    return arrange


def of_credential_that(step: str, *before: str, **defined: Any) -> Arrange:
    """The steps before are taken; the definition has these facts too."""

    async def arrange(school: School) -> str:
        await done(school.put(f"{C}/achievements/badge", BADGE | defined))
        given = await done(school.award("ana", {"achievement": "badge", "reason": "exam_seen"}))
        path = f"{C}/learners/ana/credentials/{given.json()['credential']}/"
        for one in before:
            await done(school.post(path + one, {"reason": "under_review"}))
        return path + step

    return arrange


async def an_issuer(school: School) -> str:
    await done(school.put(f"{C}/issuers/chamber", {"name": "Chamber"}))
    return f"{C}/issuers/chamber/retire"


async def two_keys(school: School) -> str:
    path = f"{C}/issuers/default/keys"
    keys = []
    for _ in range(2):
        rotated = await done(school.post(f"{path}/rotate", {}, by="operator"))
        keys = [one["key"] for one in rotated.json()["keys"]]
    return f"{path}/{keys[0]}/retire"


async def a_link(school: School) -> str:
    path = await of_credential("/shares")(school)
    shared = await done(school.post(path, {"kind": "link"}, by="learner", subject="ana"))
    return f"{path}/{shared.json()['links'][0]['link']}"


def of_webhook(step: str, *before: str) -> Arrange:
    async def arrange(school: School) -> str:
        made = await done(school.post("/webhooks", {"url": ENDPOINT.url}))
        path = f"/webhooks/{made.json()['webhook']}"
        for one in before:
            await done(school.post(f"{path}/{one}"))
        return path + step

    return arrange


async def done(asked: Awaitable[Response]) -> Response:
    answer = await asked
    assert answer.status_code < 300, answer.text
    return answer


def row(learner: str) -> bytes:
    return msgspec.json.encode({"learner": learner, "offering": "spring"})


def mark(score: float) -> bytes:
    return msgspec.json.encode({"learner": "ana", "lesson": "exam", "score": score})


async def a_model_job(school: School) -> str:
    asked = await done(school.post("/operations/jobs", {"action": "build", "model": "catalog"}))
    return f"/operations/jobs/{asked.json()['job']}/cancel"


def a_parked_event(step: str) -> Arrange:
    async def arrange(school: School) -> str:
        await course(school)
        log = school.transactor.log
        assert isinstance(log, PostgresLog)
        async with log.pool.acquire() as connection:
            failure = Failure(school.tenant, 1, "DATA-101", "Poison(1)", 3)
            await park(connection, "projection/catalog", [failure])
        [one] = (await school.get("/operations/parked")).json()["parked"]
        return f"/operations/parked/{one['parked']}/{step}"

    return arrange


S, R = f"{E}/offerings/spring", {"reason": "no_time"}
OTHER_R = {"reason": "changed_course"}
OF_ANA = f"{E}/enrollments/{ANA}"
MOVE = {"to": "autumn", "reason": "moved"}
REPORT = {"type": "started", "id": "1", "lesson": "intro", "occurred_at": NOW.isoformat()}
HOOK = {"url": "https://192.88.98.7/hook", "types": ["credential_awarded"]}
LESS, SKIP = {"types": ["credential_awarded"]}, {"skip": True}
CASES = [
    Case(
        "PUT /enrollment/courses/{course}", at(f"{E}/courses/NEW"), {"title": "New"}, {"title": "X"}
    ),
    Case(
        "POST /enrollment/courses/{course}/versions",
        at(f"{E}/courses/NEW/versions"),
        PLAN,
        {**PLAN, "title": "X"},
    ),
    Case(
        "POST /enrollment/courses/{course}/retire",
        at(f"{E}/courses/DATA-101/retire", course),
        {},
        MOMENT,
    ),
    Case(
        "POST /enrollment/courses/{course}/import",
        at(f"{E}/courses/NEW/import"),
        FILE,
        {**FILE, "title": "X"},
    ),
    Case(
        "POST /enrollment/programs/{program}/versions",
        at(f"{E}/programs/analyst/versions"),
        PROGRAM,
        {**PROGRAM, "title": "X"},
    ),
    Case(
        "POST /enrollment/programs/{program}/retire",
        at(f"{E}/programs/analyst/retire", program),
        {},
        MOMENT,
    ),
    Case(
        "PUT /enrollment/offerings/{offering}",
        at(S, course),
        {"course": "DATA-101"},
        {"course": "DATA-101", "seats": 3},
    ),
    Case("PATCH /enrollment/offerings/{offering}", at(S, offering), {"seats": 2}, {"seats": 3}),
    Case("POST /enrollment/offerings/{offering}/close", at(f"{S}/close", offering), {}, MOMENT),
    Case("POST /enrollment/offerings/{offering}/cancel", at(f"{S}/cancel", offering), R, OTHER_R),
    Case(
        "POST /enrollment/offerings/{offering}/invitations",
        at(f"{S}/invitations", offering),
        {"email": "ana@example.org", "expires": LATER},
        {"email": "ben@example.org", "expires": LATER},
        hidden=("code",),
    ),
    Case("POST /enrollment/invitations/{invitation}/revoke", an_invitation, {}, MOMENT),
    Case(
        "PUT /enrollment/offerings/{offering}/instructors/{subject}",
        at(f"{S}/instructors/ines", offering),
        None,
        None,
    ),
    Case(
        "DELETE /enrollment/offerings/{offering}/instructors/{subject}",
        at(f"{S}/instructors/ines", offering, taught),
        None,
        None,
    ),
    Case("PUT /enrollment/groups/{group}", at(f"{E}/groups/acme"), GROUP, {"name": "Other"}),
    Case(
        "POST /enrollment/groups/{group}/change",
        at(f"{E}/groups/acme/change", group),
        {"name": "Acme 2027"},
        {"name": "Acme 2028"},
    ),
    Case(
        "POST /enrollment/groups/{group}/archive", at(f"{E}/groups/acme/archive", group), {}, MOMENT
    ),
    Case(
        "PUT /enrollment/groups/{group}/staff/{subject}",
        at(f"{E}/groups/acme/staff/ines", group),
        None,
        None,
    ),
    Case(
        "DELETE /enrollment/groups/{group}/staff/{subject}",
        at(f"{E}/groups/acme/staff/ines", staffed),
        None,
        None,
    ),
    Case(
        "POST /enrollment/groups/{group}/members",
        at(f"{E}/groups/acme/members", group),
        {"learners": ["ana", "ben", "ana"]},
        {"learners": ["ana"]},
    ),
    Case(
        "POST /enrollment/groups/{group}/members/remove",
        at(f"{E}/groups/acme/members/remove", joined),
        {"learners": ["ben", "zoe"]},
        {"learners": ["ana"]},
    ),
    Case(
        "POST /enrollment/offerings/{offering}/enrollments",
        at(f"{S}/enrollments", offering),
        {"learner": "ana"},
        {"learner": "ben"},
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/withdraw",
        at(f"{OF_ANA}/withdraw", offering, enrolled),
        R,
        OTHER_R,
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/approve",
        at(f"{OF_ANA}/approve", by_approval, enrolled),
        {},
        MOMENT,
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/decline",
        at(f"{OF_ANA}/decline", by_approval, enrolled),
        R,
        OTHER_R,
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/accept",
        at(f"{E}/enrollments/{BEN}/accept", offering, offered),
        {},
        MOMENT,
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/turn-down",
        at(f"{E}/enrollments/{BEN}/turn-down", offering, offered),
        {},
        MOMENT,
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/suspend",
        at(f"{OF_ANA}/suspend", offering, enrolled),
        R,
        OTHER_R,
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/reinstate",
        at(f"{OF_ANA}/reinstate", offering, enrolled, suspended),
        {},
        MOMENT,
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/mode",
        at(f"{OF_ANA}/mode", offering, enrolled),
        {"mode": "verified"},
        {"mode": "audit"},
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/transfer",
        at(f"{OF_ANA}/transfer", offering, next_run, enrolled),
        MOVE,
        {**MOVE, "to": "winter"},
    ),
    Case(
        "POST /enrollment/enrollments/{enrollment}/defer",
        at(f"{OF_ANA}/defer", run_of_today, next_run, enrolled),
        MOVE,
        {**MOVE, "to": "winter"},
    ),
    Case(
        "POST /enrollment/offerings/{offering}/transfers",
        at(f"{S}/transfers", offering, next_run, enrolled),
        MOVE,
        {**MOVE, "to": "winter"},
    ),
    Case("POST /enrollment/learners/{learner}/erase", at(f"{E}/learners/ana/erase"), None, None),
    Case("POST /enrollment/erasures", at(f"{E}/erasures"), {"learner": "a/b"}, {"learner": "ben"}),
    Case(
        "POST /enrollment/jobs",
        at(f"{E}/jobs"),
        row("ana"),
        row("ben"),
        kind="application/x-ndjson",
    ),
    Case(
        "POST /progress/jobs",
        at(f"{P}/jobs?kind=scores&offering=spring"),
        mark(1),
        mark(0.5),
        kind="application/x-ndjson",
    ),
    Case(
        "POST /credentials/jobs",
        at(f"{C}/jobs?kind=awards"),
        b'{"learner": "ana", "achievement": "badge", "reason": "agreed"}',
        b'{"learner": "ben", "achievement": "badge", "reason": "agreed"}',
        kind="application/x-ndjson",
    ),
    Case(
        "POST /progress/enrollments/{enrollment}/reports",
        at(f"{P}/enrollments/{ANA}/reports", offering, enrolled),
        {"reports": [REPORT]},
        {"reports": [{**REPORT, "id": "2"}]},
    ),
    Case(
        "POST /progress/enrollments/{enrollment}/waivers",
        at(f"{P}/enrollments/{ANA}/waivers", offering, enrolled),
        WAIVER,
        {**WAIVER, "reason": "appeal"},
    ),
    Case(
        "DELETE /progress/enrollments/{enrollment}/waivers/{lesson}",
        at(f"{P}/enrollments/{ANA}/waivers/intro?reason=mistake", offering, enrolled, waived),
        None,
        None,
    ),
    Case(
        "POST /progress/enrollments/{enrollment}/lessons/{lesson}/attempts/{attempt}/score",
        at(f"{P}/enrollments/{ANA}/lessons/exam/attempts/1/score", run_of_today, passed),
        {"score": 0.8, "reason": "appeal"},
        {"score": 0.9, "reason": "appeal"},
    ),
    Case(
        "POST /progress/enrollments/{enrollment}/deadlines/reset",
        at(f"{P}/enrollments/{ANA}/deadlines/reset", due, enrolled),
        {"reason": "illness"},
        {"reason": "appeal"},
    ),
    Case(
        "POST /progress/enrollments/{enrollment}/plan/migrate",
        at(f"{P}/enrollments/{ANA}/plan/migrate", offering, enrolled, second_version),
        {"version": 2, "reason": "corrected"},
        {"version": 1, "reason": "corrected"},
    ),
    Case(
        "PUT /credentials/achievements/{achievement}",
        at(f"{C}/achievements/badge"),
        BADGE,
        {**BADGE, "name": "X"},
    ),
    Case(
        "POST /credentials/achievements/{achievement}/endorsements",
        at(f"{C}/achievements/badge/endorsements", achievement, council),
        {"issuer": "council"},
        {"issuer": "council", "comment": "We hire by it."},
    ),
    Case(
        "POST /credentials/achievements/{achievement}/endorsements/{endorsement}/withdraw",
        an_endorsement,
        {"reason": "under_review"},
        {"reason": "no_longer"},
    ),
    Case(
        "POST /credentials/achievements/{achievement}/retire",
        at(f"{C}/achievements/badge/retire", achievement),
        None,
        None,
    ),
    Case(
        "POST /credentials/achievements/{achievement}/evaluate",
        at(f"{C}/achievements/badge/evaluate", run_of_today, passed, achievement),
        {"learners": ["ana"]},
        {"learners": ["ben"]},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials",
        at(f"{C}/learners/ana/credentials", achievement),
        {"achievement": "badge", "reason": "exam_seen"},
        {"achievement": "badge", "reason": "other"},
    ),
    Case(
        "POST /credentials/learners/{learner}/recognitions",
        at(f"{C}/learners/ana/recognitions", achievement),
        {**RECOGNIZED, "reason": "prior_learning"},
        {**RECOGNIZED, "reason": "other"},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/revoke",
        a_credential,
        {"reason": "issued_in_error"},
        {"reason": "fraud"},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/flag/lift",
        a_flagged_credential,
        {"reason": "appeal"},
        {"reason": "issued_late"},
    ),
    Case(
        "POST /credentials/learners/{learner}/achievements/{achievement}/approve",
        of_award("approve"),
        {"reason": "portfolio_seen"},
        {},
    ),
    Case(
        "POST /credentials/learners/{learner}/achievements/{achievement}/approval/withdraw",
        of_award("approve", "approval/withdraw"),
        {"reason": "portfolio_unseen"},
        {"reason": "other"},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/shares",
        of_credential("/shares"),
        {"kind": "link"},
        {"kind": "link", "shows_name": True},
        hidden=("address",),
    ),
    Case(
        "DELETE /credentials/learners/{learner}/credentials/{credential}/shares/{link}",
        a_link,
        None,
        None,
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/hide",
        of_credential("/hide"),
        None,
        None,
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/release",
        of_credential_that("release", held_for_release=True),
        {},
        {"occurred_at": NOW.isoformat()},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/accept",
        of_credential("/accept"),
        {},
        {"occurred_at": NOW.isoformat()},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/decline",
        of_credential("/decline"),
        {},
        {"occurred_at": NOW.isoformat()},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/suspend",
        of_credential("/suspend"),
        {"reason": "under_review"},
        {"reason": "other"},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/reinstate",
        of_credential_that("reinstate", "suspend"),
        {"reason": "cleared"},
        {"reason": "other"},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/renew",
        of_credential_that("renew", validity_days=365),
        {"reason": "refresher"},
        {"reason": "other"},
    ),
    Case(
        "POST /credentials/learners/{learner}/credentials/{credential}/supersede",
        of_credential("/supersede"),
        {"reason": "renamed"},
        {"reason": "other"},
    ),
    Case(
        "PUT /credentials/issuers/{issuer}",
        at(f"{C}/issuers/chamber"),
        {"name": "Chamber"},
        {"name": "Other"},
    ),
    Case("POST /credentials/issuers/{issuer}/retire", an_issuer, None, None),
    Case(
        "POST /credentials/issuers/{issuer}/keys/rotate",
        at(f"{C}/issuers/default/keys/rotate"),
        {},
        {"algorithm": "ES256"},
    ),
    Case(
        "POST /credentials/issuers/{issuer}/keys/{key}/retire",
        two_keys,
        {},
        {"compromised": True},
    ),
    Case(
        "POST /operations/jobs",
        at("/operations/jobs"),
        {"action": "build", "model": "catalog"},
        {"action": "rebuild", "model": "catalog"},
    ),
    Case("POST /operations/jobs/{job}/cancel", a_model_job, None, None),
    Case(
        "POST /operations/parked/{parked}/retry",
        a_parked_event("retry"),
        {},
        {"reason": "mended"},
    ),
    Case(
        "POST /operations/parked/{parked}/skip",
        a_parked_event("skip"),
        {"reason": "nobody needs it", "confirm": 1},
        {"reason": "other", "confirm": 1},
    ),
    Case(
        "POST /operations/integrity/checks",
        at("/operations/integrity/checks"),
        {},
        {"parts": ["log"]},
    ),
    Case("POST /webhooks", at("/webhooks"), HOOK, {**HOOK, "ordered": "learner"}),
    Case("PATCH /webhooks/{webhook}", of_webhook(""), LESS, {"types": []}),
    Case("DELETE /webhooks/{webhook}", of_webhook(""), None, None),
    Case("POST /webhooks/{webhook}/verify", of_webhook("/verify"), None, None),
    Case("POST /webhooks/{webhook}/test", of_webhook("/test", "verify"), None, None),
    Case("POST /webhooks/{webhook}/redeliveries", of_webhook("/redeliveries"), AGAIN, FAILED),
    Case("POST /webhooks/{webhook}/pause", of_webhook("/pause"), None, None),
    Case("POST /webhooks/{webhook}/resume", of_webhook("/resume", "verify", "pause"), {}, SKIP),
    Case("POST /webhooks/{webhook}/disable", of_webhook("/disable"), None, None),
    Case("POST /webhooks/{webhook}/enable", of_webhook("/enable", "disable"), {}, SKIP),
    Case(
        "POST /webhooks/{webhook}/secret/rotate",
        of_webhook("/secret/rotate"),
        {},
        {"overlap_seconds": 0},
    ),
    Case(
        "POST /subscribers/{subscriber}/republish",
        a_subscriber(),
        {"from": 1},
        {"from": 1, "per_second": 7},
    ),
    Case(
        "DELETE /subscribers/{subscriber}/republish",
        a_subscriber(republishing=True),
        None,
        None,
    ),
]


def test_every_route_with_a_key_is_tried(tmp_path: Path):
    settings, nowhere = Settings(data_dir=tmp_path), None
    context: Any = Context(Transactor(PostgresLog(nowhere)), settings, nowhere)  # type: ignore[arg-type]
    app = create_app(services_of("all", context), settings, TokenVerifier(settings), ready={})
    routes = {
        f"{method.upper()} {path}"
        for path, item in published.document(app)["paths"].items()
        for method in METHODS
        if any(
            one["name"] == "Idempotency-Key" for one in item.get(method, {}).get("parameters", ())
        )
    }
    tried = {case.route for case in CASES}
    assert tried == routes, "each such route has a Case here: docs/how-to/add-a-command.md, 5"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.route)
async def test_a_key_is_done_once_and_refuses_another_body(school: School, case: Case):
    path = await case.arrange(school)

    async def ask(body: Any) -> Response:
        method = case.route.partition(" ")[0]
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await school.ask(
            method, path, key=KEY, headers={"Content-Type": case.kind}, **content
        )

    before = await head(school)
    first = await done(ask(case.body))
    after = await head(school)
    beside = OPERATORS in case.route or case.route.endswith(BESIDE_THE_LOG)
    assert after > before or beside, "nothing was written"
    for _ in range(2):
        again = await ask(case.body)
        assert again.status_code == first.status_code, again.text
        assert shown(again, case) == shown(first, case)
        if case.other is not None:
            expect_reused(await ask(case.other))
    assert await head(school) == after


def shown(answer: Response, case: Case) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name not in case.hidden}


async def head(school: School) -> int:
    return (await school.transactor.log.heads()).get(school.tenant, 0)


def expect_reused(answer: Response) -> None:
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == "urn:milepost:problem:idempotency_key_reused"


TRANSFERS, EVALUATE = f"{S}/transfers", f"{C}/achievements/badge/evaluate"


async def moves(school: School, *learners: str, to: str = "autumn") -> Response:
    named = [enrollment_id("spring", learner) for learner in learners]
    return await school.post(TRANSFERS, {**MOVE, "to": to, "enrollments": named}, key=KEY)


async def three_enrolled(school: School) -> None:
    await school.open()
    await next_run(school)
    for learner in ("ana", "ben", "cleo"):
        await done(school.enroll(learner))


async def test_a_used_key_moves_nobody_whom_it_did_not_name(school: School):
    await three_enrolled(school)
    assert (await moves(school, "nobody", "ana")).json()["moved"] == 1
    before = await head(school)
    expect_reused(await moves(school, "ben"))
    expect_reused(await moves(school, "nobody", "ben"))
    expect_reused(await moves(school, "ana", to="winter"))
    assert await head(school) == before


async def test_a_used_key_awards_nothing_to_whom_it_did_not_name(school: School):
    await run_of_today(school)
    await passed(school)
    await achievement(school)
    named = {"learners": ["nobody", "ana"]}
    first = (await school.post(EVALUATE, named, key=KEY)).json()
    assert [one["outcome"] for one in first["results"]] == ["not_yet", "awarded"]
    before = await head(school)
    expect_reused(await school.post(EVALUATE, {"learners": ["ben"]}, key=KEY))
    assert (await school.post(EVALUATE, named, key=KEY)).json() == first
    assert await head(school) == before


async def test_of_two_requests_at_once_with_one_key_only_one_body_is_done(school: School):
    await three_enrolled(school)
    answers = await asyncio.gather(
        *(moves(school, learner, "nobody") for learner in ("ana", "ben", "ana", "cleo", "ben"))
    )
    bodies = {answer.text for answer in answers if answer.status_code == 200}
    assert len(bodies) == 1
    assert (await school.happened()).count("enrollment_transferred") == 1
    for answer in answers:
        if answer.status_code != 200:
            expect_reused(answer)


async def test_one_request_sent_twice_at_once_is_done_once(school: School):
    await three_enrolled(school)
    one, other = await asyncio.gather(*(moves(school, "ana", "ben", "cleo") for _ in range(2)))
    assert one.json() == other.json()
    assert one.json()["moved"] == 3
    assert (await school.happened()).count("enrollment_transferred") == 3


async def test_a_request_that_was_interrupted_is_finished_when_it_is_repeated(
    pool: asyncpg.Pool, key_dir: Path
):
    failing = False

    def fail(_: int) -> None:
        if failing and (called := broken.calls) > begun + 1:
            raise ValueError(f"the log will not have call {called}")

    broken = Elsewhere(PostgresLog(pool), fail)
    async with school_on(broken, pool, key_dir) as school:
        await three_enrolled(school)
        begun, failing = broken.calls, True
        assert (await moves(school, "ana", "ben", "cleo")).status_code == 500
        failing = False
        assert (await school.happened()).count("enrollment_transferred") == 1
        expect_reused(await moves(school, "ben", "cleo"))
        assert (await moves(school, "ana", "ben", "cleo")).json()["moved"] == 3
        assert (await school.happened()).count("enrollment_transferred") == 3


async def test_a_request_from_before_there_were_leaders_is_known(school: School):
    """Each of its commands had an id of its own, made of the request's and the enrollment's."""
    await three_enrolled(school)
    body = msgspec.json.encode({**MOVE, "enrollments": [ANA, BEN]})
    parts = (school.tenant, "office", "POST", TRANSFERS, KEY)
    request = uuid5(COMMANDS, msgspec.json.encode(parts).decode())
    digest = hmac.digest(KEY.encode(), body, "sha256").hex()[:16]
    there = ENROLLMENT.of(enrollment_id("autumn", "ana"))
    await school.transactor.transact(
        school.tenant,
        (OFFERING.of("spring"), ENROLLMENT.of(ANA), OFFERING.of("autumn"), there),
        partial(transfer, Transfer(enrollment=ANA, to="autumn", reason="moved", occurred_at=NOW)),
        command_id=uuid5(request, ANA),
        metadata=msgspec.json.encode({"request": digest}),
    )
    expect_reused(await moves(school, "ana", to="winter"))
    json = {"Content-Type": "application/json"}
    for _ in range(2):
        answer = await school.post(TRANSFERS, content=body, headers=json, key=KEY)
        assert answer.json()["moved"] == 2
    assert (await school.happened()).count("enrollment_transferred") == 2
