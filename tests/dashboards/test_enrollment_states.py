"""What the read models make of all that can happen to an enrollment."""

from typing import Any

import pytest
from tests.dashboards.history import Life, offered, project, record, rows

from milepost.contracts.enrollments import (
    EnrollmentCanceled,
    EnrollmentDeclined,
    EnrollmentExpired,
    EnrollmentModeChanged,
    EnrollmentReinstated,
    EnrollmentRequested,
    EnrollmentSuspended,
    EnrollmentTransferred,
    LearnerOfferedSeat,
)

STREAM = "enrollment-red.ann"
WHO: dict[str, Any] = {"enrollment": "red.ann", "learner": "ann", "offering": "red"}
WHERE: dict[str, Any] = {**WHO, "course": "ART"}


async def seen(pool, tenant, *entries):
    await record(pool, tenant, [offered("red", seats=1), *entries])
    await project(pool)
    tables = await rows(pool, tenant)
    return tables["learner_overview"], tables["offering_summary"][0]


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (EnrollmentSuspended(**WHO, reason="fees_unpaid"), "suspended"),
        (EnrollmentReinstated(**WHO), "active"),
        (EnrollmentExpired(**WHERE, reason="offering_ended"), "expired"),
        (EnrollmentCanceled(**WHERE, reason="low_demand"), "canceled"),
        (
            EnrollmentTransferred(**WHERE, reason="moved", to="blue.ann", to_offering="blue"),
            "transferred",
        ),
        (EnrollmentModeChanged(**WHO, mode="verified"), "active"),
    ],
)
async def test_the_state_is_the_enrollments(pool, tenant, event, state):
    life = Life("red", "ann")
    began = [entry for step in (life.enrolls(), life.visits("x", 1)) for entry in step]
    [row], _ = await seen(pool, tenant, *began, (STREAM, event))
    assert row["state"] == state
    assert row["mode"] == ("verified" if isinstance(event, EnrollmentModeChanged) else "audit")


async def test_a_request_is_pending_then_declined(pool, tenant):
    requested = EnrollmentRequested(**WHERE, version=1)
    [row], _ = await seen(pool, tenant, (STREAM, requested))
    assert row["state"] == "pending_approval"
    await record(pool, tenant, [(STREAM, EnrollmentDeclined(**WHO, reason="full"))])
    await project(pool)
    assert (await rows(pool, tenant))["learner_overview"][0]["state"] == "declined"


async def test_who_is_offered_a_seat_waits_no_longer(pool, tenant):
    life = Life("red", "ann")
    [waits] = life.waits()
    offer = LearnerOfferedSeat(**WHO, expires=offered("red")[1].occurred_at)
    [row], offering = await seen(pool, tenant, waits, (STREAM, offer))
    assert row["state"] == "offered"
    assert (offering["waitlisted"], offering["waiting"]) == (1, 0)
