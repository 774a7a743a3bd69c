"""The stream `vault-<learner>`: whether a learner's personal data have been erased."""

from collections.abc import Sequence
from datetime import datetime

from milepost.contracts.learners import LearnerErased
from milepost.events.codec import Codec
from milepost.events.streams import Category


def evolve(_: datetime | None, event: LearnerErased) -> datetime:
    return event.occurred_at


def erase(
    erased_at: datetime | None, *, learner: str, occurred_at: datetime
) -> Sequence[LearnerErased]:
    """Once; whatever was erased stays so."""
    return [] if erased_at else [LearnerErased(learner=learner, occurred_at=occurred_at)]


VAULT: Category[datetime | None, LearnerErased] = Category(
    "vault", lambda: None, evolve, Codec(LearnerErased)
)
