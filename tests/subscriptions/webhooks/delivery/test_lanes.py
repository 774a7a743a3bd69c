"""How much may be under way at once."""

from datetime import UTC, datetime
from uuid import uuid4

from milepost.events.log import Recorded
from milepost.subscriptions.webhooks.delivery.sending.claims import Claimed
from milepost.subscriptions.webhooks.delivery.sending.lanes import (
    OF_SCHOOL,
    Endpoint,
    Lanes,
    Run,
)
from milepost.web.outbound.guard import RESOLVING_AT_ONCE

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def endpoint(tenant: str, number: int) -> Endpoint:
    """Each at a host of its own."""
    return Endpoint(tenant, f"w{number}", f"https://r{number}.example/", False, 0, NOW)


def run(one: Endpoint) -> Run:
    claimed = Claimed(
        one.tenant, one.webhook, uuid4(), 1, "credential_awarded", "", 0, None, uuid4()
    )
    return Run([claimed], list[Recorded](), one.url, [], 0.0)


def test_a_school_of_slow_receivers_leaves_room_for_others():
    lanes = Lanes(lambda: NOW)
    many = [endpoint("many", number) for number in range(OF_SCHOOL + 50)]
    few = endpoint("few", 1)
    lanes.update([*many, few], {})
    lanes.add([], [run(one) for one in [*many, few]])
    started = list(lanes.start())
    assert [lane.endpoint.tenant for lane, _ in started].count("many") == OF_SCHOOL
    assert any(lane.endpoint == few for lane, _ in started)
    assert {one.tenant for one in lanes.wanted()} == set()
    lane, _ = started[0]
    lanes.end(lane, lane.host)
    assert [one.endpoint.tenant for one, _ in lanes.start()] == ["many"]


def test_names_that_nobody_resolves_keep_no_threads_of_others():
    """A thread is kept about twice as long as a call."""
    assert RESOLVING_AT_ONCE > 2 * OF_SCHOOL
