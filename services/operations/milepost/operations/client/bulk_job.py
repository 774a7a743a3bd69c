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
from milepost.operations.client.http import ApiClient, NoAnswer
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.progress import bars
from milepost.operations.terminal.tables import print_table

T = TypeVar("T")

JOBS = "/enrollment/jobs"
MEDIA_TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "jsonl": "application/x-ndjson",
    "json": "application/json",
}
POLL_SECONDS = 0.5
ATTEMPTS = 7
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 15.0
REFUSED_SHOWN = 5


class Job(msgspec.Struct, frozen=True):
    """What of a job is told here."""

    job: str
    state: str
    dry_run: bool
    by: str
    rows: int
    done: int
    enrolled: int
    waitlisted: int
    requested: int
    pending_approval: int
    unchanged: int
    refused: int
    refusals: dict[str, int]
    canceling: bool
    rows_per_second: float | None
    created_at: str
    ended_at: str | None


def require_readable(file: Path) -> None:
    """Raises `Trouble`."""
    if _suffix(file) not in MEDIA_TYPES:
        raise WrongUsage(f"{file}: its name should end with .{', .'.join(MEDIA_TYPES)}.")
    try:
        file.open("rb").close()
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {error.strerror}.") from error


def upload(api: ApiClient, file: Path, **query: str) -> Job:
    """Sent again, as the same command, while nobody answers. Raises `Trouble`."""
    headers = {"Content-Type": MEDIA_TYPES[_suffix(file)], "Idempotency-Key": str(uuid4())}

    def send() -> Job:
        with file.open("rb") as content:
            return _job(api.upload(f"{JOBS}?{urlencode(query)}", content, headers))

    try:
        return _with_retries(send)
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {error.strerror}.") from error


def find(api: ApiClient, job: str) -> Job:
    return _with_retries(lambda: _job(api.request("GET", f"{JOBS}/{job}")))


def follow(api: ApiClient, job: Job) -> Job:
    """Wait for its end, with a bar on a terminal. It goes on without this."""
    task = "trying out" if job.dry_run else "enrolling"
    with bars() as show_progress:
        while True:
            show_progress(task, job.done, job.rows)
            if job.ended_at is not None:
                return job
            time.sleep(POLL_SECONDS)
            job = find(api, job.job)


def results(api: ApiClient, job: str, *, refused_only: bool, after: int = 0) -> Iterator[str]:
    """A line of JSON for each row that is done, behind the row `after`."""
    query = urlencode({"refused": refused_only, "after": after}).lower()
    return api.lines(f"{JOBS}/{job}/results?{query}")


def follow_results(api: ApiClient, job: str, *, refused_only: bool) -> Iterator[str]:
    """As `results`, until the job has ended, however long there is none."""
    after = 0
    while True:
        ended = find(api, job).ended_at is not None  # then what comes now is all there will be
        lines = _with_retries(
            partial(_all_results, api, job, refused_only=refused_only, after=after)
        )
        yield from lines
        if lines:
            after = msgspec.json.decode(lines[-1])["row"]
        if ended:
            return
        time.sleep(POLL_SECONDS)


def print_outcome(api: ApiClient, job: Job) -> None:
    """What it came to, and the first rows that were refused."""
    typer.echo(_headline(job))
    if job.done:
        print_table(_table(job))
    if not job.refused:
        return
    for line in islice(results(api, job.job, refused_only=True), REFUSED_SHOWN):
        typer.echo(_refusal(msgspec.json.decode(line)))
    if job.refused > REFUSED_SHOWN:
        typer.echo(f"All of them: milepost jobs results {job.job} --refused")


def _all_results(api: ApiClient, job: str, *, refused_only: bool, after: int) -> list[str]:
    return list(results(api, job, refused_only=refused_only, after=after))


def _with_retries(work: Callable[[], T]) -> T:
    """Again while nobody answers, within half a minute. Raises `NoAnswer`."""
    backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except NoAnswer:
            time.sleep(backoff.next_seconds())
    return work()


def _suffix(file: Path) -> str:
    return file.suffix.removeprefix(".").lower()


def _job(response: Any) -> Job:
    return msgspec.convert(response, Job)


def _headline(job: Job) -> str:
    state = "canceling" if job.canceling else job.state
    kind, changed = ("Dry run", " Nothing is changed.") if job.dry_run else ("Job", "")
    rate = f" ({job.rows_per_second:,.0f}/s)" if job.rows_per_second else ""
    return f"{kind} {job.job}: {state}, {job.done:,} of {job.rows:,} rows{rate}.{changed}"


def _table(job: Job) -> Table:
    table = Table("what came of them")
    table.add_column("rows", justify="right")
    for name in ("enrolled", "waitlisted", "pending_approval", "requested", "unchanged"):
        if count := getattr(job, name):
            table.add_row(name.replace("_", " "), f"{count:,}")
    for name, count in sorted(job.refusals.items(), key=lambda one: -one[1]):
        table.add_row(f"refused: {name}", f"{count:,}")
    return table


def _refusal(result: dict[str, Any]) -> str:
    learner = f" ({result['learner']})" if result["learner"] else ""
    return f"row {result['row']}{learner}: {result['problem']['detail']}"
