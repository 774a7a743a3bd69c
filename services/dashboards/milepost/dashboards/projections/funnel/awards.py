"""On which enrollments a credential rests that stands: not revoked, superseded or declined.

A row of a learner is theirs alone; what an enrollment and an offering have of it are tallies.
"""

from typing import TypeAlias

import msgspec

from milepost.contracts import streams
from milepost.contracts.records import (
    CredentialAwarded,
    CredentialDeclined,
    CredentialRevoked,
    CredentialSuperseded,
)
from milepost.dashboards.projections.funnel.tables import OFFERINGS
from milepost.events.projections.read_model import Rows, StreamKey, Table

AwardEvent: TypeAlias = (
    CredentialAwarded | CredentialRevoked | CredentialSuperseded | CredentialDeclined
)


class LearnerAwardsRow(msgspec.Struct):
    """`standing`: a JSON object, by credential: the offering of each enrollment it rests on."""

    learner: str
    standing: str = "{}"


class AwardRow(msgspec.Struct):
    """So many credentials that stand rest on this enrollment."""

    enrollment: str
    credentials: int = 0


LEARNER_AWARDS = Table(
    "learner_awards", LearnerAwardsRow, ("learner",), StreamKey(frozenset({streams.RECORD}))
)
AWARDS = Table("enrollment_award", AwardRow, ("enrollment",))

_read = msgspec.json.Decoder(dict[str, dict[str, str]]).decode


def fold_award(rows: Rows, learner: str, event: AwardEvent) -> None:
    row = rows.of(LEARNER_AWARDS, learner)
    standing = _read(row.standing)
    before = _offerings(standing)
    if isinstance(event, CredentialAwarded):
        rests_on = {
            one.enrollment: one.offering
            for one in event.evidence
            if one.enrollment is not None and one.offering is not None
        }
        standing[event.credential] = rests_on
        changed, by = rests_on, 1
        for offering in {one.offering for one in event.evidence if one.offering is not None}:
            rows.of(OFFERINGS, offering).credentials += 1
    else:
        changed, by = standing.pop(event.credential, {}), -1
    row.standing = msgspec.json.encode(standing).decode()
    for enrollment in changed:
        rows.of(AWARDS, enrollment).credentials += by
    _count(rows, before, _offerings(standing))


def _offerings(standing: dict[str, dict[str, str]]) -> dict[str, str]:
    """By enrollment."""
    return {name: offering for one in standing.values() for name, offering in one.items()}


def _count(rows: Rows, before: dict[str, str], after: dict[str, str]) -> None:
    for enrollment in before.keys() - after.keys():
        rows.of(OFFERINGS, before[enrollment]).awarded -= 1
    for enrollment in after.keys() - before.keys():
        rows.of(OFFERINGS, after[enrollment]).awarded += 1
