"""`milepost report at-risk` and `report days`: one offering, as its page and the API tell it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Annotated, Final, TypeVar, assert_never

import asyncpg
import msgspec
import typer
from rich.table import Table

from milepost.dashboards.api.views import DaysPage
from milepost.dashboards.domain.at_risk import (
    BehindCohort,
    BehindOwnPace,
    DueSoon,
    FailedTwice,
    Inactive,
    Judgement,
    Reason,
)
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.offerings.at_risk import AtRisk, Phase, read_at_risk
from milepost.dashboards.queries.offerings.days import MOST_DAYS, read_days
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import connect_pool
from milepost.operations.commands.school.once_visible import WAIT_SECONDS, Wait, once_visible
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_school
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.tables import print_table
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

T = TypeVar("T")
# Reads with a pool, at least as far as a position.
Read = Callable[[asyncpg.Pool, int], Awaitable[T]]

COUNTED: Final = ("enrolled", "started", "completed", "withdrawn", "awarded", "active")
TOTALS: Final = ("total_enrolled", "total_completed")

Offering = Annotated[str, typer.Argument(help="The offering's id.", metavar="OFFERING")]
HappenedBy = Annotated[
    str | None,
    typer.Option(
        metavar="DAY", help="As it had happened by the end of this day (UTC), as 2026-03-31."
    ),
]
Since = Annotated[str | None, typer.Option(metavar="DAY", help="From this day on (UTC).")]
Until = Annotated[str | None, typer.Option(metavar="DAY", help="Up to this day, with it.")]


class RiskReport(msgspec.Struct, frozen=True, kw_only=True):
    """As the API answers it, with all learners at once. `at_risk_of_judged` is 0 to 1, null without
    any.
    """

    position: int
    as_of: datetime | None
    offering: str
    at: datetime
    phase: Phase
    judged: int
    at_risk: int
    at_risk_of_judged: float | None
    reasons: dict[str, int]
    learners: list[Judgement]

    @classmethod
    def of(cls, found: AtRisk) -> "RiskReport":
        return cls(
            position=found.position,
            as_of=found.as_of,
            offering=found.offering,
            at=found.at,
            phase=found.phase,
            judged=found.judged,
            at_risk=found.at_risk,
            at_risk_of_judged=found.at_risk / found.judged if found.judged else None,
            reasons=found.reasons,
            learners=found.rows,
        )


def at_risk(
    *,
    offering: Offering,
    happened_by: HappenedBy = None,
    wait_seconds: Wait = WAIT_SECONDS,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Who of an offering is at risk of not completing it, and why.

    Example: milepost report at-risk sql-101-spring --happened-by 2026-03-31

    Judged is who is in and has not completed, while the offering runs. Listed is
    everybody with a reason, those with the most of them first. Something that is due
    soon puts nobody at risk by itself. The rule is in docs/concepts/at-risk.md.
    """
    now, day = datetime.now(UTC), _day("--happened-by", happened_by)
    if day is not None and day > now.date():
        raise WrongUsage(f"--happened-by {day}: that day is still to come.")
    found = _read(
        data_dir, tenant, offering, wait_seconds,
        lambda pool, awaited: read_at_risk(
            pool, tenant, offering, now=now, happened_by=day, awaited=awaited
        ),
    )  # fmt: skip
    page = RiskReport.of(found)
    if as_json:
        typer.echo(msgspec.json.encode(page))
        return
    typer.echo(_headline(page))
    if page.learners:
        print_table(_learners(page))


