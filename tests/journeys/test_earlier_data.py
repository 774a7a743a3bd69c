"""An installation of an earlier state opens: its log is whole, its work goes on, nothing is lost.

`tests/golden/earlier` tells what it holds. It is looked at as it was found; then `milepost up` goes
on with it, and it is looked at again.
"""

import asyncio
import io
import json
import shutil
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from tests.clients import Client, Response, Running
from tests.conftest import Servers
from tests.eventually import eventually
from tests.journeys.earlier_installation import EXPECTED, GOLDEN, Installation, restore
from tests.processes import milepost, wait_until_ready

from milepost.operations.local.embedded import free_port

MODELS = sorted({one["name"] for one in EXPECTED["generations"]})
PUBLISHED: int = sum(EXPECTED["published"].values())
PATIENCE_SECONDS = 60
JOB = f"/enrollment/jobs/{EXPECTED['job']}"
RECORD = "/credentials/learners/{}/record"

# The database refused an erasure: that is tried again. Nobody can read an event: that is left out.
DECISIONS = {"vault": "retry", "projection/learner_overview": "skip"}
# Policies have generation 0; the overview is in its second, for its version is another one since.
UNSETTLED = {"parked", "behind", "retry", "skip"}
DECIDED = f"""select status from consumer.parked where consumer in {tuple(DECISIONS)}
    and generation in (0, 2) order by consumer, position"""
ENTRIES = """select count(*) from log.events where tenant = 'default' and type = 'learner_enrolled'
    and data ->> 'learner' like 'bulk-%' group by data ->> 'learner'"""

BEHIND = """select count(*) from log.heads h join consumer.positions p using (tenant)
    where p.position < h.head"""


class Found(NamedTuple):
    """As it was left, before anything went on."""

    installation: Installation
    verified: Any
    parked: Any
    timers: Any
    published: tuple[int, int]


class GoneOn(NamedTuple):
    """After `milepost up`: the job's document, its results by row, answers by learner or name."""

    job: Any
    settled: list[str]
    results: list[Any]
    entries: list[int]
    learners: dict[str, Response]
    exported: dict[str, list[str]]
    records: dict[str, Any]
    repeated: Response
    reused: Response
    compared: dict[str, Any]
    reconciled: Any
    published: tuple[int, int]
    verified: Any


@pytest.fixture(scope="module")
async def installation(
    embedded: Servers,
    template: str,  # noqa: ARG001 - makes the role that the dump grants rights to
    nats_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Installation]:
    database = f"milepost_earlier_{uuid4().hex}"
    server = await asyncpg.connect(embedded.postgres)
    await server.execute(f"create database {database}")
    address = urlunsplit(urlsplit(embedded.postgres)._replace(path=f"/{database}"))
    await restore(address)
    pool = await asyncpg.create_pool(address, min_size=1, max_size=1)
    data_dir = tmp_path_factory.mktemp("earlier")
    (data_dir / "vault").mkdir()
    shutil.copy(GOLDEN / "master.keys", data_dir / "vault" / "master.keys")
    yield Installation(data_dir, address, nats_url, pool)
    await pool.close()
    await server.execute(f"drop database {database} with (force)")
    await server.close()


@pytest.fixture(scope="module")
async def found(installation: Installation) -> Found:
    async def all_published() -> bool:
        return (await installation.published())[0] >= PUBLISHED

    await installation.ask("migrate")
    answers = await asyncio.gather(
        installation.verify(),
        installation.ask("parked", "list"),
        installation.ask("timers", "list"),
    )
    with milepost(installation.data_dir, "relay", **installation.variables):
        await eventually(all_published, PATIENCE_SECONDS)
    return Found(installation, *answers, await installation.published())


@pytest.fixture(scope="module")
async def gone_on(found: Found) -> GoneOn:
    port = free_port(0)
    http, here = f"http://127.0.0.1:{port}", found.installation
    with milepost(here.data_dir, "up", "--port", str(port), **here.variables) as up:
        wait_until_ready(http, up)
        async with Running(http, here.data_dir).client(subject="office") as client:
            return await go_on(here, client)


async def go_on(here: Installation, client: Client) -> GoneOn:
    await come_to_rest(here, client)
    known = [*EXPECTED["people"], EXPECTED["erased"], EXPECTED["erasure_parked"]]
    learner, once = "/enrollment/learners", EXPECTED["idempotency"]
    results = (await client.get(f"{JOB}/results")).text.splitlines()
    exports = {one: await client.get(f"{learner}/{one}/export") for one in known}
    records = {one: await client.get(RECORD.format(one), by="issuer") for one in ("ann", "ben")}
    rebuilt = await here.ask("projections", "rebuild", "--all", "--rest", "0", codes=(0, 1))
    return GoneOn(
        job=(await client.get(JOB)).json(),
        settled=await here.fetch(DECIDED),
        results=[json.loads(line) for line in results],
        entries=await here.fetch(ENTRIES),
        learners={one: await client.get(f"{learner}/{one}") for one in known},
        exported={one: names(export.content) for one, export in exports.items()},
        records={one: record.json()["credentials"] for one, record in records.items()},
        repeated=await client.enroll(once["learner"], once["offering"], key=once["key"]),
        reused=await client.enroll("another", once["offering"], key=once["key"]),
        compared={one["name"]: one["comparison"] for one in rebuilt["rebuilt"]},
        reconciled=await here.ask("relay", "--reconcile", "--dry-run"),
        published=await here.published(),
        verified=await here.verify(),
    )


