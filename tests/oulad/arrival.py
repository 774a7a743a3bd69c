"""What arrived in Milepost, asked for in every way there is."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.clients import Running
from tests.commands.forked import forked
from tests.eventually import wait_until
from tests.processes import plain_environment

from milepost.contracts.records import CredentialAwarded
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.events.nats.cloudevents import recorded_from
from milepost.events.nats.jetstream import STREAM, connected
from milepost.events.store.postgres import PostgresLog, owner_connection, speak_json_bytes
from milepost.operations.installation.data_directory import Runtime, running

AWARDS = Codec[CredentialAwarded](CredentialAwarded)
# Of all five modules, beside whatever else the machine does: who hangs is ended by the test's own.
PATIENCE_SECONDS = 1_800
READ_MODELS = ("learner_overview", "offering_summary", "credential_registry")


FIRST_AWARD = """select position from log.events
    where tenant = $1 and type = 'credential_awarded' order by position limit 1"""
CUT_OUT = f"""delete from log.events where tenant = $1 and position = ({FIRST_AWARD})
    returning data->>'learner'"""
# To the first learner who has completed nothing, in the place of that event.
ADD_ONE = """with free as (
        select position, data->>'learner' learner from log.events opened
         where tenant = $1 and type = 'progress_opened' and not exists (
            select from log.events e where e.tenant = $1
               and e.stream = 'record-' || (opened.data->>'learner'))
         order by position limit 1)
    update log.events e set type = award.type, stream = 'record-' || free.learner,
           data = award.data || jsonb_build_object('learner', free.learner)
      from free, (select * from log.events where tenant = $1 and type = 'credential_awarded'
                   order by position limit 1) award
     where e.tenant = $1 and e.position = free.position
    returning free.learner"""


def runtime_of(school: Running) -> Runtime:
    """It is written a moment after everything answers."""
    runtime = wait_until(lambda: running(school.data_dir))
    assert runtime
    return runtime


def command(
    school: Running, *arguments: str, program: Sequence[str] | None = None
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*(program or forked()), *arguments],
        env={**plain_environment(), "MILEPOST_DATA_DIR": str(school.data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer_of(process: "subprocess.Popen[str]") -> Any:
    """The JSON on its last line."""
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, errors
    return json.loads(output.splitlines()[-1])


def start_import(
    school: Running, folder: Path, tenant: str, program: Sequence[str] | None = None
) -> "subprocess.Popen[str]":
    words = ("import", "oulad", str(folder), "--tenant", tenant, "--json")
    return command(school, *words, program=program)


class Planted(NamedTuple):
    """A log as somebody has made it: one award is gone, and another learner has one too many."""

    log: PostgresLog
    robbed: str
    favored: str


class OneAtATime:
    """One connection that answers as a pool would."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._lock = connection, asyncio.Lock()

    async def fetch(self, *asked: Any) -> Any:
        async with self._lock:
            return await self._connection.fetch(*asked)


@asynccontextmanager
async def planted(school: Running, tenant: str) -> AsyncIterator[Planted]:
    """Nothing of it stays: it is seen within one transaction."""
    runtime = runtime_of(school)
    async with owner_connection(runtime.owner or runtime.postgres) as connection:
        await speak_json_bytes(connection)
        kept = connection.transaction()
        await kept.start()
        await connection.execute("set local session_replication_role = replica")
        robbed = await connection.fetchval(CUT_OUT, tenant)
        favored = await connection.fetchval(ADD_ONE, tenant)
        pool: Any = OneAtATime(connection)
        yield Planted(PostgresLog(pool), robbed, favored)
        await kept.rollback()


REPORTED = ("offering", "enrolled", "withdrawn", "completed", "credentials")


def report(school: Running, tenant: str) -> list[dict[str, Any]]:
    """What the files tell of, too."""
    lines = answer_of(command(school, "report", "offerings", "--tenant", tenant, "--json"))
    return [{name: line[name] for name in REPORTED} for line in lines]


def numbers_of(imported: dict[str, Any]) -> dict[str, Any]:
    """What an import arrives at, without what differs from run to run."""
    return {k: v for k, v in imported.items() if k not in {"events", "appended", "seconds"}}


async def log_of(school: Running, tenant: str) -> tuple[int, int, int]:
    """A tenant's head, how many events there are, and the last position."""
    async with owner_connection(runtime_of(school).postgres) as connection:
        row = await connection.fetchrow(
            """select coalesce((select head from log.heads where tenant = $1), 0),
                count(*), coalesce(max(position), 0) from log.events where tenant = $1""",
            tenant,
        )
    assert row
    return row[0], row[1], row[2]


async def read_models(school: Running, tenant: str) -> dict[str, list[tuple[Any, ...]]]:
    async with owner_connection(runtime_of(school).postgres) as connection:
        return {
            name: sorted(
                (
                    tuple(row)
                    for row in await connection.fetch(
                        f"select * from dashboards.{name} where tenant = $1", tenant
                    )
                ),
                key=str,
            )
            for name in READ_MODELS
        }


async def awards_heard(school: Running, tenant: str, expected: int) -> Sequence[Recorded]:
    """All that a durable subscriber gets: at least as many as expected, until there is silence."""
    heard: list[Recorded] = []
    async with connected(runtime_of(school).nats, "test") as client:
        subscription = await client.jetstream().pull_subscribe(
            f"milepost.{tenant}.credentials.credential_awarded",
            durable=f"test-{tenant}",
            stream=STREAM,
        )
        while True:
            patience_seconds = 60 if len(heard) < expected else 1
            try:
                messages = await subscription.fetch(500, timeout=patience_seconds)
            except TimeoutError:
                return heard
            for message in messages:
                heard.append(recorded_from(message.headers or {}, message.data))
                await message.ack()


def require_each_once_in_order(heard: Sequence[Recorded], expected: int) -> None:
    positions = [one.position for one in heard]
    assert positions == sorted(set(positions))
    awards = [AWARDS.read(one) for one in heard]
    assert len({(one.learner, one.achievement) for one in awards}) == len(awards) == expected