def days(
    *,
    offering: Offering,
    since: Since = None,
    until: Until = None,
    wait_seconds: Wait = WAIT_SECONDS,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """What each day brought an offering: who enrolled, started, completed, left; who was active.

    Example: milepost report days sql-101-spring --since 2026-03-01

    Days are UTC, by when it happened. Days on which nothing changed are left out; of
    more than 1,000 the last are shown. A number is less than 0 where more was taken
    back than added.
    """
    first, last = _day("--since", since), _day("--until", until)
    found = _read(
        data_dir, tenant, offering, wait_seconds,
        lambda pool, awaited: read_days(
            pool, tenant, offering, since=first, until=last, awaited=awaited
        ),
    )  # fmt: skip
    page = DaysPage(position=found.position, as_of=found.as_of, days=found.days)
    if as_json:
        typer.echo(msgspec.json.encode(page))
    elif page.days:
        print_table(_days(page))
        if len(page.days) == MOST_DAYS:
            typer.echo(f"These are the last {MOST_DAYS:,} days; `--until` shows earlier ones.")
    else:
        typer.echo(f"Nothing happened in {offering} on these days.")


def _read(data_dir: DataDir, tenant: str, offering: str, wait_seconds: float, read: Read[T]) -> T:
    """Raises `Trouble`."""
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    with reachable():
        try:
            return run(_visible(settings, tenant, wait_seconds, read))
        except UnknownOffering as unknown:
            raise Trouble(
                f"{tenant} has no offering {offering!r}."
                f" `milepost report offerings --tenant {tenant}` shows those there are."
            ) from unknown


async def _visible(settings: Settings, tenant: str, wait_seconds: float, read: Read[T]) -> T:
    pool = await connect_pool(settings.postgres, name="milepost report", size=1)
    try:
        await require_school(pool, tenant)
        return await once_visible(pool, tenant, wait_seconds, lambda awaited: read(pool, awaited))
    finally:
        await pool.close()


def _day(option: str, text: str | None) -> date | None:
    """Raises `WrongUsage`."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as fault:
        raise WrongUsage(f"{option} {text}: a day is like 2026-03-31.") from fault


def _headline(page: RiskReport) -> str:
    if page.phase != "running":
        state = "has not begun" if page.phase == "not_begun" else "was over"
        return f"{page.offering} {state} at {page.at:%Y-%m-%d %H:%M} UTC: nobody is judged."
    share = f" ({page.at_risk_of_judged:.0%})" if page.at_risk_of_judged is not None else ""
    return (
        f"{page.at_risk:,} of {page.judged:,} learners{share} are at risk in {page.offering},"
        f" as of {page.at:%Y-%m-%d %H:%M} UTC."
    )


def _learners(page: RiskReport) -> Table:
    table = Table("learner", "at risk", "last active", "why")
    for one in page.learners:
        latest = f"{one.last_activity:%Y-%m-%d}" if one.last_activity else "never"
        why = "\n".join(in_words(reason) for reason in one.reasons)
        table.add_row(one.learner, "yes" if one.at_risk else "no", latest, why)
    return table


def in_words(reason: Reason) -> str:
    """With the facts that make it."""
    match reason:
        case Inactive():
            return f"did nothing for {reason.days} days"
        case BehindOwnPace():
            return f"{reason.lesson} is {reason.days} days overdue{_more(reason.lessons)}"
        case BehindCohort():
            others = f"{reason.done_by} of {reason.cohort}"
            return f"{reason.lesson} is not done, which {others} have{_more(reason.lessons)}"
        case FailedTwice():
            return f"failed {reason.attempts} times at {', '.join(reason.lessons)}"
        case DueSoon():
            return f"{reason.lesson} is due on {reason.due_at:%Y-%m-%d}{_more(reason.lessons)}"
        case _:
            assert_never(reason)


def _more(lessons: int) -> str:
    return f", and {lessons - 1} more" if lessons > 1 else ""


def _days(page: DaysPage) -> Table:
    table = Table("day")
    for name in (*COUNTED, *TOTALS):
        table.add_column(name.replace("total_", "in all "), justify="right")
    for one in page.days:
        numbers = (getattr(one, name) for name in (*COUNTED, *TOTALS))
        table.add_row(one.day.isoformat(), *(f"{number:,}" for number in numbers))
    return table
