"""Whether a credential is signed, by whom, and whether its issuer lets that key speak. Pure.

Two questions, kept apart. The *proof* is good when the key that it names has made it. The *key*
passes when it is the issuer's: a good signature by somebody else's key says nothing.
"""

import re
from typing import Final, NamedTuple

from msgspec.structs import replace

from milepost.credentials.open_badges.jwt import verify_jwt
from milepost.credentials.open_badges.keys import ResolveKey, VerificationKey
from milepost.credentials.open_badges.proof import ProofCheck, issuer_id, key_urls, verify_proof
from milepost.credentials.verification.judgement_inputs import Facts, NoKey
from milepost.credentials.verification.presented import Presented
from milepost.credentials.verification.report import Check
from milepost.credentials.verification.texts.shown import shown

# Of a proof, or a JWT, that is wrong whoever the issuer is.
_FORGED: Final = {
    "signature_invalid": "The signature does not fit: something was changed after signing.",
    "proof_malformed": "The proof is malformed.",
    "wrong_purpose": "The proof was not made to assert anything.",
    "proof_expired": "The proof has expired.",
    "claims_differ": "The JWT and the credential in it say different things.",
}
NOT_LISTED: Final = "key_not_listed"
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
_NO_PROOF: Final = "It is not signed: anybody could have written it."


class Finding(NamedTuple):
    """Of one proof: the key's URL, what is wrong (None: it is good), and where."""

    method: str
    problem: str | None
    detail: str | None


def methods_of(presented: Presented) -> tuple[str, ...]:
    """The keys that must be found before judging."""
    if presented.jwt is not None:
        return (presented.jwt.kid,)
    return key_urls(presented.document)


def signature_checks(presented: Presented, facts: Facts) -> tuple[Check, Check]:
    """`proof` and `key`."""
    issuer = issuer_id(presented.document) or ""
    findings = _findings(presented, issuer, facts)
    proof = _proof_check(findings, facts)
    if proof.outcome != "passed":
        return proof, _no_key(proof)
    good = [one.method for one in findings if one.problem is None]
    keys = [_key_check(method, issuer, facts) for method in good]
    return proof, next((one for one in keys if one.outcome == "passed"), keys[0])


def _findings(presented: Presented, issuer: str, facts: Facts) -> list[Finding]:
    resolve = _as_if_of(issuer, facts)
    if presented.jwt is not None:
        jwt = verify_jwt(presented.jwt, resolve)
        return [Finding(jwt.kid, jwt.problem, jwt.detail)]
    checks = verify_proof(presented.document, resolve, facts.at)
    return [Finding(one.method, _problem(one), one.detail) for one in checks]


def _problem(check: ProofCheck) -> str | None:
    """An embedded proof names its key by an address; the `kid` of a JWT may be anything."""
    if check.problem == "key_unknown" and not _ADDRESS.match(check.method):
        return "proof_malformed"
    return check.problem


def _as_if_of(issuer: str, facts: Facts) -> ResolveKey:
    """Whose the key is, is asked afterwards: a forged text is told from a foreign key."""

    def resolve(method: str) -> VerificationKey | None:
        key = facts.keys.get(method)
        if not isinstance(key, VerificationKey):
            return None
        return replace(key, controller=issuer, asserts=True, compromised=False)

    return resolve


def _proof_check(findings: list[Finding], facts: Facts) -> Check:
    """One good proof is enough, unless another is forged; what is not known here is left aside."""
    if not findings:
        return Check(check="proof", outcome="failed", reason="not_signed", words=_NO_PROOF)
    for one in findings:
        if one.problem in _FORGED:
            words = _FORGED[one.problem]
            return Check(check="proof", outcome="failed", reason=one.problem, words=words,
                         path=_path(one))  # fmt: skip
    if any(one.problem is None for one in findings):
        words = "The signature is good: nothing was changed after signing."
        return Check(check="proof", outcome="passed", reason="signature_good", words=words)
    return _undecided(findings[0], facts)


def _undecided(finding: Finding, facts: Facts) -> Check:
    why = facts.keys.get(finding.method)
    match finding.problem:
        case "unsupported_suite":
            words = "It is signed in a way that is not known here."
        case "key_not_of_issuer":
            words = "It names no issuer: nobody has signed it as one."
        case "not_canonical":
            words = "The signature cannot be checked: the document has no single meaning here."
        case _:
            detail = shown(why.words) if isinstance(why, NoKey) else "it was not found"
            words = f"The signature cannot be checked without the key {shown(finding.method)}: "
            words += f"{detail}."
    denied = isinstance(why, NoKey) and why.denied
    reason = NOT_LISTED if denied else finding.problem or "key_unknown"
    return Check(check="proof", outcome="unknown", reason=reason, words=words, path=_path(finding))


def _path(finding: Finding) -> str | None:
    return shown(finding.detail) if finding.problem == "not_canonical" else None


def _no_key(proof: Check) -> Check:
    if proof.outcome == "failed":
        words = "No key was looked at: the signature is not good."
        return Check(check="key", outcome="not_applicable", reason=proof.reason, words=words)
    if proof.reason == NOT_LISTED:
        words = "It was signed by a key that its issuer does not publish."
        return Check(check="key", outcome="failed", reason=NOT_LISTED, words=words)
    words = "Whose key it is cannot be said."
    return Check(check="key", outcome="unknown", reason=proof.reason, words=words)


def _key_check(method: str, issuer: str, facts: Facts) -> Check:
    key = facts.keys[method]
    assert isinstance(key, VerificationKey)  # it has verified a signature
    if key.compromised:
        words = "The issuer has declared the key compromised: nothing that it signed is believed."
        return Check(check="key", outcome="failed", reason="key_compromised", words=words)
    if key.controller != issuer:
        words = f"It was signed by a key of {shown(key.controller)}, not of its issuer."
        return Check(check="key", outcome="failed", reason="key_not_of_issuer", words=words)
    if not key.asserts:
        words = "The issuer does not let this key sign credentials, or no longer."
        return Check(check="key", outcome="failed", reason="key_not_for_assertions", words=words)
    words = f"The key is its issuer's: {shown(method)}."
    return Check(check="key", outcome="passed", reason="key_of_issuer", words=words)
