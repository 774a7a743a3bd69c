"""Embedded proofs of the suite `eddsa-rdfc-2022` (Data Integrity EdDSA Cryptosuites 1.0)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from milepost.credentials.open_badges.documents import AnyCredential, plain
from milepost.credentials.open_badges.errors import NotAKey, NotCanonical
from milepost.credentials.open_badges.keys import ProofKey, ResolveKey, VerificationKey
from milepost.credentials.open_badges.multikey import base58, unbase58
from milepost.credentials.open_badges.parts import DataIntegrityProof
from milepost.credentials.open_badges.quads import canonical

SUITE = "eddsa-rdfc-2022"
MAX_PROOFS = 16
Json: TypeAlias = Mapping[str, Any]

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


class _NotBelieved(Exception):
    def __init__(self, problem: ProofProblem, detail: str | None = None) -> None:
        self.problem: ProofProblem = problem
        self.detail = detail


class ProofCheck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One proof of a document: good when there is no problem."""

    method: str
    problem: ProofProblem | None = None
    detail: str | None = None


def sign(document: AnyCredential, key: ProofKey, created: datetime) -> AnyCredential:
    """The document with one more proof: the same bytes for the same arguments.

    Raises: NotCanonical, of an address that is none.
    """
    bare = plain(msgspec.structs.replace(document, proof=()))
    proof = DataIntegrityProof(created=created, verification_method=key.kid)
    options = {"@context": bare["@context"], **plain(proof)}
    value = "z" + base58(key.private.sign(_signed(bare, options)))
    signed = msgspec.structs.replace(proof, proof_value=value)
    return msgspec.structs.replace(document, proof=(*document.proof, signed))


def verify_proof(document: Json, resolve_key: ResolveKey, at: datetime) -> tuple[ProofCheck, ...]:
    """A check of each proof, in order; none when there is no proof. Raises nothing of its own.

    document  as JSON values, from anybody
    """
    return tuple(_check(document, proof, resolve_key, at) for proof in _proofs(document))


def key_urls(document: Json) -> tuple[str, ...]:
    """The keys that the proofs name: what must be found before `verify_proof`."""
    return tuple(dict.fromkeys(filter(None, map(_method, _proofs(document)))))


def issuer_id(document: Json) -> str | None:
    """Who says so, by the document itself."""
    issuer = document.get("issuer")
    found = issuer.get("id") if isinstance(issuer, dict) else issuer
    return found if isinstance(found, str) else None


def _signed(document: Json, options: Json) -> bytes:
    return sha256(canonical(options)).digest() + sha256(canonical(document)).digest()


def _proofs(document: Json) -> Sequence[Any]:
    """Of more than MAX_PROOFS the first ones, and something that is no proof."""
    found = document.get("proof")
    proofs = found if isinstance(found, list | tuple) else [] if found is None else [found]
    return proofs if len(proofs) <= MAX_PROOFS else [*proofs[:MAX_PROOFS], None]


def _method(proof: Any) -> str:
    method = proof.get("verificationMethod") if isinstance(proof, dict) else None
    return method if isinstance(method, str) else ""


def _check(document: Json, proof: Any, resolve_key: ResolveKey, at: datetime) -> ProofCheck:
    method = _method(proof)
    try:
        _is_of_suite(proof, at)
        key = _found(resolve_key(method))
        _is_signed(document, proof, key)
        _may_sign(key, document)
    except _NotBelieved as doubt:
        return ProofCheck(method=method, problem=doubt.problem, detail=doubt.detail)
    return ProofCheck(method=method)


def _is_of_suite(proof: Any, at: datetime) -> None:
    if not isinstance(proof, dict):
        raise _NotBelieved("proof_malformed", f"no object, or more than {MAX_PROOFS} proofs")
    if proof.get("type") != "DataIntegrityProof" or proof.get("cryptosuite") != SUITE:
        raise _NotBelieved("unsupported_suite", str(proof.get("cryptosuite") or proof.get("type")))
    if proof.get("proofPurpose") != "assertionMethod":
        raise _NotBelieved("wrong_purpose", str(proof.get("proofPurpose")))
    if "expires" in proof and _parse_time(proof["expires"]) <= at:
        raise _NotBelieved("proof_expired", str(proof["expires"]))


def _parse_time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _NotBelieved("proof_malformed", "expires is no moment") from None
    if moment.tzinfo is None:
        raise _NotBelieved("proof_malformed", "expires has no time zone")
    return moment


def _found(key: VerificationKey | None) -> VerificationKey:
    if key is None:
        raise _NotBelieved("key_unknown")
    if not isinstance(key.public, Ed25519PublicKey):
        raise _NotBelieved("unsupported_suite", "the key is not of Ed25519")
    return key


def _is_signed(document: Json, proof: Json, key: VerificationKey) -> None:
    assert isinstance(key.public, Ed25519PublicKey)
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    if options.setdefault("@context", document.get("@context")) != document.get("@context"):
        raise _NotBelieved("proof_malformed", "its @context is not that of the document")
    try:
        signed = _signed(_proven(document, proof), options)
        key.public.verify(_signature(proof), signed)
    except NotCanonical as fault:
        raise _NotBelieved("not_canonical", str(fault)) from None
    except InvalidSignature:
        raise _NotBelieved("signature_invalid") from None


def _proven(document: Json, proof: Json) -> Json:
    """The document with those proofs alone that this one builds upon (a proof chain)."""
    before = proof.get("previousProof", ())
    names = (before,) if isinstance(before, str) else before
    if not isinstance(names, list | tuple):
        raise _NotBelieved("proof_malformed", "previousProof names no proofs")
    proofs = [one for one in _proofs(document) if isinstance(one, dict)]
    known = {one["id"]: one for one in proofs if isinstance(one.get("id"), str)}
    if not all(isinstance(name, str) and name in known for name in names):
        raise _NotBelieved("proof_malformed", "previousProof names a proof that is not there")
    bare = {name: value for name, value in document.items() if name != "proof"}
    return {**bare, "proof": [known[name] for name in names]} if names else bare


def _signature(proof: Json) -> bytes:
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith("z"):
        raise _NotBelieved("proof_malformed", "proofValue is no multibase of base58btc")
    try:
        return unbase58(value[1:])
    except NotAKey as error:
        raise _NotBelieved("proof_malformed", f"proofValue: {error}") from None


def _may_sign(key: VerificationKey, document: Json) -> None:
    if key.controller != issuer_id(document) or not key.asserts:
        raise _NotBelieved("key_not_of_issuer", f"the key is of {key.controller}")
    if key.compromised:
        raise _NotBelieved("key_compromised")
