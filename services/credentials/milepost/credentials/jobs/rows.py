"""Rows of every kind: a learner, and an achievement or one of its credentials."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from milepost.contracts.ids import CODE, ID, ID_IN_WORDS, KEY
from milepost.jobs.kinds import Tables
from milepost.jobs.row_format import Fault, RowFormat

Id: TypeAlias = Annotated[str, msgspec.Meta(pattern=ID)]
Key: TypeAlias = Annotated[str, msgspec.Meta(pattern=KEY)]
Code: TypeAlias = Annotated[str, msgspec.Meta(pattern=CODE)]

TABLES: Final = Tables("credential_jobs", ("learner", "offering", "request"))
EXPECTED: Final = {
    "learner": f"an opaque id, {ID_IN_WORDS}",
    "achievement": "an achievement's code, as data-analyst",
    "credential": "a credential's id, from the record",
    "reason": "a code, as prior_learning: lower case letters, digits and _",
}


class AwardRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With a `reason` a person awards it; without one the criteria do."""

    learner: Id
    achievement: Key
    reason: Code | None = None


class StepRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About the learner's latest credential of the achievement, or about one that is named."""

    learner: Key
    reason: Code
    achievement: Key | None = None
    credential: Key | None = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    learner: str
    achievement: str | None = None
    credential: str | None = None
    reason: str | None = None


def keep(request: Request) -> Sequence[object]:
    return (request.learner, None, msgspec.json.encode(request))


def kept(columns: Mapping[str, Any]) -> Request:
    return _decoder.decode(columns["request"])


def _award(row: AwardRow, _offering: str | None) -> Request:
    return Request(learner=row.learner, achievement=row.achievement, reason=row.reason)


def _step(row: StepRow, _offering: str | None) -> Request | Fault:
    if (row.achievement is None) == (row.credential is None):
        return Fault("$.achievement", "Expected an achievement's code or a credential's id.")
    return Request(**msgspec.structs.asdict(row))


_decoder = msgspec.json.Decoder(Request)
AWARDS: Final[RowFormat[Request]] = RowFormat(
    row=AwardRow,
    expected=EXPECTED,
    needed=lambda _: ("learner", "achievement"),
    resolve=_award,
)
STEPS: Final[RowFormat[Request]] = RowFormat(
    row=StepRow,
    expected=EXPECTED,
    needed=lambda _: ("learner", "reason"),
    resolve=_step,
)
