"""Everybody in an offering is moved to a newer version of the course, from the command line."""

import csv
import io
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.clients import Running
from tests.commands.forked import forked
from tests.eventually import eventually
from tests.processes import plain_environment

LESSONS = [{"id": "one", "title": "One"}, {"id": "two", "title": "Two"}]


async def milepost(school: Running, *words: str) -> tuple[int | None, str]:
    process = await create_subprocess_exec(
        *(*forked(), *words),
        env={**plain_environment(), "MILEPOST_DATA_DIR": str(school.data_dir)},
        stdout=PIPE,
        stderr=PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_an_offering_moves_together(school: Running, tenant: str, tmp_path: Path):
    at = ("--tenant", tenant)
    async with school.client("registrar", tenant=tenant) as office:
        await office.open("spring", course="rust", plan={"title": "Rust", "lessons": LESSONS[:1]})
        await office.publish("rust", {"title": "Rust", "lessons": LESSONS})
        who = [(await office.enroll(one, "spring")).json() for one in ("ana", "ben", "cleo")]
        ana, ben, cleo = (one["enrollment"] for one in who)
        await office.withdraw(cleo)
        for one in (ana, ben):  # its progress is open
            assert (await office.get(f"/progress/enrollments/{one}")).json()["version"] == 1

        async def listed() -> list[dict[str, str]]:
            asked = ("--offering", "spring", "--version", "2", "--reason", "new_edition")
            code, rows = await milepost(school, "jobs", "rows", *asked, *at)
            assert code == 0
            (tmp_path / "who.csv").write_text(rows)
            found = list(csv.DictReader(io.StringIO(rows)))
            return found if {one["enrollment"] for one in found} == {ana, ben} else []

        rows = await eventually(listed)
        assert {(one["version"], one["reason"]) for one in rows} == {("2", "new_edition")}
        submit = ("jobs", "submit", "migrations", str(tmp_path / "who.csv"), *at)
        assert (await milepost(school, *submit, "--dry-run"))[0] == 0
        assert (await office.get(f"/progress/enrollments/{ana}")).json()["version"] == 1
        assert (await milepost(school, *submit))[0] == 0
        for one in (ana, ben):
            assert (await office.get(f"/progress/enrollments/{one}")).json()["version"] == 2
        assert (await milepost(school, "jobs", "rows", *at, "--version", "2", "--reason", "x"))[
            0
        ] == 2
