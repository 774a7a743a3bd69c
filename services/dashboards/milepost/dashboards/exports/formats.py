"""The formats of a list: which is asked for, what it is called, who writes it.

`?format=` goes before `Accept`; what is neither CSV nor Parquet is JSON.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import IO, Final, Literal, TypeAlias

import msgspec
from litestar.datastructures.headers import Accept

from milepost.dashboards.exports import csv_file, parquet_file
from milepost.dashboards.exports.csv_file import BYTE_ORDER_MARK, write_csv
from milepost.dashboards.exports.parquet_file import (
    ParquetNotInstalled,
    parquet_installed,
    write_parquet,
)
from milepost.dashboards.exports.spool import Write

Format: TypeAlias = Literal["json", "csv", "csv_with_bom", "parquet"]
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]")
JSON: Final = "application/json"
_OF_MEDIA_TYPE: Final[Mapping[str, Format]] = {
    JSON: "json",
    csv_file.MEDIA_TYPE: "csv",
    parquet_file.MEDIA_TYPE: "parquet",
}
MEDIA_TYPES: Final = (csv_file.MEDIA_TYPE, parquet_file.MEDIA_TYPE)


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which list of which school a file holds, and what it is true for."""

    tenant: str
    name: str
    position: int
    as_of: datetime | None

    def file_name(self, suffix: str) -> str:
        """`demo-enrollments-4711.csv`: a later file of the same list has a higher number."""
        name = f"{self.tenant}-{self.name}-{self.position}"
        return f"{_PLAIN.sub('_', name)}.{suffix}"  # an id may hold what parts a header


class FileKind(msgspec.Struct, frozen=True):
    """A format that is a file: how its name ends, its media type, and who writes it."""

    suffix: str
    media_type: str
    writer: Callable[[About], Write]


def format_of(asked: Format | None, accepted: str) -> Format:
    if asked is not None:
        return asked
    if not accepted:
        return "json"
    best = Accept(accepted).best_match(list(_OF_MEDIA_TYPE), default=JSON)
    return _OF_MEDIA_TYPE[best]


def file_kind(wanted: Format) -> FileKind | None:
    """None for JSON. Raises `ParquetNotInstalled`."""
    if wanted == "parquet" and not parquet_installed():
        raise ParquetNotInstalled
    return _KINDS.get(wanted)


def _csv(_about: About) -> Write:
    return write_csv


def _csv_with_bom(_about: About) -> Write:
    def write(file: IO[bytes], *rest: object) -> None:
        file.write(BYTE_ORDER_MARK)
        write_csv(file, *rest)  # type: ignore[arg-type]

    return write


def _parquet(about: About) -> Write:
    facts = {
        "milepost.tenant": about.tenant,
        "milepost.list": about.name,
        "milepost.position": str(about.position),
        "milepost.as_of": csv_file.iso(about.as_of) if about.as_of else "",
    }
    return partial(write_parquet, about=facts)


_KINDS: Final[Mapping[Format, FileKind]] = {
    "csv": FileKind("csv", f"{csv_file.MEDIA_TYPE}; charset=utf-8; header=present", _csv),
    "csv_with_bom": FileKind(
        "csv", f"{csv_file.MEDIA_TYPE}; charset=utf-8; header=present", _csv_with_bom
    ),
    "parquet": FileKind("parquet", parquet_file.MEDIA_TYPE, _parquet),
}
