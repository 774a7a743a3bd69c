"""One import from start to end: wiring, the learners, and what came of it, read from the log."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

import msgspec

from milepost.contracts.progress import CourseCompleted
from milepost.contracts.records import CredentialAwarded
from milepost.credentials import app as credentials
from milepost.enrollment import app as enrollment
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.log import Log, Recorded, pages
from milepost.events.policies.reactions import run_to_quiescence
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.history.importer import Importer, RunPolicies
from milepost.operations.history.offerings import offer
from milepost.operations.history.past import Past
from milepost.progress import app as progress
from milepost.web.room import Context
from milepost.web.settings import Settings

RESULTS = Codec[CourseCompleted | CredentialAwarded](CourseCompleted | CredentialAwarded)
DECIDING = (enrollment.service, progress.service, credentials.service)
PAGE = 10_000


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What the tenant has of this past now, whichever run brought it.

    events    the tenant's last position
    appended  how many of the events are new since this run began
    refusals  rows that a rule refused, by its name
    refused_courses  why an offering (or an achievement) of the source is not there; `refusals`
              counts its rows as `course_refused`
    """

    enrollments: int
    withdrawals: int
    attempts: int
    visits: int
    completions: int
    credentials: int
    events: int
    appended: int
    seconds: float
    refusals: dict[str, int]
    refused_courses: dict[str, str]


async def import_past(
    given: Settings, past: Past, tenant: str, tell: Callable[[int], object]
) -> Imported:
    started = monotonic()
    pool = await connect_pool(given.postgres, name="import")
    transactor = Transactor(PostgresLog(pool))
    try:
        before = (await transactor.log.heads()).get(tenant, 0)
        offered = await offer(transactor, tenant, past)
        importer = Importer(
            transactor,
            tenant,
            offered.plans,
            run_policies=_policies_of(Context(transactor, given, pool)),
            tell=tell,
            resuming=before > 0,
        )
        importer.tally.leave_out(sum(past.nowhere.values()))
        await importer.run(past)
        head = (await transactor.log.heads()).get(tenant, 0)
        results = await _results(transactor.log, tenant, past)
    finally:
        # Where Postgres stays away, what waits for it is given up.
        with suppress(TimeoutError):
            await asyncio.wait_for(transactor.close(), given.shutdown_seconds)
        await pool.close()
    accepted = importer.tally.accepted
    return Imported(
        enrollments=accepted["enrollments"],
        withdrawals=accepted["withdrawals"],
        attempts=accepted["attempts"],
        visits=accepted["visits"],
        completions=results["completions"],
        credentials=results["credentials"],
        events=head,
        appended=head - before,
        seconds=round(monotonic() - started, 3),
        refusals=dict(sorted(importer.tally.refused.items())),
        refused_courses=dict(sorted(offered.refused.items())),
    )


def _policies_of(context: Context) -> RunPolicies:
    policies = [policy for make in DECIDING for policy in make(context).policies]
    heard = {tag for policy in policies for _, tag in policy.types}

    async def run(events: Sequence[Recorded]) -> None:
        await run_to_quiescence(
            context.transactor, policies, [one for one in events if one.type in heard]
        )

    return run


async def _results(log: Log, tenant: str, past: Past) -> Counter[str]:
    """The completions of these offerings and the awards of these achievements that the log has."""
    offerings = {run.offering for run in past.runs}
    achievements = {one.achievement for one in past.achievements}
    found: Counter[str] = Counter()
    async for page in pages(log, tenant, types=list(RESULTS.classes), limit=PAGE):
        for one in page.events:
            match RESULTS.read(one):
                case CourseCompleted(offering=offering):
                    found["completions"] += offering in offerings
                case CredentialAwarded(achievement=achievement):
                    found["credentials"] += achievement in achievements
    return found
