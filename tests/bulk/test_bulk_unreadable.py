"""Streams that nobody can read: whose rows they spoil."""

from datetime import UTC, datetime
from typing import Any

from tests.bulk.office import Office, numbered, rows

from milepost.contracts.ids import enrollment_id
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.events.ids import new_id
from milepost.events.log import Command, NewEvent
from milepost.events.streams import Stream


async def spoil(office: Office, stream: Stream[Any, Any]) -> None:
    """With an event whose data are nothing that this class says."""
    version, _ = await office.transactor.load(office.tenant, stream)
    event = NewEvent(
        stream=stream.name,
        type="seat_taken",
        data=b"[]",
        occurred_at=datetime.now(UTC),
        event_id=new_id(),
    )
    command = Command(command_id=new_id(), expects=((stream.name, version),), events=(event,))
    await office.transactor.log.append(office.tenant, [command])


async def test_a_stream_that_cannot_be_read_is_the_fault_of_its_own_rows(office: Office):
    for offering in ("spring", "broken"):
        await office.open(offering, seats=9)
    await spoil(office, OFFERING.of("broken"))
    await spoil(office, ENROLLMENT.of(enrollment_id("spring", "bob")))
    file = rows(["ann", "bob"], offering="spring") + rows(["cid"], offering="broken")
    job = await office.do(file)
    expected = numbered(["enrolled", "unexpected", "unexpected"])
    assert await office.outcomes(job["job"]) == expected
