"""What would stop a school's publishing: an event that is too large, a stranger's message."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from tests.attack.conftest import Undisturbed
from tests.clients import Client, Running


def nats_address(victim: Running) -> str:
    """With the rights of whoever may do all: worse than any attacker."""
    told = json.loads((victim.data_dir / "runtime.json").read_text())
    address: str = told["nats"]
    return address


@asynccontextmanager
async def published(victim: Running, tenant: str) -> AsyncIterator[asyncio.Queue[dict[str, str]]]:
    """The headers of what is published for the tenant from now on."""
    connection = await nats.connect(nats_address(victim))
    heard: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def hear(message: Msg) -> None:
        await heard.put(dict(message.headers or {}))

    await connection.subscribe(f"milepost.{tenant}.>", cb=hear)
    await connection.flush()
    yield heard
    await connection.close()


async def reaches(client: Client, victim: Running, tenant: str, learner: str) -> None:
    """An enrollment of the tenant's is published within seconds."""
    async with published(victim, tenant) as heard:
        entered = await client.enroll(learner)
        assert entered.status_code == 201, entered.text
        position = entered.headers["Milepost-Position"]

        async def wait() -> None:
            while (await heard.get()).get("Milepost-Position") != position:
                pass

        await asyncio.wait_for(wait(), 10)


async def stray(connection: Nats, tenant: str, position: str) -> None:
    headers = {"Milepost-Position": position, "Milepost-Tenant": tenant, "ce-id": "stray"}
    subject = f"milepost.{tenant}.enrollment.learner_enrolled"
    await connection.jetstream().publish(subject, b"{}", headers=headers)


async def test_a_course_too_large_to_publish_stops_no_school(
    victim: Running, attacker: Client, tenant: str, undisturbed: Undisturbed
):
    file = (await attacker.get("/enrollment/courses/DATA-101/export")).json()
    lesson = file["versions"][0]["lessons"][0]
    file["versions"][0]["lessons"] = [
        {**lesson, "id": f"l{number}", "title": "x" * 1_900} for number in range(5_000)
    ]
    async with undisturbed(), victim.client(tenant=f"{tenant}-other") as elsewhere:
        await elsewhere.open()
        answer = await attacker.post("/enrollment/courses/huge/import", file)
        assert answer.status_code in (400, 413, 422), answer.status_code
        await reaches(elsewhere, victim, f"{tenant}-other", "ann")
        await reaches(attacker, victim, tenant, "ann")


async def test_stray_messages_stop_no_school(
    victim: Running, attacker: Client, tenant: str, undisturbed: Undisturbed
):
    connection = await nats.connect(nats_address(victim))
    async with undisturbed():
        await reaches(attacker, victim, tenant, "ann")
        for position in ("9999", "1", "0", "-1", "x", "99999999999999999999"):
            await stray(connection, tenant, position)
        await connection.jetstream().publish(f"milepost.{tenant}.enrollment.learner_enrolled", b"")
        await reaches(attacker, victim, tenant, "bob")
    await connection.close()
    await reaches(attacker, victim, tenant, "cid")
