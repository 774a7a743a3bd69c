"""Embedded proofs of the suite `eddsa-rdfc-2022` (Data Integrity EdDSA Cryptosuites 1.0)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from milepost.credentials.open_badges.documents import AnyCredential
from milepost.credentials.open_badges.keys import ProofKey, ResolveKey

ProofProblem: TypeAlias = Literal[
    "unsupported_suite",  # of a suite that is not known here
    "wrong_purpose",  # not made to assert anything
    "key_unknown",  # it was not found
    "key_not_of_issuer",  # or the issuer does not let it assert
    "key_compromised",
    "proof_expired",
    "not_canonical",  # an unknown term, a limit: `detail` says where
    "signature_invalid",  # the document or the proof was changed
    "proof_malformed",
]


class ProofCheck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One proof of a document: good when there is no problem."""

    method: str
    problem: ProofProblem | None = None
    detail: str | None = None


def sign(document: AnyCredential, key: ProofKey, created: datetime) -> AnyCredential:
    """The document with one more proof: the same bytes for the same arguments.

    Raises: NotCanonical, of an address that is none.
    """
    raise NotImplementedError


def verify_proof(
    document: Mapping[str, Any], resolve_key: ResolveKey, at: datetime
) -> tuple[ProofCheck, ...]:
    """A check of each proof, in order; none when there is no proof. Raises nothing of its own.

    document  as JSON values, from anybody
    """
    raise NotImplementedError


def key_urls(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys that the proofs name: what must be found before `verify_proof`."""
    raise NotImplementedError
