"""What a credential's page is made of, gathered from the log by the credential's id alone."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import TypeAlias

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import AchievementDefined
from milepost.contracts.issuers import IssuerDefined, IssuerEvent
from milepost.contracts.records import CredentialAwarded
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.credential import Credential, Status, status
from milepost.credentials.domain.records.record import Record
from milepost.credentials.domain.records.sharing import NOT_SHARED, Sharing, is_unseen
from milepost.credentials.events import AchievementEvent
from milepost.events.codec import Codec
from milepost.events.log import Log

# Who holds a credential: school and learner; None when there is none of this id.
FindCredential: TypeAlias = Callable[[str], Awaitable[tuple[str, str] | None]]

_ACHIEVEMENTS: Codec[AchievementEvent] = Codec(AchievementEvent)
_ISSUERS: Codec[IssuerEvent] = Codec(IssuerEvent)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`definition` is the version that was awarded; `awarded` the event, as it was then.

    `unseen`: nobody is shown it but who issues. `successor`: the credential that stands for it now,
    if everybody may see that one's page.
    """

    tenant: str
    learner: str
    awarded: CredentialAwarded
    credential: Credential
    status: Status
    unseen: bool
    definition: AchievementDefined
    issuer: IssuerDefined | None
    sharing: Sharing
    successor: str | None

    @property
    def issuer_name(self) -> str:
        name = self.issuer.name if self.issuer else None
        return self.awarded.issuer_name or name or self.tenant


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """`secret`: that of the link by which it is seen; None: everybody sees it."""

    shows_name: bool
    secret: str | None = None


def allowed(found: Found, secret: str | None, now: datetime) -> Allowed | None:
    """What the holder allows who comes with this secret, or with none; None: nothing."""
    if found.unseen:
        return None
    sharing = found.sharing
    if secret:
        digest = sha256(secret.encode()).hexdigest()
        for link in sharing.open_links(now):
            if compare_digest(link.digest, digest):
                return Allowed(shows_name=link.shows_name, secret=secret)
    if sharing.is_public(found.definition.visibility):
        return Allowed(shows_name=bool(sharing.public) and sharing.shows_name)
    return None


class Lookup:
    """Reads three streams of the school's log: record, achievement, issuer."""

    def __init__(self, log: Log, find: FindCredential, clock: Callable[[], datetime]) -> None:
        self._log = log
        self._find = find
        self._clock = clock

    async def find(self, credential: str) -> Found | None:
        whose = await self._find(credential)
        if whose is None:
            return None
        return await self.of(*whose, credential)

    async def of(self, tenant: str, learner: str, credential: str) -> Found | None:
        """The same, of a learner who is known."""
        record, awarded = await self._record(tenant, learner, credential)
        if awarded is None:
            return None
        held, now = record.credentials[credential], self._clock()
        definition = await self._definition(tenant, awarded)
        return Found(
            tenant=tenant,
            learner=learner,
            awarded=awarded,
            credential=held,
            status=status(held, now),
            unseen=is_unseen(held, now),
            definition=definition,
            issuer=await self._issuer(tenant, awarded.issuer or definition.issuer),
            sharing=record.sharing.get(credential, NOT_SHARED),
            successor=self._successor(record, held, definition, now),
        )

    async def _record(
        self, tenant: str, learner: str, credential: str
    ) -> tuple[Record, CredentialAwarded | None]:
        recorded = await self._log.read_stream(tenant, streams.record(learner))
        tag = str(CredentialAwarded.__struct_config__.tag)
        awards = (RECORD.codec.read(one) for one in recorded if one.type == tag)
        awarded = next(
            (
                one
                for one in awards
                if isinstance(one, CredentialAwarded) and one.credential == credential
            ),
            None,
        )
        return RECORD.fold(recorded), awarded

    async def _definition(self, tenant: str, awarded: CredentialAwarded) -> AchievementDefined:
        stream = f"{streams.ACHIEVEMENT}-{awarded.achievement}"
        events = map(_ACHIEVEMENTS.read, await self._log.read_stream(tenant, stream))
        versions = {one.version: one for one in events if isinstance(one, AchievementDefined)}
        return versions[awarded.achievement_version]

    async def _issuer(self, tenant: str, code: str | None) -> IssuerDefined | None:
        """As it presents itself now; None for the one that every school has."""
        stream = f"{streams.ISSUER}-{code or 'default'}"
        events = map(_ISSUERS.read, await self._log.read_stream(tenant, stream))
        profiles = [one for one in events if isinstance(one, IssuerDefined)]
        return profiles[-1] if profiles else None

    def _successor(
        self, record: Record, held: Credential, definition: AchievementDefined, now: datetime
    ) -> str | None:
        by = held.superseded.by if held.superseded else None
        if by is None or by not in record.credentials:
            return None
        public = record.sharing.get(by, NOT_SHARED).is_public(definition.visibility)
        return by if public and not is_unseen(record.credentials[by], now) else None
