"""Ids as identity providers and course catalogs give them, through everything that takes ids."""

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import nats
import pytest
from tests.clients import Client, Running
from tests.eventually import eventually

from milepost.contracts.ids import enrollment_id
from milepost.events.nats.cloudevents import recorded_from
from milepost.operations.installation.data_directory import running

LEARNERS = ("auth0|5f7c8ec7", "ana+sql@example.org", "-.~!$&'(),;=:@%2F#?[]\\\"<^`{}", "l" * 128)
COURSE, OFFERING, ACHIEVEMENT = "course-v1:Org+X+Run", "v1:Org+X@2026?#%", "urn:badge:x;1"
LESSON = "block-v1:a+b@c"
PLAN = {"title": "Data", "lessons": [{"id": LESSON, "title": "One"}]}
BADGE = {"name": "Badge", "criteria": {"type": "course_passed", "course": COURSE}}


def at(id_: str) -> str:
    return quote(id_, safe="")


async def prepare(client: Client) -> None:
    answers = [
        await client.publish(at(COURSE), PLAN),
        await client.put(f"/enrollment/offerings/{at(OFFERING)}", {"course": COURSE}),
        await client.put(f"/credentials/achievements/{at(ACHIEVEMENT)}", BADGE, by="issuer"),
        await client.get(f"/enrollment/courses/{at(COURSE)}/export"),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 200, 200]
    assert answers[1].headers["location"] == f"/enrollment/offerings/{at(OFFERING)}"


async def learn(client: Client, learner: str) -> None:
    """Registered and enrolled by themselves, and through with it."""
    own: dict[str, Any] = {"by": "learner", "subject": learner}
    put = await client.put(f"/enrollment/learners/{at(learner)}", {"name": "Ana"}, **own)
    assert put.status_code == 201, put.text
    assert put.headers["location"] == f"/enrollment/learners/{at(learner)}"
    enrolled = await client.enroll(learner, at(OFFERING), **own)
    assert enrolled.status_code == 201, enrolled.text
    enrollment = enrolled.json()["enrollment"]
    assert enrollment == enrollment_id(OFFERING, learner)
    done = {"type": "completed", "id": "1", "lesson": LESSON}
    reported = await client.report(
        enrollment, {**done, "occurred_at": datetime.now(UTC).isoformat()}, **own
    )
    assert reported.json()["results"][0]["outcome"] == "accepted", reported.text


async def is_shown(client: Client, learner: str) -> None:
    """What policies and read models made of it."""
    path = f"/credentials/learners/{at(learner)}/record"

    async def awarded() -> bool:
        record = (await client.get(path, by="issuer")).json()
        return [one["achievement"] for one in record["credentials"]] == [ACHIEVEMENT]

    await eventually(awarded)
    staff = {"by": "operator"}
    pages = [
        await client.get(f"/dashboards/learners/{at(learner)}", **staff),
        await client.get("/dashboards/enrollments", learner=learner, offering=OFFERING, **staff),
        await client.get("/dashboards/credentials", learner=learner, **staff),
    ]
    assert [page.status_code for page in pages] == [200] * 3
    assert len(pages[1].json()["enrollments"]) == 1
    exported = await client.get(f"/enrollment/learners/{at(learner)}/export")
    with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
        assert json.loads(archive.read("person.json"))["name"] == "Ana"
    assert at(f"{learner}.zip") in exported.headers["content-disposition"] or learner.isalnum()


async def lists_page_by_page(client: Client) -> None:
    found, cursor = [], None
    for _ in LEARNERS:
        query = {"limit": 1, "offering": OFFERING} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/dashboards/enrollments", by="operator", **query)).json()
        found += [one["learner"] for one in page["enrollments"]]
        cursor = page["next"]
    assert (sorted(found), cursor) == (sorted(LEARNERS), None)


async def come_by_file(client: Client) -> None:
    """Quoted in CSV, escaped in NDJSON: all of them are in already."""
    quoted = "".join(f'"{one.replace(chr(34), chr(34) * 2)}",{OFFERING}\n' for one in LEARNERS)
    lines = "".join(json.dumps({"learner": one, "offering": OFFERING}) + "\n" for one in LEARNERS)
    for kind, text in (
        ("text/csv", "learner,offering\n" + quoted),
        ("application/x-ndjson", lines),
    ):
        sent = await client.post(
            "/enrollment/jobs", content=text.encode(), headers={"Content-Type": kind}
        )
        path = f"/enrollment/jobs/{sent.json()['job']}"

        async def done(path: str = path) -> bool:
            return bool((await client.get(path)).json()["state"] == "done")

        await eventually(done)
        rows = (await client.get(f"{path}/results")).text.splitlines()
        assert [json.loads(row)["learner"] for row in rows] == list(LEARNERS)
        assert {json.loads(row)["outcome"] for row in rows} == {"unchanged"}


async def published(school: Running, tenant: str) -> dict[str, set[str]]:
    """The learners and streams' keys that subscribers hear of."""
    runtime = running(school.data_dir)
    assert runtime is not None
    client = await nats.connect(runtime.nats)
    try:
        stream = client.jetstream()
        heard = await stream.subscribe(f"milepost.{tenant}.>", ordered_consumer=True)
        found: dict[str, set[str]] = {}
        while "learner_erased" not in found:
            message = await heard.next_msg(timeout=20)
            event = recorded_from(message.headers or {}, message.data)
            found.setdefault(event.type, set()).add(event.stream)
    finally:
        await client.close()
    return found


async def test_ids_of_other_systems_go_everywhere(school: Running, tenant: str):
    async with school.client("registrar", tenant=tenant) as client:
        await prepare(client)
        for learner in LEARNERS:
            await learn(client, learner)
        for learner in LEARNERS:
            await is_shown(client, learner)
        await lists_page_by_page(client)
        await come_by_file(client)
        for learner in LEARNERS:
            erased = await client.post(f"/enrollment/learners/{at(learner)}/erase")
            assert (erased.status_code, erased.json()["learner"]) == (200, learner)
            gone = await client.get(f"/enrollment/learners/{at(learner)}")
            assert gone.status_code == 404
    heard = await published(school, tenant)
    assert heard["course_published"] == {f"course-{COURSE}"}
    assert heard["offering_opened"] == {f"offering-{OFFERING}"}
    assert heard["credential_awarded"] == {f"record-{learner}" for learner in LEARNERS}


@pytest.mark.parametrize("learner", ["a b", "a/b", "a*", "a>", "é", "a\u202eb", "..", "a" * 129])
async def test_what_is_no_id_is_one_nowhere(school: Running, tenant: str, learner: str):
    async with school.client("registrar", tenant=tenant) as client:
        answers = [
            await client.enroll(learner, "spring"),
            await client.post(
                "/credentials/achievements/badge/evaluate", {"learners": [learner]}, by="issuer"
            ),
        ]
    assert [answer.status_code for answer in answers] == [400, 400]
