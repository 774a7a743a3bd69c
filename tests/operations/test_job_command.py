"""`milepost jobs` with jobs of two rooms, beside a Milepost that serves both."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients import Running
from tests.eventually import eventually
from tests.operations.desk import Desk, csv, serving, sit_down

from milepost.contracts.ids import enrollment_id


@pytest.fixture
def served(postgres: str, nats_url: str, session_dir: Path) -> Iterator[Running]:
    yield from serving("all", postgres, nats_url, session_dir)


@pytest.fixture
async def desk(served: Running, tmp_path: Path) -> Desk:
    return await sit_down(served, tmp_path)


async def progress_open(desk: Desk, enrollment: str) -> None:
    """Nothing relays here: policies look for themselves, now and then."""

    async def opened() -> bool:
        async with desk.school.client() as client:
            return (await client.get(f"/progress/enrollments/{enrollment}")).status_code == 200

    await eventually(opened, 60)


@pytest.mark.slow
async def test_scores_from_a_file_are_a_job_like_any_other(desk: Desk):
    spring = desk.folder.name
    await desk.run("enroll", csv(desk, "ann", "bob"))
    await progress_open(desk, enrollment_id(spring, "ann"))
    marks = desk.file("marks.csv", "learner,lesson,raw,maximum\nann,exam,17,20\nzoe,exam,9,20\n")
    submit = ("jobs", "submit", "scores", marks, "--offering", spring)
    dry = await desk.run(*submit, "--dry-run", code=1)
    assert "Nothing is changed." in dry
    said = await desk.run(*submit, code=1)
    for one in (dry, said):
        counts = dict(re.findall(r"│ (\S[a-z_: ]*?) +│ +(\d+) │", one))
        assert counts == {"scored": "1", "refused: unknown_enrollment": "1"}
        assert "row 3 (zoe): " in one
    job = re.findall(r"^Job ([0-9a-f-]+)", said)[0]
    shown = json.loads(await desk.run("jobs", "show", job, "--json"))
    assert (shown["kind"], shown["outcomes"]) == ("scores", {"scored": 1})
    lines = (await desk.run("jobs", "results", job)).splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["scored", "refused"]
    assert "Already ended" in await desk.run("jobs", "cancel", job, code=1)
    listed = json.loads(await desk.run("jobs", "list", "--json", "--limit", "3"))
    assert [one["kind"] for one in listed] == ["scores", "scores", "enrollment"]
    again = await desk.run("jobs", "submit", "waivers", marks, code=1)
    assert "Header invalid" in again
    assert await desk.run("jobs", "submit", "badges", marks, code=2)
