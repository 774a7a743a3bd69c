"""When reports are taken, and what a clock that is a little off makes of that. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from milepost.contracts.progress import ProgressOpened
from milepost.contracts.rules.learning.progress import Progress
from milepost.progress.domain.reports import Report

ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def placed_in_time(one: Report, state: Progress, opened: ProgressOpened, skew: timedelta) -> Report:
    """What a clock that is a little off puts beside the enrollment is dated to its boundary."""
    at = one.occurred_at
    for since, until in closed(state, opened):
        if since < at < until:
            if until - at <= skew:
                return replace(one, occurred_at=until)
            if at - since <= skew:
                return replace(one, occurred_at=since)
    return one


def closed(state: Progress, opened: ProgressOpened) -> Iterator[tuple[datetime, datetime]]:
    """When nothing was accepted: before, in between, after. The ends themselves are open."""
    yield ALWAYS[0], opened.occurred_at
    yield from state.gaps
    if state.closed_at:
        yield state.closed_at, ALWAYS[1]
