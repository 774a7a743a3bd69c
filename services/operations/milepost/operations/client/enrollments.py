"""The enrollments of a school, as its dashboards list them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from milepost.operations.client.http import ApiClient

PAGE = 500
# Who learns, has learned, or will: who only asked or waited has no progress.
WITH_PROGRESS = frozenset({"enrolled", "active", "suspended", "completed"})


def with_progress(
    api: ApiClient, *, course: str | None, offering: str | None
) -> Iterator[dict[str, Any]]:
    """Of a course, an offering or both. Raises `Trouble`."""
    named = {"course": course, "offering": offering, "limit": PAGE}
    query = {name: value for name, value in named.items() if value is not None}
    while True:
        page = api.request("GET", f"/dashboards/enrollments?{urlencode(query)}")
        yield from (one for one in page["enrollments"] if one["state"] in WITH_PROGRESS)
        if page["next"] is None:
            return
        query["cursor"] = page["next"]
