"""A bulk job as a command sees it, over HTTP: sent, followed, told."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

import msgspec
import typer
from rich.table import Table

from milepost.events.runtime.backoff import Backoff
from milepost.operations.client.http import ApiClient, NoAnswer, NotThere
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.progress import bars
from milepost.operations.terminal.tables import print_table

T = TypeVar("T")

# Each room has jobs of its own kinds.
OF_ENROLLMENT, OF_PROGRESS = "/enrollment/jobs", "/progress/jobs"
OF_CREDENTIALS = "/credentials/jobs"
ROOMS = (OF_ENROLLMENT, OF_PROGRESS, OF_CREDENTIALS)
# What a job of each kind is doing.
KINDS = {
    "enrollment": "enrolling",
    "scores": "scoring",
    "waivers": "waiving",
    "migrations": "migrating",
    "rule-changes": "judging anew",
    "awards": "awarding",
    "revocations": "revoking",
    "renewals": "renewing",
    "supersessions": "superseding",
}
ON_CREDENTIALS = ("awards", "revocations", "renewals", "supersessions")
MEDIA_TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "jsonl": "application/x-ndjson",
    "json": "application/json",
}
ENROLLED = ("enrolled", "waitlisted", "pending_approval", "requested", "unchanged")
POLL_SECONDS = 0.5
ATTEMPTS = 7
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 15.0
REFUSED_SHOWN = 5


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What of a job is told here. `path`: where it was found; `told`: all that was answered."""

    job: str
    state: str
    dry_run: bool
    by: str
    rows: int
    done: int
    refused: int
    refusals: dict[str, int]
    canceling: bool
    rows_per_second: float | None
    created_at: str
    ended_at: str | None
    kind: str = "enrollment"
    outcomes: dict[str, int] = {}
    path: str = OF_ENROLLMENT
    told: dict[str, Any] = {}


def require_readable(file: Path) -> None:
    """Raises `Trouble`."""
    if _suffix(file) not in MEDIA_TYPES:
        raise WrongUsage(f"{file}: its name should end with .{', .'.join(MEDIA_TYPES)}.")
    try:
        file.open("rb").close()
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {error.strerror}.") from error


def upload(api: ApiClient, file: Path, *, kind: str = "enrollment", **query: str) -> Job:
    """Sent again, as the same command, while nobody answers. Raises `Trouble`."""
    headers = {"Content-Type": MEDIA_TYPES[_suffix(file)], "Idempotency-Key": str(uuid4())}
    path = _room_of(kind)
    named = query if kind == "enrollment" else {"kind": kind, **query}

    def send() -> Job:
        with file.open("rb") as content:
            return _job(path, api.upload(f"{path}?{urlencode(named)}", content, headers))

    try:
        return with_retries(send)
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {error.strerror}.") from error


def find(api: ApiClient, job: str) -> Job:
    """Wherever it is. Raises `Trouble`."""
    return _first_there(lambda path: _read(api, path, job))


def newest(api: ApiClient, limit: int) -> list[Job]:
    """Of all rooms that answer there, the newest first. Raises `Trouble`."""
    found, missing = list[Job](), list[NotThere]()
    for path in ROOMS:
        try:
            page = api.request("GET", f"{path}?{urlencode({'limit': limit})}")["jobs"]
        except NotThere as none:
            missing.append(none)
            continue
        found += [_job(path, one) for one in page]
    if len(missing) == len(ROOMS):
        raise missing[0]
    # A job's id begins with its time.
    return sorted(found, key=lambda one: one.job, reverse=True)[:limit]


def cancel(api: ApiClient, job: str) -> Job:
    """Raises `Trouble`."""

    def there(path: str) -> Job:
        api.request("POST", f"{path}/{job}/cancel")
        return _read(api, path, job)

    return _first_there(there)


