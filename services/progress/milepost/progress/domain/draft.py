"""A state that is being decided on: each event takes effect before the next is decided. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec.structs import replace

from milepost.contracts.progress import LateWorkArrived
from milepost.contracts.rules.learning.progress import Progress
from milepost.progress.domain.state import evolve
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


def late_work(state: Progress, at: datetime) -> Iterator[LateWorkArrived]:
    """After anything that was added to a stream whose enrollment goes on in another run."""
    if state.opened and state.continues_as:
        yield LateWorkArrived(
            enrollment=state.opened.enrollment, continues_as=state.continues_as, occurred_at=at
        )
