"""Rows that are decided side by side: what waits behind one that was not decided."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from milepost.events.runtime.outages import Overloaded
from milepost.jobs.jobs import Job, Result, Tally
from milepost.jobs.row_format import Row
from milepost.jobs.side_by_side import OneByOne, decide_side_by_side

NOW = datetime(2026, 3, 2, tzinfo=UTC)
JOB = Job(
    tenant="north",
    job=uuid4(),
    kind="scores",
    digest="",
    state="running",
    dry_run=False,
    offering=None,
    actor="rita",
    metadata=b"{}",
    own_only=False,
    rows=4,
    tally=Tally(),
    cancel=False,
    deaths=0,
    created_at=NOW,
    started_at=NOW,
    changed_at=NOW,
    ended_at=None,
    version=1,
)


@pytest.mark.parametrize(
    ("error", "decided"), [(Overloaded, ["ann1", "bob2"]), (ZeroDivisionError, None)]
)
async def test_a_row_is_not_decided_before_one_that_it_waits_for(
    error: type[Exception], decided: list[str] | None
):
    """Where a server was away, the page is decided again, and order matters then as well."""
    begun = list[str]()

    async def decide(number: int, learner: str) -> Result:
        begun.append(f"{learner}{number}")
        if number == 1:
            raise error
        return Result(row=number, outcome="scored")

    rows = [Row(number, learner) for number, learner in enumerate(["ann", "bob", "ann", "ann"], 1)]
    order = OneByOne(lambda learner: [learner])
    page = decide_side_by_side(order, JOB, rows, decide, str)
    if decided is not None:
        with pytest.raises(error):
            await page
        assert begun == decided
    else:
        results = await page
        assert [one.outcome for one in results] == ["refused", "scored", "scored", "scored"]
