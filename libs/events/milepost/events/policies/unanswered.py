"""What of a tenant's log policies and timers still have to answer, and what each of it came of.

    position   1      2      3      4      5         policies have answered 1 and 2
    event      A      B      C◂A    D      E◂C       C came of A (causation), E of C
    root       1      2      1      4      1
                             ────── open ──────      what is open came of 1 and of 4:
                                                     so nothing up to 0 has open consequences

An event's root is the first of the events that it came of. As long as something with the root 1 is
open, whoever wrote 1 has not seen all that follows. Both only ever go on: what comes later has a
root of its own, or that of something open.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from milepost.events.log import Recorded
from milepost.events.metadata import metadata_of
from milepost.events.policies.policy import Policy
from milepost.events.policies.timers import Timer

# What caused it was answered before anybody looked; so it is taken to follow from everything.
UNKNOWN_ROOT: Final = 0


class Consumers(msgspec.Struct, frozen=True):
    """Who answers events: by the name of the checkpoint, of all services of an installation."""

    policies: Mapping[str, frozenset[str]]
    timers: Mapping[str, Timer]

    @classmethod
    def of(cls, policies: Iterable[Policy], timers: Iterable[Timer]) -> "Consumers":
        return cls(
            {one.name: frozenset(tag for _, tag in one.types) for one in policies},
            {f"timer/{one.name}": one for one in timers},
        )

    @property
    def names(self) -> list[str]:
        return [*self.policies, *self.timers]

    @property
    def tags(self) -> list[str]:
        """Of all that anybody answers."""
        of_policies = {tag for tags in self.policies.values() for tag in tags}
        return sorted(of_policies | {tag for one in self.timers.values() for _, tag in one.types})

    def who_answers(self, event: Recorded) -> set[str]:
        """Policies, and timers that are due at once: what is due later is not waited for."""
        hear = {name for name, tags in self.policies.items() if event.type in tags}
        return hear | {name for name, one in self.timers.items() if _due_at_once(one, event)}


class OpenEvent(msgspec.Struct):
    """`consumers` have not answered it."""

    position: int
    root: int
    consumers: set[str]


class Unanswered:
    """as of the last `advance`: what has come up to `scanned`, and was not answered by then."""

    def __init__(self, consumers: Consumers, scanned: int) -> None:
        self.scanned = scanned
        self._consumers = consumers
        self._open: dict[UUID | int, OpenEvent] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, events: Sequence[Recorded], scanned: int) -> None:
        """What follows in the log: events that anybody may answer, up to there."""
        for event in events:
            if consumers := self._consumers.who_answers(event):
                root = self._root_of(event)
                self._open[event.event_id] = OpenEvent(event.position, root, consumers)
        self.scanned = scanned

    def add_ringing(self, timer: str, position: int) -> None:
        """A timer that was due at once, and is under way since before anybody looked."""
        self._open[position] = OpenEvent(position, UNKNOWN_ROOT, {timer})

    @property
    def timed(self) -> list[int]:
        """The positions of what timers have to answer."""
        timers = self._consumers.timers.keys()
        return [one.position for one in self._open.values() if one.consumers & timers]

    def advance(
        self, checkpoints: Mapping[str, int], ringing: Collection[tuple[str, int]] = ()
    ) -> None:
        """So far everybody has come, but these timers have yet to go off."""
        for key, one in list(self._open.items()):
            one.consumers = {
                name
                for name in one.consumers
                if checkpoints.get(name, 0) < one.position or (name, one.position) in ringing
            }
            if not one.consumers:
                del self._open[key]

    def waits_for(self, position: int) -> list[str]:
        """Who still has to answer something that is, or came of, an event up to there."""
        return sorted(
            {name for one in self._open.values() if one.root <= position for name in one.consumers}
        )

    def _root_of(self, event: Recorded) -> int:
        causation = metadata_of(event).causation
        if causation is None:
            return event.position
        cause = self._open.get(UUID(causation))
        return cause.root if cause else UNKNOWN_ROOT


def _due_at_once(timer: Timer, event: Recorded) -> bool:
    if all(tag != event.type for _, tag in timer.types):
        return False
    try:
        due: datetime | None = timer.due(event)
    except Exception:  # noqa: BLE001 - it goes off at once, to fail and be parked
        return True
    return due is not None and due <= max(event.recorded_at, event.occurred_at)