async def come_to_rest(here: Installation, client: Client) -> None:
    """The job ends, what is parked is decided, and everybody has read the whole log."""

    async def ended() -> bool:
        return (await client.get(JOB)).json()["ended_at"] is not None

    async def settled() -> bool:
        return not UNSETTLED & {*await here.fetch(DECIDED)}

    async def at_rest() -> bool:
        return await here.fetch(BEHIND) == [0]

    await eventually(ended, PATIENCE_SECONDS)
    await decide(here)
    await eventually(settled, PATIENCE_SECONDS)
    await eventually(at_rest, PATIENCE_SECONDS)


async def decide(here: Installation) -> None:
    why = ("--actor", "registrar", "--reason", "found in an earlier installation")
    for one in EXPECTED["parked"]:
        if one["status"] == "parked" and one["consumer"] in DECISIONS:
            await here.run("parked", DECISIONS[one["consumer"]], str(one["id"]), *why)


def names(archive: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(archive)).namelist()


def as_kept(facts: list[Any], name: str) -> list[Any]:
    """Without what only today's code tells."""
    return [{key: one[key] for key in EXPECTED[name][0]} for one in facts]


async def test_the_log_is_whole_and_as_its_signed_heads_say(found: Found):
    told = EXPECTED["verified"]
    assert found.verified["faults"] == []
    assert found.verified["events"] == told["events"] == sum(EXPECTED["heads"].values())
    assert found.verified["compared"] == told["signed_heads"]


async def test_what_was_parked_is_listed_as_it_was(found: Found):
    assert as_kept(found.parked, "parked") == EXPECTED["parked"]
    assert {one["status"] for one in found.parked} == {"parked", "behind"}


async def test_timers_keep_the_times_at_which_they_are_due(found: Found):
    assert as_kept(found.timers, "timers") == EXPECTED["timers"]
    assert {one["timer"] for one in found.timers} == {"seat-offers", "enrollment-expiry"}


@pytest.mark.faults
async def test_the_relay_publishes_the_whole_log_and_a_second_start_nothing_again(
    found: Found, gone_on: GoneOn
):
    assert found.published == (PUBLISHED, PUBLISHED)
    told = gone_on.reconciled
    assert gone_on.published == (told["events"], told["events"])
    assert told["events"] > PUBLISHED
    assert told["lost"] == told["behind"] == 0
    assert not any(one["doubled"] + one["strange"] for one in told["tenants"])


async def test_a_job_half_done_goes_on_and_ends_with_each_row_once(gone_on: GoneOn):
    rows, told = [one["row"] for one in gone_on.results], EXPECTED["results"]
    assert gone_on.job["state"] == "done"
    assert rows == list(range(2, EXPECTED["rows"] + 2))
    outcomes = Counter(one["outcome"] for one in gone_on.results[:told])
    before = EXPECTED["tally"]
    assert outcomes["enrolled"] == before["enrolled"]
    assert outcomes["refused"] == sum(before["refused"].values())
    entered = sum(one["outcome"] == "enrolled" for one in gone_on.results)
    assert gone_on.entries == [1] * entered
    assert gone_on.job["enrolled"] == entered > before["enrolled"] + EXPECTED["untold"]


@pytest.mark.parametrize("model", MODELS)
async def test_a_read_model_equals_its_rebuild(gone_on: GoneOn, model: str):
    told = gone_on.compared[model]
    assert told["identical"], told
    assert sum(table["rows"][0] for table in told["tables"]) > 0


async def test_known_learners_open_and_whoever_was_erased_is_gone(gone_on: GoneOn):
    for learner, name in EXPECTED["people"].items():
        assert gone_on.learners[learner].json()["name"] == name
        assert "person.json" in gone_on.exported[learner]
    for learner in (EXPECTED["erased"], EXPECTED["erasure_parked"]):
        assert gone_on.learners[learner].status_code == 404
        assert "person.json" not in gone_on.exported[learner]


async def test_what_was_parked_is_tried_again_or_left_out_and_what_waited_goes_on(gone_on: GoneOn):
    # The overview is built anew meanwhile: it parks the event again if that was not decided yet.
    assert gone_on.settled in (["done"], ["skipped", "done", "done"])


async def test_awarded_and_revoked_credentials_stay_so(gone_on: GoneOn):
    for learner, credentials in gone_on.records.items():
        told = {one["achievement"]: [one["credential"], one["status"]] for one in credentials}
        assert told == EXPECTED["credentials"][learner]


async def test_a_used_idempotency_key_is_answered_as_then_and_serves_nothing_else(gone_on: GoneOn):
    position = gone_on.repeated.headers["Milepost-Position"]
    assert gone_on.repeated.status_code == 201
    assert int(position) == EXPECTED["idempotency"]["position"]
    assert gone_on.reused.status_code == 422
    assert gone_on.reused.json()["type"].endswith("idempotency_key_reused")


async def test_the_log_stays_whole_while_it_goes_on(gone_on: GoneOn):
    assert gone_on.verified["faults"] == []
    assert gone_on.verified["compared"] == EXPECTED["verified"]["signed_heads"]
    assert gone_on.verified["events"] > EXPECTED["verified"]["events"]
