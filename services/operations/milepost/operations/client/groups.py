"""Groups as a command sees them, over HTTP."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from milepost.operations.client.bulk_job import with_retries
from milepost.operations.client.http import ApiClient, Http, Token, api_client
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.options import DataDir

# As many as the route takes.
AT_ONCE: Final = 1_000
PAGE: Final = 500
MOST_PAGES: Final = 10_000


@contextmanager
def at_groups(http: Http, token: Token, tenant: str, data_dir: DataDir) -> Iterator[ApiClient]:
    require_tenant(tenant)
    with api_client(http, token, tenant, data_dir, "registrar", known=True) as api:
        yield api


def address(group: str, *more: str) -> str:
    return "/".join(("/enrollment/groups", quote(group, safe=""), *more))


def figures_of(api: ApiClient, group: str) -> dict[str, Any]:
    """What the dashboards tell of it. Raises `Trouble`."""
    found: dict[str, Any] = api.request("GET", f"/dashboards/groups/{quote(group, safe='')}")
    return found


def all_groups(api: ApiClient, status: str | None) -> Iterator[dict[str, Any]]:
    return _pages(api, "/dashboards/groups", "groups", {"status": status} if status else {})


def members_of(api: ApiClient, group: str) -> Iterator[dict[str, Any]]:
    path = f"/dashboards/groups/{quote(group, safe='')}/members"
    return _pages(api, path, "members", {})


def require_open(api: ApiClient, group: str) -> None:
    """Raises `Trouble`, also where it is not there."""
    if api.request("GET", address(group))["archived_at"] is not None:
        raise Trouble(f"{group} is archived: nothing of it changes any more.")


def change_members(
    api: ApiClient,
    group: str,
    learners: Sequence[str],
    report: Callable[[int], object],
    *,
    removing: bool,
) -> int:
    """So many were changed. What is sent again changes nothing twice. Raises `Trouble`."""
    path, changed, done = address(group, "members", *(["remove"] if removing else [])), 0, 0
    report(done)
    for start in range(0, len(learners), AT_ONCE):
        some = learners[start : start + AT_ONCE]
        body = msgspec.json.encode({"learners": some})
        changed += with_retries(partial(api.request, "POST", path, body))["changed"]
        done += len(some)
        report(done)
    return changed


def _pages(api: ApiClient, path: str, name: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The rows of a list, page by page."""
    cursor: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        page = api.request("GET", f"{path}?{urlencode({**query, **cursor, 'limit': PAGE})}")
        yield from page[name]
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}
    raise Trouble(f"{path} has more than {MOST_PAGES * PAGE:,} rows.")
