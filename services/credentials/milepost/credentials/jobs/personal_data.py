"""The rows of credential jobs that were about one learner, and what came of each."""

from collections.abc import Mapping

import msgspec

from milepost.events.projections.tables import Connection
from milepost.web.room import KeptRows, Learner

# Also of rows that came to nothing, which no event tells.
UPLOADED = """select to_jsonb(found) as row from (
        select j.created_at as uploaded_at, j.job, j.kind, j.dry_run, r.row, r.request,
               x.outcome, x.position, x.problem
          from credential_jobs.rows r
          join credential_jobs.jobs j using (tenant, job)
          left join lateral (
            select * from credential_jobs.results o
             where (o.tenant, o.job, o.row) = (r.tenant, r.job, r.row) offset 0) x on true
         where r.tenant = $1 and r.learner = $2
         order by j.created_at, r.job, r.row) as found"""
ABOUT = "Rows of jobs of credentials that were about the learner, and what came of each."


async def personal_data(connection: Connection, learner: Learner) -> Mapping[str, KeptRows]:
    rows = await connection.fetch(UPLOADED, learner.tenant, learner.learner)
    if not rows:
        return {}
    found = [msgspec.Raw(row["row"]) for row in rows]
    return {"credential_job_rows.json": KeptRows(ABOUT, found)}
