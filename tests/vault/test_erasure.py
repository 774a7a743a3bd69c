"""A learner's name and e-mail address, searched for everywhere after an erasure, on real servers.

Milepost encrypts before anything is stored, so even before the erasure nothing may be found.
"""

import base64
import io
import json
import mmap
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import pytest
from tests.journeys.school import School, milepost, wait_until_ready

from milepost.operations.data_directory import running
from milepost.operations.embedded import free_port
from milepost.operations.embedded_postgres import binaries

PLAN = {"title": "Data", "lessons": [{"id": "one", "title": "One"}]}
MARK = uuid4().hex[:12]
NAME = f"Zoë Überraschung-{MARK}"
EMAIL = f"zoe.{MARK}@übung.example"
LEARNER = "learner-4711"


@pytest.fixture(scope="module")
def school() -> Iterator[School]:
    folder = Path(tempfile.mkdtemp(prefix="milepost-"))
    folder.chmod(0o711)  # Postgres runs as somebody else when the tests run as root
    port = free_port(0)
    with milepost(folder, "up", "--port", str(port), MILEPOST_LOG_LEVEL="debug") as up:
        http = f"http://127.0.0.1:{port}"
        wait_until_ready(http, up)
        yield School(http, folder)
    shutil.rmtree(folder, ignore_errors=True)


def forms(text: str) -> list[bytes]:
    """However a text may stand in a file. The mark alone is found in most of them."""
    encoded = text.encode()
    wide = [text.encode(code) for code in ("utf-16-le", "utf-16-be", "latin-1")]
    based = [base64.b64encode(b"\0" * n + encoded)[4:-4] for n in range(3)]
    escaped = json.dumps(text)[1:-1].encode()
    return [encoded, *wide, escaped, quote(text).encode(), encoded.hex().encode(), *based]


NEEDLES = [*forms(NAME), *forms(EMAIL), MARK.encode(), MARK.encode().hex().encode()]


def found_in(content: bytes | mmap.mmap) -> bool:
    return any(content.find(needle) >= 0 for needle in NEEDLES)


def files_with_it(folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as all_:
                if found_in(all_):
                    found.append(str(path.relative_to(folder)))
    return sorted(found)


async def checkpoint(school: School) -> None:
    connection = await connect(school)
    await connection.execute("checkpoint")
    await connection.close()


async def connect(school: School) -> asyncpg.Connection:
    runtime = running(school.data_dir)
    assert runtime is not None
    return await asyncpg.connect(runtime.postgres)


def dumped(school: School) -> bytes:
    runtime = running(school.data_dir)
    assert runtime is not None
    command = [str(binaries() / "pg_dump"), "--dbname", runtime.postgres]
    return subprocess.run(command, check=True, capture_output=True).stdout


async def lives(client) -> None:
    """Put, corrected, enrolled, learning, and some mistakes on the way."""
    learner = f"/enrollment/learners/{LEARNER}"
    person = {"name": NAME, "email": EMAIL, "locale": "de"}
    await client.post("/enrollment/courses/data/versions", json=PLAN)
    await client.put("/enrollment/offerings/spring", json={"course": "data"})
    answers = [
        await client.put(learner, json=person),
        await client.put(learner, json=person, headers={"Idempotency-Key": "again"}),
        await client.put(learner, json={**person, "locale": "not a locale"}),
        await client.put(learner, content=json.dumps(person)[:-1]),
        await client.put(learner, json={**person, "shoe_size": 38}),
        await client.get(learner),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 400, 400, 400, 200]
    assert answers[-1].json() == {"learner": LEARNER, **person}
    enrolled = await client.post(
        "/enrollment/offerings/spring/enrollments", json={"learner": LEARNER}
    )
    enrollment = enrolled.json()["enrollment"]
    now = datetime.now(UTC).isoformat()
    report = {"type": "completed", "id": "1", "lesson": "one", "occurred_at": now}
    path = f"/progress/enrollments/{enrollment}/reports"
    reported = await client.post(path, json={"reports": [report]})
    assert "accepted" in reported.text
    position = reported.headers["Milepost-Position"]
    seen = {"Milepost-Position": position}
    assert (await client.get(f"/dashboards/learners/{LEARNER}", headers=seen)).status_code == 200


async def test_nothing_but_ciphertext_is_found_anywhere(school: School):
    async with school.client("registrar") as client:
        await lives(client)
        exported = await client.get(f"/enrollment/learners/{LEARNER}/export")
        archive = zipfile.ZipFile(io.BytesIO(exported.content))
        assert json.loads(archive.read("person.json"))["name"] == NAME
        told = {json.loads(line)["type"] for line in archive.read("events.ndjson").splitlines()}
        assert {"learner_enrolled", "progress_opened", "lesson_completed"} <= told
        assert json.loads(archive.read("read_models/learner_overview.json"))
        await checkpoint(school)
        assert files_with_it(school.data_dir) == []
        erased = await client.post(f"/enrollment/learners/{LEARNER}/erase")
        assert erased.status_code == 200
        gone = await client.get(f"/enrollment/learners/{LEARNER}")
        assert (gone.status_code, found_in(gone.content)) == (404, False)
        after = await client.get(f"/enrollment/learners/{LEARNER}/export")
        again = zipfile.ZipFile(io.BytesIO(after.content))
        assert not [name for name in again.namelist() if found_in(again.read(name))]
    await checkpoint(school)
    assert files_with_it(school.data_dir) == []
    assert not found_in(dumped(school))


async def test_it_would_be_found_wherever_it_stood(school: School):
    """Else the test above proves nothing: the search is shown a leak of each kind."""
    connection = await connect(school)
    await connection.execute("create table leak (text text, bytes bytea)")
    await connection.execute("insert into leak values ($1, $2)", NAME, EMAIL.encode())
    leaked = dumped(school)
    assert NAME.encode() in leaked
    assert EMAIL.encode().hex().encode() in leaked
    await checkpoint(school)
    tables = files_with_it(school.data_dir / "postgres" / "data" / "base")
    wal = files_with_it(school.data_dir / "postgres" / "data" / "pg_wal")
    await connection.execute("drop table leak")
    await connection.close()
    assert len(tables) == len(wal) == 1
    (school.data_dir / "leak.json").write_text(json.dumps({"name": NAME}))
    assert "leak.json" in files_with_it(school.data_dir)
