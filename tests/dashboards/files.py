"""A list's files, read back: what CSV and Parquet must have of the rows of a JSON answer."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from milepost.dashboards.exports.csv_file import guarded


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def says(cell: str, value: Any) -> bool:
    """Whether a cell of CSV says what JSON has."""
    if value is None:
        return cell == ""
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, int | float | list | dict):
        return bool(json.loads(cell) == value)
    return cell == guarded(value)


def as_in_parquet(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of JSON: what is nested is its text."""
    return {
        name: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        if isinstance(value, list | dict)
        else value
        for name, value in row.items()
    }


def as_in_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of Parquet: times are texts."""
    return {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in row.items()
    }
