"""A state that is being decided on: each event takes effect before the next is decided. Pure."""

from collections.abc import Iterable

from msgspec.structs import replace

from milepost.progress.domain.state import Progress, evolve
from milepost.progress.events import ProgressEvent


class Draft:
    """`state` is a copy, so the one it was made from stays as it is; `events` are the decision."""

    def __init__(self, state: Progress) -> None:
        self.state = draft_of(state)
        self.events: list[ProgressEvent] = []

    def apply(self, events: Iterable[ProgressEvent]) -> None:
        for event in events:
            evolve(self.state, event)
            self.events.append(event)


def draft_of(state: Progress) -> Progress:
    """What `evolve` may change. The reports known before are left out: they may be many."""
    return replace(
        state,
        lessons=state.lessons.copy(),
        completed=state.completed.copy(),
        passed=state.passed.copy(),
        waived=state.waived.copy(),
        earned=state.earned.copy(),
        carried=state.carried.copy(),
        reports={},
    )
