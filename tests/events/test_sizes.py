"""What is taken must be able to leave."""

from uuid import UUID, uuid4

import msgspec
import pytest
from tests.events.given import WHEN, command, event, shapes

from milepost.events.commands.group_commit import GroupCommit
from milepost.events.log import Command, Log, NewEvent
from milepost.events.metadata import Metadata
from milepost.events.nats.cloudevents import header_lines_of
from milepost.events.sizes import (
    COMMAND,
    EVENT_DATA,
    EVENT_METADATA,
    MESSAGE_DATA,
    MESSAGE_HEADERS,
    RELATIONS,
    STREAM_NAME,
    TABLE,
    CommandTooLarge,
    EventTooLarge,
)
from milepost.events.store.memory import MemoryLog


def test_what_follows_is_never_smaller():
    sizes = {one.name: one.bytes for one in TABLE}
    assert [one for one in RELATIONS if sizes[one.smaller] > sizes[one.larger]] == []
    related = {name for one in RELATIONS for name in one}
    assert {one.name for one in TABLE} == related


def filled(size: int) -> bytes:
    frame = b'{"text": ""}'
    return frame[:-2] + b"x" * (size - len(frame)) + frame[-2:]


def lone(new: NewEvent) -> Command:
    return Command(command_id=uuid4(), expects=((new.stream, 0),), events=(new,))


async def test_an_event_of_the_stated_size_is_taken_and_one_byte_more_is_not(
    log: Log, tenant: str
) -> None:
    results = await log.append(tenant, [lone(event("a-1", filled(EVENT_DATA)))])
    assert shapes(results) == [(1, 1)]
    with pytest.raises(EventTooLarge) as refused:
        await log.append(tenant, [lone(event("b-1", filled(EVENT_DATA + 1)))])
    assert refused.value.facts == {
        "event": "thing_happened",
        "size_bytes": EVENT_DATA + 1,
        "limit_bytes": EVENT_DATA,
    }
    assert (await log.heads())[tenant] == 1


async def test_metadata_and_names_have_their_own_bounds(log: Log, tenant: str) -> None:
    metadata = msgspec.structs.replace(event("a-1"), metadata=filled(EVENT_METADATA + 1))
    name = event("a-" + "é" * (STREAM_NAME // 2))
    for new in (metadata, name):
        with pytest.raises(EventTooLarge):
            await log.append(tenant, [lone(new)])
    assert tenant not in await log.heads()


async def test_a_command_of_many_events_is_bounded_too(tenant: str) -> None:
    large = tuple(event("a-1", filled(EVENT_DATA)) for _ in range(COMMAND // EVENT_DATA))
    command_of_all = Command(command_id=uuid4(), expects=(("a-1", 0),), events=large)
    with pytest.raises(CommandTooLarge):
        await MemoryLog().append(tenant, [command_of_all])


async def test_the_largest_that_is_taken_fits_into_a_message(log: Log, tenant: str) -> None:
    """Jsonb gives back more than it got; a name that is not ASCII takes three times its bytes."""
    numbers = b'{"n":[' + b",".join([b"0"] * ((EVENT_DATA - 8) // 2)) + b"]}"
    long_name = "é" * ((STREAM_NAME - 2) // 2)
    correlation = "é" * ((EVENT_METADATA - 100) // 2)
    new = NewEvent(
        stream=f"a-{long_name}",
        type="thing_happened",
        data=numbers,
        metadata=Metadata(correlation=correlation, causation=str(uuid4())).encode(),
        occurred_at=WHEN,
        event_id=UUID(int=1),
    )
    await log.append(tenant, [lone(new)])
    [recorded] = await log.read(tenant)
    assert len(recorded.data) <= MESSAGE_DATA
    address = f"https://{'a' * 253}:65535/schema/events/{'a' * 64}/1.json"
    assert len(header_lines_of(recorded, "enrollment", address)) <= MESSAGE_HEADERS


async def test_what_is_too_large_spoils_no_batch(tenant: str) -> None:
    commits = GroupCommit(MemoryLog())
    with pytest.raises(EventTooLarge):
        commits.submit(tenant, lone(event("a-1", filled(EVENT_DATA + 1))))
    assert shapes([await commits.submit(tenant, command(("a-1", 0)))]) == [(1, 1)]


async def test_a_batch_is_bounded_in_bytes(tenant: str) -> None:
    sizes: list[int] = []

    class Watched(MemoryLog):
        async def append(self, tenant, commands):
            sizes.append(len(commands))
            return await super().append(tenant, commands)

    commits = GroupCommit(Watched())
    large = [event(f"a-{n}", filled(EVENT_DATA)) for n in range(2 * COMMAND // EVENT_DATA)]
    for future in [commits.submit(tenant, lone(new)) for new in large]:
        await future
    assert sum(sizes) == len(large)
    assert max(sizes) * EVENT_DATA <= COMMAND
