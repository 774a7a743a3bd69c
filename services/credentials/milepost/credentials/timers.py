"""What the credentials service does when time has passed: validities and embargoes end."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from milepost.contracts.records import CredentialAwarded, CredentialRenewed
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.life import end_embargo, expire
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Recorded
from milepost.events.policies.policy import Reaction
from milepost.events.policies.timers import Timer

_VALID = Codec[CredentialAwarded | CredentialRenewed](CredentialAwarded | CredentialRenewed)
_AWARDED = Codec[CredentialAwarded](CredentialAwarded)


def timers(achievements: AchievementCache) -> tuple[Timer, ...]:
    return (_expiry(achievements), _embargo(achievements))


def _expiry(achievements: AchievementCache) -> Timer:
    """A renewal starts it anew: what went off for the old end finds nothing to do."""

    def due(recorded: Recorded) -> datetime | None:
        return _VALID.read(recorded).valid_until

    async def react(recorded: Recorded, now: datetime) -> Sequence[Reaction]:
        event, catalog = _VALID.read(recorded), await achievements.latest(recorded.tenant)
        learner, credential = event.learner, event.credential
        decide = partial(expire, catalog=catalog, learner=learner, credential=credential, now=now)
        return (Reaction(RECORD.of(learner), decide),)

    types = tuple(("credentials", tag) for tag in _VALID.classes)
    return Timer("credential-expiry", types, due, react)


def _embargo(achievements: AchievementCache) -> Timer:
    def due(recorded: Recorded) -> datetime | None:
        event = _AWARDED.read(recorded)
        return None if event.held_for_release else event.embargo_until

    async def react(recorded: Recorded, now: datetime) -> Sequence[Reaction]:
        event, catalog = _AWARDED.read(recorded), await achievements.latest(recorded.tenant)
        decide = partial(
            end_embargo,
            catalog=catalog,
            learner=event.learner,
            credential=event.credential,
            now=now,
        )
        return (Reaction(RECORD.of(event.learner), decide),)

    types = (("credentials", tag_of(CredentialAwarded)),)
    return Timer("credential-embargo", types, due, react)
