"""Two processes give out the seats of one offering at once."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from tests.clients import Client, Running
from tests.processes import milepost, wait_until_ready

from milepost.operations.local.embedded import free_port

SEATS, LEARNERS = 50, 500
COURSE = {"title": "Scarce", "lessons": [{"id": "one", "title": "One"}]}
EVENTS = (
    "select type, data->>'learner' as learner from log.events where tenant = $1 and type = any($2)\
 order by position"
)


@pytest.mark.faults
async def test_fifty_are_enrolled_and_the_rest_wait_in_order(
    postgres: str, nats_url: str, data_dir: Path, tenant: str
):
    ports = [free_port(0), free_port(0)]
    servers = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}
    with (
        milepost(data_dir, "serve", "enrollment", MILEPOST_PORT=str(ports[0]), **servers) as one,
        milepost(data_dir, "serve", "enrollment", MILEPOST_PORT=str(ports[1]), **servers) as two,
    ):
        schools = [Running(f"http://127.0.0.1:{port}", data_dir) for port in ports]
        for school, process in zip(schools, (one, two), strict=True):
            wait_until_ready(school.http, process)
        answers = await race(schools, tenant)
    await expect_exact_seats(postgres, tenant, answers)


async def race(schools: list[Running], tenant: str) -> list[dict[str, object]]:
    """Every learner enrolls once, half of them at each process; what each is answered."""
    async with schools[0].client(tenant=tenant) as a, schools[1].client(tenant=tenant) as b:
        await a.open("scarce-1", course="scarce", plan=COURSE, version=1, seats=SEATS)

        async def enroll(client: Client, number: int) -> dict[str, object]:
            answer = await client.enroll(f"l-{number}", "scarce-1")
            assert answer.status_code == 201, answer.text
            return dict(answer.json())

        return await asyncio.gather(*(enroll((a, b)[n % 2], n) for n in range(LEARNERS)))


async def expect_exact_seats(postgres: str, tenant: str, answers: list[dict[str, object]]) -> None:
    connection = await asyncpg.connect(postgres)
    on_offering = await connection.fetch(EVENTS, tenant, ["seat_taken", "waitlist_joined"])
    waitlisted = await connection.fetch(EVENTS, tenant, ["learner_waitlisted"])
    enrolled = await connection.fetch(EVENTS, tenant, ["learner_enrolled"])
    await connection.close()
    kinds = [row["type"] for row in on_offering]
    assert kinds == ["seat_taken"] * SEATS + ["waitlist_joined"] * (LEARNERS - SEATS)
    assert len({row["learner"] for row in on_offering}) == LEARNERS
    assert [r["learner"] for r in enrolled] == [r["learner"] for r in on_offering[:SEATS]]
    assert [r["learner"] for r in waitlisted] == [r["learner"] for r in on_offering[SEATS:]]
    places = {r["learner"]: place for place, r in enumerate(on_offering[SEATS:], 1)}
    told = {a["learner"]: a["place"] for a in answers if a["state"] == "waitlisted"}
    assert told == places
