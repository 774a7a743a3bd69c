"""`milepost enroll`, `jobs` and `instructors`, beside a service that is a process of its own."""

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.clients import Running, fetch
from tests.eventually import eventually
from tests.operations.desk import Desk, csv, serving, sit_down

from milepost.operations.client.bulk_job import find, follow_results
from milepost.operations.client.http import ApiClient


@pytest.fixture(scope="module")
def served(postgres: str, nats_url: str, session_dir: Path) -> Iterator[Running]:
    yield from serving("enrollment", postgres, nats_url, session_dir)


@pytest.fixture
async def desk(served: Running, tmp_path: Path) -> Desk:
    return await sit_down(served, tmp_path)


async def test_a_dry_run_says_what_the_real_run_then_does(desk: Desk):
    file = csv(desk, "ann", "bob", "cid", "ann", "d n")
    dry = await desk.run("enroll", file, "--dry-run", code=1)
    assert dry.startswith("Dry run ")
    assert "Nothing is changed." in dry
    real = await desk.run("enroll", file, code=1)
    assert real.startswith("Job ")
    for said in (dry, real):
        counts = dict(re.findall(r"│ (\S[a-z_: ]*?) +│ +(\d+) │", said))
        refused = {"refused: offering_full": "1", "refused: row_invalid": "1"}
        assert counts == {"enrolled": "2", "unchanged": "1", **refused}
        assert "row 4 (cid): " in said
        assert "row 6: The row cannot be read." in said


async def test_everybody_in_is_a_success(desk: Desk):
    file = desk.file("who.ndjson", '{"learner": "ann"}\n{"learner": "bob"}\n')
    told = json.loads(await desk.run("enroll", file, "--offering", desk.folder.name, "--json"))
    assert (told["state"], told["rows"], told["enrolled"], told["refused"]) == ("done", 2, 2, 0)
    lines = (await desk.run("jobs", "results", told["job"])).splitlines()
    assert [json.loads(line)["learner"] for line in lines] == ["ann", "bob"]
    assert await desk.run("jobs", "results", told["job"], "--refused") == "No rows are refused.\n"
    shown = json.loads(await desk.run("jobs", "show", told["job"], "--json"))
    assert shown == told
    listed = json.loads(await desk.run("jobs", "list", "--json", "--limit", "1"))
    assert [one["job"] for one in listed] == [told["job"]]
    assert told["job"] in await desk.run("jobs", "list")


async def test_what_is_wrong_with_a_file_is_said(desk: Desk):
    wrong = desk.file("who.csv", "learner,email\nann,ann@example.org\n")
    said = await desk.run("enroll", wrong, code=1)
    assert "Header invalid" in said
    assert "email" in said
    assert "ann@" not in said
    assert "should end with .csv" in await desk.run("enroll", "who.xlsx", code=2)
    missing = str(desk.folder / "nobody.csv")
    assert "cannot be read" in await desk.run("enroll", missing, code=1)


@pytest.mark.parametrize("command", ["show", "results", "cancel"])
async def test_a_job_that_is_not_there_is_said_so_and_where_to_look(desk: Desk, command: str):
    unknown = "0199058e-6f5c-7d3a-8f7e-21c4b0a9d613"
    said = await desk.run("jobs", command, unknown, code=1)
    assert (said.count("Unknown job"), unknown in said) == (1, True)
    assert "`milepost jobs list` shows" in said
    for wrong in ("nope", "", "a/b"):
        said = await desk.run("jobs", command, wrong, code=2)
        assert f"{wrong!r} is no job's id, which is like {unknown}" in said
        assert "`milepost jobs list` shows" in said


async def test_instructors_are_assigned_listed_and_removed(desk: Desk):
    offering = desk.folder.name
    assert f"{offering} has no instructors" in await desk.run("instructors", "list", offering)
    said = await desk.run("instructors", "assign", "auth0|5f7c", offering)
    assert said == f"auth0|5f7c teaches {offering}.\n"
    told = json.loads(await desk.run("instructors", "assign", "ines", offering, "--json"))
    assert told == [{"offering": offering, "instructor": "ines", "assigned": True}]
    assert await desk.run("instructors", "list", offering) == "auth0|5f7c\nines\n"
    await desk.run("instructors", "remove", "auth0|5f7c", offering)
    listed = json.loads(await desk.run("instructors", "list", offering, "--json"))
    assert listed == {"offering": offering, "instructors": ["ines"]}
    said = await desk.run("instructors", "assign", "ines", offering, "no-such-run", code=1)
    assert said == f"ines teaches {offering}.\n"
    said = await desk.run("instructors", "assign", "ines", "no-such-run", code=1)
    assert "Unknown offering" in said


