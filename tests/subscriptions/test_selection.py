"""What an event is about, whether it says so itself or not."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from milepost.contracts.published import PUBLISHED
from milepost.events.log import Command, NewEvent, Recorded
from milepost.events.store.memory import MemoryLog
from milepost.subscriptions.domain.facets import Facets, named_by
from milepost.subscriptions.domain.filters import Filter
from milepost.subscriptions.selection import Selection

AT = datetime(2026, 5, 4, tzinfo=UTC)
GOLDEN = Path(__file__).parents[1] / "golden"
ANN = {"enrollment": "e-1", "learner": "ann"}
SCHOOL = (
    ("offering-spring", "offering_opened", {"offering": "spring", "course": "sql", "version": 1}),
    ("enrollment-e-1", "learner_enrolled", {**ANN, "offering": "spring", "course": "sql"}),
    ("offering-spring", "seat_taken", ANN),
    ("progress-e-1", "lesson_completed", {"enrollment": "e-1", "lesson": "a"}),
    ("progress-e-1", "lesson_progressed", {"enrollment": "e-1", "lesson": "a"}),
    (
        "record-ann",
        "credential_awarded",
        {
            "credential": "c-1",
            "learner": "ann",
            "achievement": "badge",
            "evidence": [{"course": "sql", "offering": "spring"}],
        },
    ),
    ("record-ann", "credential_revoked", {**ANN, "credential": "c-1", "achievement": "badge"}),
)
ABOUT = Facets(frozenset({"ann"}), frozenset({"sql"}), frozenset({"spring"}), home="spring")
OF_BADGE = msgspec.structs.replace(ABOUT, achievements=frozenset({"badge"}))


@pytest.fixture
async def log() -> MemoryLog:
    log = MemoryLog()
    for stream, tag, data in SCHOOL:
        await happened(log, stream, tag, data)
    return log


async def happened(log: MemoryLog, stream: str, tag: str, data: object) -> None:
    event = NewEvent(
        stream=stream,
        type=tag,
        data=msgspec.json.encode(data),
        occurred_at=AT,
        event_id=uuid4(),
    )
    version = len(await log.read_stream("north", stream))
    command = Command(command_id=uuid4(), expects=((stream, version),), events=(event,))
    await log.append("north", [command])


async def test_an_event_is_about_what_its_stream_began_with(log: MemoryLog):
    published = await Selection(log).matching(await log.read("north"), Filter())
    assert "lesson_progressed" not in tags(published)
    opened, *about_ann = await Selection(log).facets(published)
    assert opened == Facets(
        courses=frozenset({"sql"}), offerings=frozenset({"spring"}), home="spring"
    )
    assert about_ann == [ABOUT, ABOUT, ABOUT, OF_BADGE, OF_BADGE]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(types=frozenset({"credential_awarded"})), ["credential_awarded"]),
        (
            Filter(achievements=frozenset({"badge", "other"})),
            ["credential_awarded", "credential_revoked"],
        ),
        (Filter(learners=frozenset({"ben"})), []),
        (
            Filter(types=frozenset({"lesson_completed", "seat_taken"}), courses=frozenset({"sql"})),
            ["seat_taken", "lesson_completed"],
        ),
    ],
)
async def test_a_filter_takes_what_meets_each_kind_that_it_names(
    log: MemoryLog, wanted: Filter, found: list[str]
):
    page = await Selection(log).page("north", 0, len(SCHOOL), wanted, limit=100)
    assert tags(page.events) == found
    assert page.reached == len(SCHOOL)


def tags(events: Sequence[Recorded]) -> list[str]:
    return [event.type for event in events]


@pytest.mark.parametrize("tag", PUBLISHED)
def test_of_everything_that_was_ever_stored_is_known_what_it_is_about(tag: str):
    files = [*GOLDEN.glob(f"*/{tag}.json"), *GOLDEN.glob(f"*/{tag}~*.json")]
    assert files
    for file in files:
        event = Recorded("north", 1, "some-key", 1, tag, file.read_bytes(), b"{}", AT, AT, uuid4())
        named = named_by(event)
        stored = msgspec.json.decode(event.data)
        assert stored.get("learner") in {None, *named.facets.learners}
        assert stored.get("offering") in {None, *named.facets.offerings}


async def test_what_nothing_says_more_of_is_about_what_it_names():
    """A stream that is not there, or whose first event says little, holds up nobody."""
    log = MemoryLog()
    await happened(log, "progress-gone", "lesson_completed", {"enrollment": "gone", "lesson": "a"})
    await happened(log, "enrollment-bare", "enrollment_approved", {"enrollment": "bare"})
    await happened(log, "progress-bare", "lesson_completed", {"enrollment": "bare", "lesson": "a"})
    facets = await Selection(log).facets(await log.read("north"))
    assert facets == [Facets()] * 3
