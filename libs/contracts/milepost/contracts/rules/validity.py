"""Whether a credential counts as held at a moment: one answer for all who ask."""

from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from milepost.contracts.records import (
    CredentialAwarded,
    CredentialDeclined,
    CredentialReinstated,
    CredentialReleased,
    CredentialRenewed,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
)

# After these a credential may count, or may not count any more.
ValidityEvent: TypeAlias = (
    CredentialAwarded
    | CredentialReleased
    | CredentialDeclined
    | CredentialSuspended
    | CredentialReinstated
    | CredentialRevoked
    | CredentialRenewed
    | CredentialSuperseded
)


class Validity(msgspec.Struct, frozen=True, kw_only=True):
    """`ended`: revoked, superseded or declined. The clock ends a validity and an embargo, whether
    or not the timer's event has been written yet.
    """

    achievement: str
    valid_until: datetime | None
    embargo_until: datetime | None = None
    held_for_release: bool = False
    released: bool = False
    suspended: bool = False
    ended: bool = False

    def holds(self, at: datetime) -> bool:
        if self.ended or self.suspended:
            return False
        embargoed = self.embargo_until is not None and at < self.embargo_until
        if not self.released and (self.held_for_release or embargoed):
            return False
        return self.valid_until is None or at < self.valid_until


def evolve_validity(validity: Validity | None, event: ValidityEvent) -> Validity:
    """None: before the award."""
    if isinstance(event, CredentialAwarded):
        return Validity(
            achievement=event.achievement,
            valid_until=event.valid_until,
            embargo_until=event.embargo_until,
            held_for_release=event.held_for_release,
        )
    assert validity is not None
    match event:
        case CredentialReleased():
            return replace(validity, released=True)
        case CredentialSuspended():
            return replace(validity, suspended=True)
        case CredentialReinstated():
            return replace(validity, suspended=False)
        case CredentialRenewed():
            return replace(validity, valid_until=event.valid_until)
        case CredentialDeclined() | CredentialRevoked() | CredentialSuperseded():
            return replace(validity, ended=True)
        case _:
            assert_never(event)
