"""Who works in the background: on jobs, and on the proof that the numbers agree with the log.

Model jobs and proofs have leaders, who are asked for. Workers of bulk jobs have none, for there may
be any number: that nobody is there shows when a job waits and none is under way.
"""

from collections.abc import Mapping
from typing import Final

from milepost.credentials.jobs import rows as credentials
from milepost.enrollment.bulk import enrollment_kind as enrollment
from milepost.events.integrity.results import Part
from milepost.operations.console.integrity.worker import lease_of
from milepost.operations.console.jobs.worker import LEASE
from milepost.operations.doctor.finding import Patient, Says, worst, wrong
from milepost.operations.doctor.leaders import holders, leadership
from milepost.progress.jobs import rows as progress

# The part that names the lease, and the process that holds it.
PROOFS: Final[Mapping[Part, str]] = {"log": "milepost project", "stream": "milepost relay"}
SCHEMAS: Final[Mapping[str, str]] = {
    "enrollment": enrollment.TABLES.schema,
    "progress": progress.TABLES.schema,
    "credentials": credentials.TABLES.schema,
}
# A worker says each second that it is at work, and looks for jobs twice a second.
WAITING = """select count(*) filter (where state = 'queued' or alive_at < {silent}) as jobs,
        min(changed_at) filter (where state = 'queued' or alive_at < {silent}) < {silent} as long,
        coalesce(max(alive_at) >= {silent}, false) as at_work
    from {schema}.jobs where state in ('queued', 'running')"""
SILENT = "clock_timestamp() - make_interval(secs => $1)"


async def integrity(patient: Patient) -> Says:
    said = [await _led(patient, lease_of(part), command) for part, command in PROOFS.items()]
    return worst(*said, Says("is looked at again and again"))


async def jobs(patient: Patient) -> Says:
    models = await _led(patient, LEASE, "milepost project")
    bulk = [await _taken(patient, room, schema) for room, schema in SCHEMAS.items()]
    return worst(models, *bulk, Says("none waits for a worker"))


async def _led(patient: Patient, lease: str, command: str) -> Says:
    found = await holders(patient.postgres, [lease])
    return leadership(found, patient.bounds, command)


async def _taken(patient: Patient, room: str, schema: str) -> Says:
    sql = WAITING.format(schema=schema, silent=SILENT)
    row = await patient.postgres.fetchrow(sql, float(patient.bounds.silent_seconds))
    assert row is not None, "a count is always told"
    if not row["long"] or row["at_work"]:
        return Says("")
    return wrong(
        f"{row['jobs']:,} jobs of {room} wait, and no worker takes them",
        f"start `milepost serve {room}` (or `serve all`), which does them",
    )