def follow(api: ApiClient, job: Job) -> Job:
    """Wait for its end, with a bar on a terminal. It goes on without this."""
    task = "trying out" if job.dry_run else KINDS.get(job.kind, job.kind)
    with bars() as show_progress:
        while True:
            show_progress(task, job.done, job.rows)
            if job.ended_at is not None:
                return job
            time.sleep(POLL_SECONDS)
            job = _read(api, job.path, job.job)


def results(api: ApiClient, job: Job, *, refused_only: bool, after: int = 0) -> Iterator[str]:
    """A line of JSON for each row that is done, behind the row `after`."""
    query = urlencode({"refused": refused_only, "after": after}).lower()
    return api.lines(f"{job.path}/{job.job}/results?{query}")


def follow_results(api: ApiClient, job: Job, *, refused_only: bool) -> Iterator[str]:
    """As `results`, until the job has ended, however long there is none."""
    after = 0
    while True:
        job = _read(api, job.path, job.job)  # if it has ended, what comes now is all there will be
        lines = with_retries(
            partial(_all_results, api, job, refused_only=refused_only, after=after)
        )
        yield from lines
        if lines:
            after = msgspec.json.decode(lines[-1])["row"]
        if job.ended_at is not None:
            return
        time.sleep(POLL_SECONDS)


def print_outcome(api: ApiClient, job: Job) -> None:
    """What it came to, and the first rows that were refused."""
    typer.echo(_headline(job))
    if job.done:
        print_table(_table(job))
    if not job.refused:
        return
    for line in islice(results(api, job, refused_only=True), REFUSED_SHOWN):
        typer.echo(_refusal(msgspec.json.decode(line)))
    if job.refused > REFUSED_SHOWN:
        typer.echo(f"All of them: milepost jobs results {job.job} --refused")


def _all_results(api: ApiClient, job: Job, *, refused_only: bool, after: int) -> list[str]:
    return list(results(api, job, refused_only=refused_only, after=after))


def _read(api: ApiClient, path: str, job: str) -> Job:
    return with_retries(lambda: _job(path, api.request("GET", f"{path}/{job}")))


def _first_there(look: Callable[[str], Job]) -> Job:
    """In the room that has it. Raises `NotThere` of one that answers, if none has it."""
    missing: list[NotThere] = []
    for path in ROOMS:
        try:
            return look(path)
        except NotThere as none:
            missing.append(none)
    raise next((one for one in missing if one.name == "unknown_job"), missing[0])


def with_retries(work: Callable[[], T]) -> T:
    """Again while nobody answers, within half a minute. Raises `NoAnswer`."""
    backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except NoAnswer:
            time.sleep(backoff.next_seconds())
    return work()


def _room_of(kind: str) -> str:
    if kind in ON_CREDENTIALS:
        return OF_CREDENTIALS
    return OF_ENROLLMENT if kind == "enrollment" else OF_PROGRESS


def _suffix(file: Path) -> str:
    return file.suffix.removeprefix(".").lower()


def _job(path: str, told: dict[str, Any]) -> Job:
    """Jobs that enroll tell their outcomes one by one."""
    outcomes = told.get("outcomes") or {name: told[name] for name in ENROLLED if told.get(name)}
    return msgspec.convert({**told, "outcomes": outcomes, "path": path, "told": told}, Job)


def _headline(job: Job) -> str:
    state = "canceling" if job.canceling else job.state
    kind, changed = ("Dry run", " Nothing is changed.") if job.dry_run else ("Job", "")
    rate = f" ({job.rows_per_second:,.0f}/s)" if job.rows_per_second else ""
    return f"{kind} {job.job}: {state}, {job.done:,} of {job.rows:,} rows{rate}.{changed}"


def _table(job: Job) -> Table:
    table = Table("what came of them")
    table.add_column("rows", justify="right")
    for name, count in job.outcomes.items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    for name, count in sorted(job.refusals.items(), key=lambda one: -one[1]):
        table.add_row(f"refused: {name}", f"{count:,}")
    return table


def _refusal(result: dict[str, Any]) -> str:
    whose = result["learner"] or result.get("enrollment")
    return f"row {result['row']}{f' ({whose})' if whose else ''}: {result['problem']['detail']}"
