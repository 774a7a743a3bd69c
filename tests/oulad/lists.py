"""A list in every form in which it comes: pages of JSON, CSV, and Parquet read by arro3."""

import io
from collections.abc import Sequence
from typing import Any, TypeAlias

from arro3.io import read_parquet
from tests.clients import Client
from tests.dashboards.files import as_in_json, as_in_parquet, csv_rows, says

PAGE = 500
MOST_PAGES = 100

Rows: TypeAlias = Sequence[dict[str, Any]]


async def listed(
    client: Client, path: str, name: str, *, at: int | None = None, paged: bool = True, **query: Any
) -> Rows:
    """The rows of the JSON answer, after both files were seen to have the same."""
    rows = await _pages(client, path, name, at, {"limit": PAGE, **query} if paged else query)
    text = (await client.get(path, at=at, format="csv", **query)).text
    lines = csv_rows(text)
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert [one for one in row if not says(line[one], row[one])] == []
    file = (await client.get(path, at=at, format="parquet", **query)).content
    assert [as_in_json(row) for row in parquet_rows(file)] == list(map(as_in_parquet, rows))
    return rows


async def _pages(
    client: Client, path: str, name: str, at: int | None, query: dict[str, Any]
) -> Rows:
    found: list[dict[str, Any]] = []
    for _ in range(MOST_PAGES):
        answer = await client.get(path, at=at, **query)
        assert answer.is_success, answer.text
        page = answer.json()
        found += page[name]
        if page.get("next") is None:
            return found
        query = {**query, "cursor": page["next"]}
    raise AssertionError(f"{path} has no end")


def parquet_rows(content: bytes) -> Rows:
    table = read_parquet(io.BytesIO(content)).read_all()
    columns = [one.to_pylist() for one in table.columns]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]
