"""Rows as Parquet, by arro3, which an installation may leave out (`milepost[parquet]`).

Times are microseconds in UTC; texts, numbers and absent values are exactly those of the JSON.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Any, Final

from milepost.dashboards.exports.columns import Column, Kind, value_of
from milepost.web.problems import Problem, RequestFault

if TYPE_CHECKING:
    from arro3.core import Array, DataType, Schema

MEDIA_TYPE: Final = "application/vnd.apache.parquet"
ROWS_IN_A_GROUP: Final = 50_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class ParquetNotInstalled(RequestFault):
    """The same list comes as CSV everywhere."""

    def problem(self) -> Problem:
        return Problem(
            status=501,
            name="parquet_not_installed",
            title="No Parquet here",
            detail="This installation writes no Parquet: ask for CSV, or install "
            "milepost[parquet].",
        )


def parquet_installed() -> bool:
    return find_spec("arro3") is not None and find_spec("arro3.io") is not None


def write_parquet(
    file: IO[bytes],
    columns: Sequence[Column],
    chunks: Iterator[Sequence[object]],
    about: Mapping[str, str],
) -> None:
    """A chunk at a time; `about` goes into the file's metadata."""
    from arro3.core import RecordBatch, RecordBatchReader  # noqa: PLC0415 - an extra
    from arro3.io import write_parquet  # noqa: PLC0415

    schema = _schema(columns)
    batches = (
        RecordBatch.from_arrays([_array(rows, one) for one in columns], schema=schema)
        for rows in chunks
    )
    write_parquet(
        RecordBatchReader.from_batches(schema, batches),
        file,
        compression="zstd(3)",
        max_row_group_size=ROWS_IN_A_GROUP,
        key_value_metadata=dict(about),
    )


def _schema(columns: Sequence[Column]) -> "Schema":
    from arro3.core import Field, Schema  # noqa: PLC0415

    return Schema([Field(one.name, _type(one.kind), nullable=True) for one in columns])


def _type(kind: Kind) -> "DataType":
    from arro3.core import DataType  # noqa: PLC0415

    types: Mapping[Kind, DataType] = {
        "text": DataType.utf8(),
        "integer": DataType.int64(),
        "real": DataType.float64(),
        "boolean": DataType.bool(),
        "time": DataType.timestamp("us", tz="UTC"),
        "json": DataType.utf8(),
    }
    return types[kind]


def _array(rows: Sequence[object], column: Column) -> "Array":
    from arro3.core import Array, DataType  # noqa: PLC0415

    values = [value_of(row, column) for row in rows]
    if column.kind != "time":
        return Array(values, _type(column.kind))
    # It makes no array of datetimes.
    return Array([_microseconds(one) for one in values], DataType.int64()).cast(_type("time"))


def _microseconds(at: Any) -> int | None:
    return None if at is None else (at - _EPOCH) // _MICROSECOND
