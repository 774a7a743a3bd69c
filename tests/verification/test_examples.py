"""The examples of a stranger's own tests, good and bad, each judged as it deserves.

Their keys are in the addresses by which their proofs name them: documents that list these stand in
for those of the issuers, which are nowhere to be had.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.open_badges.conftest import SHARED
from tests.verification.issuing import AT, outcomes, reasons, verified

FOLDER = SHARED / "standards" / "examples" / "open-badges-3.0"
LIST = (
    "https://raw.githubusercontent.com/1EdTech/digital-credentials-public-validator"
    "/refs/heads/main/inspector-vc/src/test/resources/ob30/bit-string-list/testlist"
)
TYPES = (
    *("credential-subject-achievement-result-description", "credential-subject-identifier"),
    *("credential-subject-profile", "credential-subject-result", "credential-subject"),
    *("evidence", "issuer-otheridentifier", "issuer-parentorg", "issuer"),
)

EXPECTED: Mapping[str, tuple[str, str, str]] = {
    "simple.json": ("valid", "", ""),
    "simple-context-alias.json": ("valid", "", ""),
    "simple-context-version.json": ("valid", "", ""),
    "simple-did-web-method.json": ("valid", "", ""),
    "simple-multiple-proofs.json": ("valid", "", ""),
    "endorsement-valid.json": ("valid", "", ""),
    # Revoked or not is told by a 1EdTechRevocationList, which is not judged here.
    "complete.json": ("undecided", "status", "status_unknown"),
    # Its issuer is a UUID, which can list no key: anybody could have made it.
    "simple-did-key-method.json": ("not_valid", "key", "key_not_of_issuer"),
    # Selective disclosure (ecdsa-sd-2023) and data model 1.1 are not judged here.
    "sd/derivedcredential.json": ("undecided", "proof", "unsupported_suite"),
    "simple.jwt.txt": ("undecided", "contexts", "older_data_model"),
    "endorsement-err-schema-status-refresh.json": ("undecided", "contexts", "older_data_model"),
    "bit-string-list/credential-status-revoked.json": ("not_valid", "status", "revoked"),
    "bit-string-list/credential-status-revoked-blank-nodes.json": (
        "not_valid", "status", "revoked",
    ),
    "bit-string-list/testlist.json": ("not_valid", "shape", "no_badge"),
    "simple-err-context.json": ("not_valid", "contexts", "no_base_context"),
    "simple-err-expired.json": ("not_valid", "dates", "expired"),
    "simple-err-issued.json": ("not_valid", "dates", "not_yet_valid"),
    "simple-err-issuer.json": ("not_valid", "shape", "malformed"),
    # Addresses that lead nowhere: no key says that it is forged.
    "simple-err-proof-method.json": ("undecided", "proof", "key_unknown"),
    "simple-err-proof-method-unknown-did-method.json": ("undecided", "proof", "key_unknown"),
    "simple-err-proof-method-unknown-scheme.json": ("undecided", "proof", "key_unknown"),
    "simple-err-proof-method-no-scheme.json": ("not_valid", "proof", "proof_malformed"),
    "simple-err-proof-value.json": ("not_valid", "proof", "signature_invalid"),
    "simple-err-type.json": ("not_valid", "shape", "no_badge"),
    "simple-noproof.json": ("not_valid", "proof", "not_signed"),
    **{f"simple-err-{one}-type.json": ("not_valid", "shape", "malformed") for one in TYPES},
}  # fmt: skip


def methods(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        method = value.get("verificationMethod")
        if isinstance(method, str) and "#" in method:
            yield method
        for inner in value.values():
            yield from methods(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from methods(inner)


@pytest.fixture(scope="module")
def documents(standards: Path) -> dict[str, bytes]:
    """Of issuers, by the addresses of the keys, and the one status list."""
    found: dict[str, dict[str, Any]] = {}
    for path in (standards / "examples" / "open-badges-3.0").rglob("*.json"):
        for method in set(methods(json.loads(path.read_bytes()))):
            issuer, _, key = method.partition("#")
            entry = {"id": method, "type": "Multikey", "controller": issuer,
                     "publicKeyMultibase": key}  # fmt: skip
            made = found.setdefault(
                issuer, {"id": issuer, "verificationMethod": [], "assertionMethod": []}
            )
            if method not in made["assertionMethod"]:
                made["verificationMethod"].append(entry)
                made["assertionMethod"].append(method)
    status_list = (
        standards / "examples/open-badges-3.0/bit-string-list/testlist.json"
    ).read_bytes()
    return {name: json.dumps(one).encode() for name, one in found.items()} | {LIST: status_list}


@pytest.mark.parametrize("name", EXPECTED)
async def test_it_is_judged_rightly(name: str, documents: dict[str, bytes]):
    verdict, check, reason = EXPECTED[name]
    report = await verified((FOLDER / name).read_bytes(), documents=documents)
    assert report.verdict == verdict, report
    assert reasons(report).get(check, "") == reason, report


async def test_nothing_that_is_not_signed_is_valid(standards: Path):
    """The data model's own vectors, good and bad, hold no Open Badge that anybody signed."""
    folder = standards / "vectors" / "vc-data-model-2.0"
    paths = sorted(folder.rglob("*.json"))
    assert len(paths) > 80
    for path in paths:
        report = await verified(path.read_bytes())
        assert report.verdict == "not_valid", f"{path.name}: {report}"


async def test_a_key_that_is_not_the_issuers_is_told_from_a_forgery(standards: Path):
    """The vectors of the suite: a good signature by a did:key, of an issuer on the web."""
    for name in ("signedDataInt.json",):
        (path,) = (standards / "vectors" / "vc-di-eddsa").rglob(f"eddsa-rdfc-2022/{name}")
        report = await verified(path.read_bytes())
        assert outcomes(report)["proof"] == "passed", report
        assert reasons(report)["key"] == "key_not_of_issuer"


def test_none_is_left_out(standards: Path):
    folder = standards / "examples" / "open-badges-3.0"
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == set(EXPECTED)


async def test_without_their_keys_none_is_called_forged(documents: dict[str, bytes]):
    report = await verified((FOLDER / "simple.json").read_bytes(), trusted=documents)
    assert report.verdict == "undecided"
    assert outcomes(report)["proof"] == "unknown"
    assert report.judged_at == AT
