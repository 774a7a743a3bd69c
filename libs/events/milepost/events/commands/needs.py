"""A decision that answers `Needs`: read those streams too, and call it again.

    decide(run, state)                     ─▶ Needs(load, record)   both are read
    decide(run, state)                     ─▶ Needs(load)           run has changed meanwhile
    decide(run, state, load)               ─▶ events

Every round begins with the first call, on the states as they are now. So a decision is never
called with a state that an older one had asked for, and what is no longer needed is not expected
by the append.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from milepost.events.commands.decision import Decide, Needs, call
from milepost.events.commands.state_cache import CachedStream, StateCache, Streams
from milepost.events.errors import EventsError

MAX_ROUNDS = 8


class EndlessNeeds(EventsError):
    """A decision needed what it had, or more in every round: a mistake in the decision."""


async def meet(  # noqa: PLR0917 - what an attempt of `transact` is made of
    needs: Needs,
    cache: StateCache,
    tenant: str,
    first: Streams,
    entries: Sequence[CachedStream],
    decide: Decide,
) -> tuple[Streams, Sequence[CachedStream], Any] | None:
    """Read and call until nothing more is needed: the last call's streams, and its answer.

    None when the streams had moved on. Raises `EndlessNeeds`.
    """
    known = {stream.name: entry for stream, entry in zip(first, entries, strict=True)}
    streams, loaded, wanted = first, first, tuple(needs.streams)
    for _ in range(MAX_ROUNDS):
        for stream in wanted:
            known[stream.name] = await cache.read(tenant, stream)
        loaded = (*loaded, *wanted)
        if not cache.is_current(tenant, loaded, [known[one.name] for one in loaded]):
            return None
        streams, answer = call_with_needs(decide, first, known)
        if not isinstance(answer, Needs):
            return streams, [known[stream.name] for stream in streams], answer
        wanted = tuple(one for one in streams if one.name not in known)
    raise EndlessNeeds([stream.name for stream in streams])


def call_with_needs(
    decide: Decide, first: Streams, known: Mapping[str, CachedStream]
) -> tuple[Streams, Any]:
    """Call with the first streams, then with what it needs, as far as that is known.

    Always from the first call on: what was needed of an older state may not be needed of this one.
    Returns the streams of the last call, or needed for the next, and its answer.
    """
    streams = first
    while True:
        answer = call(decide, [known[stream.name] for stream in streams])
        if not isinstance(answer, Needs):
            return streams, answer
        streams = (*streams, *answer.streams)
        names = {stream.name for stream in streams}
        if not answer.streams or len(names) < len(streams):
            raise EndlessNeeds(names)
        if not names <= known.keys():
            return streams, answer
