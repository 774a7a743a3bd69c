"""The rows of read models that are about one learner, for the export of what is kept of them."""

from collections.abc import Mapping, Sequence

import msgspec

from milepost.events.projections.read_model import ReadModel, Table
from milepost.events.projections.tables import Connection
from milepost.web.room import KeptRows, Learner, PersonalData

THERE = "select to_regclass($1) is not null"
ROWS = "select to_jsonb(r) as row from {} r where tenant = $1 and {} = any($2)"


def learner_rows(models: Sequence[ReadModel], about: str) -> PersonalData:
    """A file per table whose rows name a learner or, failing that, an enrollment.

    `about` says to the learner what these rows are.
    """

    async def personal_data(connection: Connection, learner: Learner) -> Mapping[str, KeptRows]:
        found: dict[str, KeptRows] = {}
        for name, column, keys in sorted(_of_learner(models, learner)):
            view = f"dashboards.{name}"
            if await connection.fetchval(THERE, view):  # no projector has run before the first
                rows = await connection.fetch(ROWS.format(view, column), learner.tenant, keys)
                kept = KeptRows(about, [msgspec.Raw(row["row"]) for row in rows])
                found[f"read_models/{name}.json"] = kept
        return found

    return personal_data


def _of_learner(
    models: Sequence[ReadModel], learner: Learner
) -> Sequence[tuple[str, str, Sequence[str]]]:
    """Table, column and the values that stand for the learner there."""
    tables = [table for model in models for table in model.tables]
    return [
        *((table.name, "learner", [learner.learner]) for table in tables if _has(table, "learner")),
        *(
            (table.name, "enrollment", learner.enrollments)
            for table in tables
            if _has(table, "enrollment") and not _has(table, "learner")
        ),
    ]


def _has(table: Table[msgspec.Struct], column: str) -> bool:
    return any(one.name == column for one in table.columns)
