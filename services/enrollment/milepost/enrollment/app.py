"""Wiring of the enrollment service, nothing else."""

from collections.abc import Sequence

from milepost.enrollment.api import routes
from milepost.enrollment.api.conventions import Wiring
from milepost.enrollment.policies import Heard, react
from milepost.events.codec import Codec
from milepost.events.log import Recorded
from milepost.events.policy import Policy, Reaction
from milepost.events.transact import Transactor
from milepost.process.app import Service
from milepost.process.settings import Settings

_HEARD: Codec[Heard] = Codec(Heard)


def service(transactor: Transactor, settings: Settings) -> Service:
    return Service("enrollment", (routes(Wiring(transactor, settings)),), policies())


def policies() -> tuple[Policy, ...]:
    heard = (
        ("progress", "lesson_started"),
        ("progress", "course_completed"),
        ("enrollment", "seat_taken"),
    )
    return (Policy("enrollment", heard, _react),)


async def _react(recorded: Recorded) -> Sequence[Reaction]:
    return react(_HEARD.decode(recorded.type, recorded.data, recorded.occurred_at))
