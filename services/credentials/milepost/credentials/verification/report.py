"""What came of a verification: a check each, and one verdict, in words that a person understands.

    a check failed                                  → not_valid
    else one is unknown that must not be            → undecided
    else                                            → valid

Unknown is not false: a key that cannot be had makes no forger, nor does an issuer whom nobody here
knows. Endorsements decide nothing: they are other people's words about a credential.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

Outcome: TypeAlias = Literal["passed", "failed", "unknown", "not_applicable"]
Verdict: TypeAlias = Literal["valid", "not_valid", "undecided"]
Format: TypeAlias = Literal["json", "jwt", "png", "svg"]
CheckName: TypeAlias = Literal[
    "format",
    "contexts",
    "shape",
    "proof",
    "key",
    "issuer",
    "dates",
    "status",
    "recipient",
    "endorsements",
]
DECIDE_NOTHING: Final = ("endorsements",)


class Check(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`reason` is a code for programs, `words` a sentence for people; `path` says where."""

    check: CheckName
    outcome: Outcome
    reason: str
    words: str
    path: str | None = None


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the credential says of itself: true only if the verdict says so.

    Characters that nobody would see are shown as escapes, long texts cut.
    """

    format: Format
    id: str | None = None
    name: str | None = None
    achievement: str | None = None
    issuer: str | None = None
    issuer_name: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`digest`: the SHA-256 in hex of the bytes that were judged, at `judged_at`."""

    verdict: Verdict
    summary: str
    digest: str
    judged_at: datetime
    checks: tuple[Check, ...]
    credential: About | None = None


def verdict_of(checks: Sequence[Check]) -> Verdict:
    deciding = [one for one in checks if one.check not in DECIDE_NOTHING]
    if any(one.outcome == "failed" for one in deciding):
        return "not_valid"
    if any(one.outcome == "unknown" for one in deciding):
        return "undecided"
    return "valid"


def summary_of(verdict: Verdict, checks: Sequence[Check]) -> str:
    """The verdict, and what decided it."""
    outcome = {"not_valid": "failed", "undecided": "unknown", "valid": "passed"}[verdict]
    decisive = [
        one.words for one in checks if one.outcome == outcome and one.check not in DECIDE_NOTHING
    ]
    match verdict:
        case "valid":
            return "Valid: the issuer is known, the signature is good, and it holds now."
        case "not_valid":
            return "Not valid. " + " ".join(decisive)
        case "undecided":
            return "Not decided: nothing is known to be wrong with it, but: " + " ".join(decisive)
