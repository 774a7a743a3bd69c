"""What a learner's home shows, and in which order: what asks for something first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from milepost.dashboards.queries.home import Home, HomeCredential, HomeEnrollment, Milestone

CURRENT: Final = ("active", "enrolled", "suspended")
WAITING: Final = ("offered", "requested", "pending_approval", "waitlisted")
# A credential is announced as about to end so many days before.
ENDS_SOON: Final = timedelta(days=60)


class HomeView(msgspec.Struct, frozen=True, kw_only=True):
    """`first`: the course to go on with now. `current` has it, too."""

    home: Home
    now: datetime
    first: HomeEnrollment | None
    current: Sequence[HomeEnrollment]
    waiting: Sequence[HomeEnrollment]
    past: Sequence[HomeEnrollment]
    credentials: Sequence[HomeCredential]
    milestones: Sequence[Milestone]

    @property
    def is_empty(self) -> bool:
        return not (self.home.enrollments or self.home.credentials)

    @property
    def overdue(self) -> int:
        return sum(len(one.progress.overdue) for one in self.current if one.progress)

    def ends_soon(self, credential: HomeCredential) -> bool:
        until = credential.valid_until
        return credential.status == "active" and until is not None and until - self.now < ENDS_SOON


def home_view(home: Home, now: datetime) -> HomeView:
    current = sorted((one for one in home.enrollments if one.state in CURRENT), key=_urgency)
    shown = {*CURRENT, *WAITING}
    return HomeView(
        home=home,
        now=now,
        first=next((one for one in current if one.progress and one.progress.next), None),
        current=current,
        waiting=[one for state in WAITING for one in home.enrollments if one.state == state],
        past=[one for one in home.enrollments if one.state not in shown],
        credentials=home.credentials,
        milestones=home.milestones,
    )


def _urgency(one: HomeEnrollment) -> tuple[bool, float, float]:
    """What is late, then what is due first, then what was worked on last."""
    due = one.progress.next_due_at if one.progress else None
    late = one.progress is not None and bool(one.progress.overdue)
    latest = one.last_activity or one.entered_at
    return (
        not late,
        due.timestamp() if due else float("inf"),
        -latest.timestamp() if latest else 0.0,
    )