async def test_all_that_is_wrong_with_a_call_is_said_at_once(desk: Desk):
    said = await desk.run("enroll", "who.xlsx", "--tenant", "a b", code=2)
    assert "'a b' cannot be a school" in said
    assert "should end with .csv" in said


async def test_a_school_without_jobs_has_an_empty_list(desk: Desk):
    assert "idle has no bulk jobs" in await desk.run("jobs", "list", "--tenant", "idle")
    assert await desk.run("jobs", "list", "--tenant", "idle", "--json") == "[]\n"


async def test_a_job_s_id_is_whole_however_narrow_the_screen_is(desk: Desk):
    told = json.loads(await desk.run("enroll", csv(desk, "ann"), "--json"))
    for columns in ("30", "60", "80"):
        listed = await desk.run("jobs", "list", COLUMNS=columns)
        assert f"{told['job']} " in listed
        assert "…" not in listed


def looked_at(school: Running) -> float:
    """How often anybody has asked how a job stands."""
    route = re.escape('{method="GET",route="/enrollment/jobs/{job}",status="200"}')
    told = fetch(f"{school.http}/metrics").text
    found = re.search(rf"^milepost_http_requests_total{route} (\S+)$", told, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_a_job_goes_on_without_its_command_until_it_is_canceled(desk: Desk):
    file = csv(desk, *(f"l-{number}" for number in range(100_000)))
    before = looked_at(desk.school)
    process = await desk.start("enroll", file)
    async with desk.school.client() as client:

        async def under_way() -> dict[str, Any]:
            jobs = (await client.get("/enrollment/jobs", limit=1)).json()["jobs"]
            [job] = jobs or [{"done": 0}]
            whole = job["done"] and job["rows"] == 100_000
            return job if whole and job["state"] == "running" else {}

        job = await eventually(under_way, 60)
        # Until it has heard of the job's id, it has none to tell.
        await eventually(lambda: looked_at(desk.school) > before)
    process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert f"milepost jobs cancel {job['job']}" in errors.decode()
    assert json.loads(await desk.run("jobs", "show", job["job"], "--json"))["state"] == "running"
    canceled = json.loads(await desk.run("jobs", "cancel", job["job"], "--json"))
    assert (canceled["job"], canceled["state"]) == (job["job"], "canceled")
    assert ": canceled, " in await desk.run("jobs", "cancel", job["job"])


async def test_results_are_followed_however_long_there_are_none(desk: Desk):
    """It waits behind another job of the school, longer than one answer is waited for."""
    many = csv(desk, *(f"l-{number}" for number in range(100_000)))
    busy = json_id(await desk.run("enroll", many, "--no-follow", "--json"))
    job = json_id(await desk.run("enroll", csv(desk, "ann"), "--no-follow", "--json"))
    headers = desk.school.headers()
    asked: list[object] = []
    hooks = {"request": [asked.append]}
    with httpx2.Client(
        base_url=desk.school.http, headers=headers, timeout=2.0, event_hooks=hooks
    ) as impatient:
        following = asyncio.create_task(asyncio.to_thread(follow, ApiClient(impatient), job))
        await eventually(lambda: len(asked) >= 3, 60)
        assert json.loads(await desk.run("jobs", "show", job, "--json"))["state"] == "queued"
        assert not following.done()
        await desk.run("jobs", "cancel", busy)
        lines = await asyncio.wait_for(following, 60)
    assert [json.loads(line)["learner"] for line in lines] == ["ann"]
    assert (await desk.run("jobs", "results", job, "--follow")).splitlines() == lines


def follow(api: ApiClient, job: str) -> list[str]:
    return list(follow_results(api, find(api, job), refused_only=False))


def json_id(told: str) -> str:
    job: str = json.loads(told)["job"]
    return job


async def test_a_parameter_that_is_wrong_is_named(desk: Desk):
    said = await desk.run("enroll", csv(desk, "ann"), "--offering", "a b", code=1)
    assert "Malformed" in said
    assert "  offering: " in said


async def test_nobody_has_to_wait(desk: Desk):
    said = await desk.run("enroll", csv(desk, "ann"), "--no-follow")
    job = re.search(r"Job (\S+): ", said)
    assert job is not None
    assert ": done, 1 of 1 rows" in await desk.run("jobs", "show", job[1], "--follow")
