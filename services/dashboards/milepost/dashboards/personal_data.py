"""The rows of read models that are about one learner."""

from collections.abc import Mapping, Sequence

import msgspec

from milepost.dashboards.read_models import READ_MODELS
from milepost.events.projections.read_model import Table
from milepost.events.projections.tables import Connection
from milepost.web.room import KeptRows, Learner

THERE = "select to_regclass($1) is not null"
ROWS = "select to_jsonb(r) as row from {} r where tenant = $1 and {} = any($2)"


async def personal_data(connection: Connection, learner: Learner) -> Mapping[str, KeptRows]:
    """A file per table whose rows name a learner or, failing that, an enrollment."""
    found: dict[str, KeptRows] = {}
    for name, column, keys in sorted(_about(learner)):
        view = f"dashboards.{name}"
        if await connection.fetchval(THERE, view):  # no projector has run before the first
            rows = await connection.fetch(ROWS.format(view, column), learner.tenant, keys)
            words = "What is shown on pages."
            kept = KeptRows(words, [msgspec.Raw(row["row"]) for row in rows])
            found[f"read_models/{name}.json"] = kept
    return found


def _about(learner: Learner) -> Sequence[tuple[str, str, Sequence[str]]]:
    """Table, column and the values that stand for the learner there."""
    tables = [table for model in READ_MODELS for table in model.tables]
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
