"""What deliveries refuse. The fields are what a client needs to act."""

from dataclasses import dataclass

from milepost.events.event import Conflicting, Invalid, Unknown


@dataclass
class UnknownDelivery(Unknown):
    """There is no such delivery, or it is kept no longer."""

    delivery: str


@dataclass
class TooManyRedeliveries(Conflicting):
    """So many are under way for this webhook: wait until one has ended."""

    limit: int


@dataclass
class RedeliveryAhead(Invalid):
    """The school's log has not got that far; `head` is its last position."""

    position: int
    head: int
