"""What limits a learner's load. These names and fields are the storage format."""

from milepost.events.event import Event


class LearnerCommitted(Event, frozen=True, kw_only=True, tag="learner_committed"):
    """The learner is in an offering that counts, waits for it or has asked for it."""

    learner: str
    enrollment: str
    offering: str
    stay: int = 1


class LearnerFreed(Event, frozen=True, kw_only=True, tag="learner_freed"):
    learner: str
    enrollment: str
