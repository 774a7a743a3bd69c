"""A learner's name and e-mail address, searched for everywhere after an erasure, on real servers.

Milepost encrypts before anything is stored, so even before the erasure nothing may be found.
"""

import base64
import contextlib
import io
import json
import re
import subprocess
import zipfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import asyncpg
import psutil
import pytest
from tests.clients import Response, Running
from tests.eventually import eventually

from milepost.enrollment.domain.erasure import VAULT, erase
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.installation.data_directory import running
from milepost.operations.local.embedded_postgres import binaries

PLAN = {"title": "Data", "lessons": [{"id": "one", "title": "One"}]}


def a_mark() -> str:
    """A word that stands nowhere else."""
    return f"q{uuid4().hex[:11]}"


def forms(mark: str) -> list[bytes]:
    """However it may be written: most encodings keep ASCII as it is, also escaped JSON and URLs."""
    encoded = mark.encode()
    based = [base64.b64encode(b"\0" * n + encoded)[4:-4] for n in range(3)]
    return [encoded, encoded.hex().encode(), mark.encode("utf-16-le")[:-1], *based]


def holds(content: bytes, mark: str) -> bool:
    return any(form in content for form in forms(mark))


def files_with(mark: str, folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            if holds(path.read_bytes(), mark):
                found.append(str(path.relative_to(folder)))
    return sorted(found)


async def checkpoint(school: Running) -> None:
    connection = await connect(school)
    await connection.execute("checkpoint")
    await connection.close()


async def connect(school: Running) -> asyncpg.Connection:
    runtime = running(school.data_dir)
    assert runtime is not None
    return await asyncpg.connect(runtime.owner)


def dumped(school: Running) -> bytes:
    runtime = running(school.data_dir)
    assert runtime is not None
    command = [str(binaries() / "pg_dump"), "--dbname", runtime.owner]
    return subprocess.run(command, check=True, capture_output=True).stdout


async def lives(client, learner, person) -> None:
    """Put, corrected, enrolled, learning, and some mistakes on the way."""
    address = f"/enrollment/learners/{learner}"
    await client.open("spring", course="data", plan=PLAN)
    answers = [
        await client.put(address, person),
        await client.put(address, person, key="again"),
        await client.put(address, {**person, "locale": "not a locale"}),
        await client.put(address, content=json.dumps(person)[:-1]),
        await client.put(address, {**person, "shoe_size": 38}),
        await client.get(address),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 400, 400, 400, 200]
    assert answers[-1].json() == {"learner": learner, **person}
    enrolled = await client.enroll(learner)
    enrollment = enrolled.json()["enrollment"]
    now = datetime.now(UTC).isoformat()
    report = {"type": "completed", "id": "1", "lesson": "one", "occurred_at": now}
    reported = await client.report(enrollment, report)
    assert "accepted" in reported.text
    assert (await client.get(f"/dashboards/learners/{learner}")).status_code == 200


async def test_nothing_but_ciphertext_is_found_anywhere(school: Running, tenant: str):
    mark = a_mark()
    person = {"name": f"Zoë{mark} Ü{mark}", "email": f"{mark}@übung.example", "locale": "de"}
    async with school.client("registrar", tenant=tenant) as client:
        await lives(client, "zoe", person)
        exported = files_of(await client.get("/enrollment/learners/zoe/export"))
        assert json.loads(exported["person.json"]) == person
        told = {json.loads(line)["type"] for line in exported["events.ndjson"].splitlines()}
        assert {"learner_enrolled", "progress_opened", "lesson_completed"} <= told
        assert json.loads(exported["read_models/learner_overview.json"])
        await checkpoint(school)
        assert files_with(mark, school.data_dir) == []
        erased = await client.post("/enrollment/learners/zoe/erase")
        assert erased.status_code == 200
        gone = await client.get("/enrollment/learners/zoe")
        assert (gone.status_code, holds(gone.content, mark)) == (404, False)
        left = files_of(await client.get("/enrollment/learners/zoe/export"))
        assert not [name for name, content in left.items() if holds(content, mark)]
    await checkpoint(school)
    assert files_with(mark, school.data_dir) == []
    assert not holds(dumped(school), mark)


def test_the_process_that_has_the_keys_leaves_no_core(school: Running):
    port = urlsplit(school.http).port
    listening = {
        one.pid
        for one in psutil.net_connections("tcp")
        if one.status == psutil.CONN_LISTEN and port in one.laddr
    }
    assert listening
    for pid in listening:
        limits = Path(f"/proc/{pid}/limits").read_text("utf-8")
        assert re.search(r"core file size +0 +0 ", limits)


async def test_it_would_be_found_wherever_it_stood(school: Running):
    """Else the test above proves nothing: the search is shown a leak of each kind."""
    mark = a_mark()
    connection = await connect(school)
    await connection.execute("create table leak (bytes bytea)")
    await connection.execute("insert into leak values ($1)", f"Zoë {mark}".encode())
    assert holds(dumped(school), mark)
    await connection.execute("checkpoint")
    data = school.data_dir / "postgres" / "data"
    found = [len(files_with(mark, data / part)) for part in ("base", "pg_wal")]
    await connection.execute("drop table leak")
    await connection.close()
    assert found == [1, 1]


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode(),
        lambda text: text.encode("latin-1"),
        lambda text: text.encode("utf-16"),
        lambda text: json.dumps({"name": text}).encode(),
        lambda text: quote(text).encode(),
        lambda text: text.encode().hex().encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.b64encode(b"." + text.encode()),
        lambda text: base64.b64encode(b".." + text.encode()),
    ],
)
def test_the_search_reads_many_hands(tmp_path, written):
    mark = a_mark()
    (tmp_path / "log").write_bytes(b"before " + written(f"Zoë {mark}") + b" after")
    assert files_with(mark, tmp_path) == ["log"]


def files_of(response: Response) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    return {name: archive.read(name) for name in archive.namelist()}


async def test_whoever_has_a_receipt_is_erased_whatever_died_meanwhile(
    school: Running, tenant: str
):
    """The log holds a receipt, and the process that wrote it did not come to erase."""
    runtime = running(school.data_dir)
    assert runtime is not None
    async with school.client("registrar", tenant=tenant) as client:
        await client.put("/enrollment/learners/zoe", {"name": "Zoë"})
        pool = await connect_pool(runtime.postgres, name="test")
        transactor = Transactor(PostgresLog(pool))
        receipt = partial(erase, learner="zoe", occurred_at=datetime.now(UTC))
        await transactor.transact(tenant, VAULT.of("zoe"), receipt)
        await transactor.close()
        await pool.close()

        async def erased() -> bool:
            return (await client.get("/enrollment/learners/zoe")).status_code == 404

        await eventually(erased)
