"""What goes over the wire: request bodies and answers, with their bounds."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar.params import PathParameter
from msgspec import Meta
from msgspec.structs import replace

from milepost.contracts.ids import CODE, ID, KEY
from milepost.contracts.records import Evidence
from milepost.contracts.times import Moment
from milepost.credentials.domain.achievements.condition import Condition
from milepost.credentials.domain.records.credential import (
    Credential,
    Flag,
    Renewal,
    Revocation,
    Status,
    Supersession,
    Suspension,
    status,
)
from milepost.credentials.domain.records.record import Record
from milepost.credentials.domain.records.results import CourseResult
from milepost.web.requests.json_body import Body

LearnerId: TypeAlias = Annotated[str, Meta(pattern=ID, description="The learner's opaque id")]
Code: TypeAlias = Annotated[
    str,
    Meta(
        pattern=CODE,
        description="A reason as a code; never text about a person",
        examples=["prior_learning", "misconduct", "issued_in_error"],
    ),
]
PathLearner: TypeAlias = Annotated[
    str, PathParameter(pattern=ID, description="The learner's opaque id")
]
PathAchievement: TypeAlias = Annotated[
    str, PathParameter(pattern=ID, description="The achievement's code, as `data-analyst`")
]
KnownLearner: TypeAlias = Annotated[
    str, PathParameter(pattern=KEY, description="The learner's opaque id")
]
KnownAchievement: TypeAlias = Annotated[
    str, PathParameter(pattern=KEY, description="The achievement's code, as `data-analyst`")
]
PathCredential: TypeAlias = Annotated[
    str, PathParameter(pattern=KEY, description="The credential's id, from the record")
]


class HandAward(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    achievement: Annotated[str, Meta(pattern=KEY, examples=["data-analyst"])]
    reason: Code
    occurred_at: Moment | None = None


class Revoking(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Code
    occurred_at: Moment | None = None


class LiftingFlag(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Code


class Step(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    occurred_at: Moment | None = None


class ReasonedStep(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Code
    occurred_at: Moment | None = None


class Evaluation(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    learners: Annotated[tuple[LearnerId, ...], Meta(min_length=1, max_length=1_000)]


class CredentialView(msgspec.Struct, frozen=True, kw_only=True):
    """Only `active` counts as held. `withheld`: under an embargo, or not released; who issues sees
    it, the learner does not. Positions are the log's.

    awarded_by  `policy`, or the person's subject: to the learner, `person`; so of renewals
    flag        what it rests on holds no longer (`grade_fell`, `score_fell`,
                `completion_revoked`): it stays valid until a person revokes it or lets it stand
    renews      the credential of the cycle before, which had expired
    renewals    each time it was made valid anew; `valid_from` and `valid_until` are the last's
    supersedes  the credential that it stands for; that one is `superseded` by this
    """

    credential: str
    achievement: str
    achievement_version: int
    status: Status
    valid_from: datetime
    valid_until: datetime | None
    awarded_at: datetime
    awarded_by: str
    reason: str | None
    evidence: tuple[Evidence, ...]
    embargo_until: datetime | None
    held_for_release: bool
    released_at: datetime | None
    accepted_at: datetime | None
    declined_at: datetime | None
    suspended: Suspension | None
    revoked: Revocation | None
    superseded: Supersession | None
    supersedes: str | None
    renews: str | None
    renewals: tuple[Renewal, ...]
    flag: Flag | None

    @classmethod
    def of(
        cls, credential: Credential, now: datetime, *, to_staff: bool = True
    ) -> "CredentialView":
        """Who is not of the staff is told that a person acted, not who."""
        return cls(
            credential=credential.credential,
            achievement=credential.achievement,
            achievement_version=credential.achievement_version,
            status=status(credential, now),
            valid_from=credential.valid_from,
            valid_until=credential.valid_until,
            awarded_at=credential.awarded_at,
            awarded_by=credential.awarded_by if to_staff else _kind(credential.awarded_by),
            reason=credential.reason,
            evidence=credential.evidence,
            embargo_until=credential.embargo_until,
            held_for_release=credential.held_for_release,
            released_at=credential.released_at,
            accepted_at=credential.accepted_at,
            declined_at=credential.declined_at,
            suspended=credential.suspended,
            revoked=credential.revoked,
            superseded=credential.superseded,
            supersedes=credential.supersedes,
            renews=credential.renews,
            renewals=credential.renewals if to_staff else _unnamed(credential.renewals),
            flag=credential.flag,
        )


def _kind(by: str) -> str:
    return by if by == "policy" else "person"


def _unnamed(renewals: tuple[Renewal, ...]) -> tuple[Renewal, ...]:
    return tuple(replace(one, renewed_by=_kind(one.renewed_by)) for one in renewals)


class RevokedView(msgspec.Struct, frozen=True, kw_only=True):
    """`resting_on_it`: active credentials whose evidence it was. They stay; a person decides."""

    credential: CredentialView
    resting_on_it: tuple[CredentialView, ...]


class SupersededView(msgspec.Struct, frozen=True, kw_only=True):
    """`credential` stands for `superseded` from now on."""

    credential: CredentialView
    superseded: CredentialView


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """The best result of each course, and every credential, revoked ones too, oldest first."""

    learner: str
    results: tuple[CourseResult, ...]
    credentials: tuple[CredentialView, ...]

    @classmethod
    def of(
        cls, learner: str, record: Record, now: datetime, *, to_staff: bool = True
    ) -> "RecordView":
        """`to_staff`: also what is not released, and who awarded it."""
        shown = (one for one in record.credentials.values() if to_staff or not one.is_withheld(now))
        return cls(
            learner=learner,
            results=tuple(one.result for one in record.results.values()),
            credentials=tuple(CredentialView.of(one, now, to_staff=to_staff) for one in shown),
        )


class StandingView(msgspec.Struct, frozen=True, kw_only=True):
    """`condition` explains the criteria as defined now; `held` is the active credential, if any."""

    learner: str
    achievement: str
    version: int
    retired: bool
    held: CredentialView | None
    condition: Condition


class Evaluated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`revoked_before`: the criteria hold, but only by the evidence of a revoked credential."""

    learner: str
    outcome: Literal["awarded", "already_held", "revoked_before", "not_yet"]
    credential: str | None = None
    condition: Condition | None = None


class EvaluationView(msgspec.Struct, frozen=True, kw_only=True):
    results: tuple[Evaluated, ...]
