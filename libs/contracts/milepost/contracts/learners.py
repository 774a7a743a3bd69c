"""That a learner's personal data are gone. Names and fields are the storage format."""

from milepost.events.event import Event


class LearnerErased(Event, frozen=True, kw_only=True, tag="learner_erased"):
    """A receipt without personal data: whoever keeps any of this learner's must forget it too."""

    learner: str
