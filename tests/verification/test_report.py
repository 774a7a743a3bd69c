"""What a report says of badges, good and bad: each check for what it is, and one verdict."""

import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.verification.issuing import (
    AT,
    BEFORE,
    ISSUER,
    LIST,
    Issuer,
    entry,
    outcomes,
    reasons,
    verified,
)

from milepost.credentials.open_badges.baking import bake_png, bake_svg
from milepost.credentials.open_badges.documents import encode
from milepost.credentials.verification.report import Check, verdict_of

SCHOOL = Issuer()


async def test_a_good_badge_of_a_known_issuer_is_valid():
    report = await verified(SCHOOL.signed(), SCHOOL)
    assert report.verdict == "valid"
    assert outcomes(report) == {
        "format": "passed",
        "contexts": "passed",
        "shape": "passed",
        "proof": "passed",
        "key": "passed",
        "issuer": "passed",
        "dates": "passed",
        "status": "not_applicable",
        "recipient": "not_applicable",
        "endorsements": "not_applicable",
    }
    assert report.credential is not None
    assert (report.credential.name, report.credential.issuer) == ("SQL", ISSUER)


@pytest.mark.parametrize("kind", ["vc_jwt", "open_badges_jwt"])
async def test_a_jwt_of_either_profile_is_judged_alike(kind: str):
    text = getattr(SCHOOL, kind)()
    report = await verified(text, SCHOOL, recipient="ann@example.org")
    assert report.verdict == "valid"
    head, payload, signature = text.split(".")
    tampered = await verified(f"{head}.{payload[:-4]}AAAA.{signature}", SCHOOL)
    assert tampered.verdict == "not_valid"
    cut = await verified(f"{head}.{payload}.{signature[:-4]}AAAA", SCHOOL)
    assert reasons(cut) == {"proof": "signature_invalid"}


async def test_a_badge_is_found_in_its_picture_and_in_a_presentation(tmp_path: Path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    document = SCHOOL.signed()
    png = bake_png((tmp_path / "a.png").read_bytes(), json.dumps(document))
    svg = bake_svg(b'<svg xmlns="http://www.w3.org/2000/svg"/>', SCHOOL.vc_jwt())
    presentation = {"type": "VerifiablePresentation", "verifiableCredential": [document]}
    envelope = {
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{SCHOOL.vc_jwt()}",
    }
    for what, form in ((png, "png"), (svg, "svg"), (presentation, "json"), (envelope, "jwt")):
        report = await verified(what, SCHOOL)
        assert report.verdict == "valid", report
        assert report.checks[0].reason == form


async def test_an_unknown_issuer_is_no_forger():
    anybody = Issuer(identifier=None)
    report = await verified(anybody.signed())
    assert report.verdict == "undecided"
    assert reasons(report) == {"issuer": "issuer_unknown"}
    assert "not known here" in report.summary
    assert (await verified(anybody.signed(), trusted=[anybody.id])).verdict == "valid"


async def test_without_its_key_nothing_is_said_of_a_signature():
    report = await verified(SCHOOL.signed(), trusted=[ISSUER])
    assert report.verdict == "undecided"
    assert reasons(report) == {"proof": "key_unknown", "key": "key_unknown"}
    assert "nothing is fetched here" in report.summary


async def test_a_key_that_its_issuer_does_not_publish_is_not_its_key():
    report = await verified(Issuer(ISSUER).signed(), SCHOOL)
    assert report.verdict == "not_valid"
    assert reasons(report) == {"proof": "key_not_listed", "key": "key_not_listed"}


async def test_a_key_of_somebody_else_proves_nothing():
    """A good signature by a did:key that nobody can deny, and another's name as the issuer."""
    forger = Issuer(identifier=None)
    forger.id = ISSUER
    report = await verified(forger.signed(), SCHOOL)
    assert report.verdict == "not_valid"
    assert reasons(report) == {"key": "key_not_of_issuer"}


CHANGES: dict[str, Any] = {
    "id": "https://badges.example.edu/c/2",
    "name": "NoSQL",
    "validFrom": "2026-08-01T08:00:01Z",
    "validUntil": "2036-08-01T08:00:00Z",
    "issuer.name": "Another School",
    "credentialSubject.achievement.name": "NoSQL",
    "credentialSubject.identifier.0.salt": "another",
    "proof.0.created": "2026-08-01T08:00:01Z",
}


@pytest.mark.parametrize("path", CHANGES)
async def test_what_was_changed_after_signing_is_not_valid(path: str):
    document = SCHOOL.signed()
    *parents, last = path.split(".")
    place: Any = document
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    place[last] = CHANGES[path]
    report = await verified(document, SCHOOL)
    assert (report.verdict, reasons(report)) == ("not_valid", {"proof": "signature_invalid"})


@pytest.mark.parametrize(
    "place", ["", "issuer", "credentialSubject", "credentialSubject.achievement"]
)
async def test_a_word_that_no_context_defines_is_never_overlooked(place: str):
    """JSON-LD drops it without a word: it could say anything, and the signature would be good."""
    document: Any = SCHOOL.signed()
    where = document
    for name in filter(None, place.split(".")):
        where = where[name]
    where["honours"] = "summa cum laude"
    report = await verified(document, SCHOOL)
    assert report.verdict == "not_valid"
    contexts = next(one for one in report.checks if one.check == "contexts")
    assert contexts.reason == "term_undefined"
    assert (contexts.path or "").endswith("honours")


async def test_a_context_that_is_not_known_leaves_it_undecided():
    for more in ("https://example.org/ctx", {"honours": "https://example.org/h"}, 1):
        document = SCHOOL.signed()
        document["@context"].append(more)
        report = await verified(document, SCHOOL)
        assert report.verdict == "undecided"
        assert reasons(report)["contexts"] == "context_unknown"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"valid_until": AT - timedelta(seconds=1)}, "expired"),
        ({"valid_from": AT + timedelta(hours=1)}, "not_yet_valid"),
    ],
)
async def test_dates(changed: dict[str, Any], reason: str):
    report = await verified(SCHOOL.signed(**changed), SCHOOL)
    assert (report.verdict, reasons(report)) == ("not_valid", {"dates": reason})
    jwt = await verified(SCHOOL.vc_jwt(**changed), SCHOOL)
    assert reasons(jwt) == {"dates": reason}


LISTS = {
    "clean": (SCHOOL.status_list([6, 8]), "valid", {}),
    "revoked": (SCHOOL.status_list([7]), "not_valid", {"status": "revoked"}),
    "of another purpose": (
        SCHOOL.status_list([7], "suspension"), "undecided", {"status": "status_unknown"},
    ),
    "old": (
        SCHOOL.status_list(valid_until=BEFORE), "undecided", {"status": "status_unknown"},
    ),
    "of somebody else": (
        Issuer("https://other.example/1").status_list(),
        "undecided",
        {"status": "status_unknown"},
    ),
    "signed by somebody else": (
        Issuer().status_list(), "undecided", {"status": "status_unknown"},
    ),
    "another list": (
        SCHOOL.status_list(id="https://badges.example.edu/status/2"),
        "undecided",
        {"status": "status_unknown"},
    ),
    "another list, revoked in it": (
        SCHOOL.status_list([7], id="https://badges.example.edu/status/2"),
        "not_valid",
        {"status": "revoked"},
    ),
    "nonsense": (b"\x89PNG", "undecided", {"status": "status_unknown"}),
    "no list": (encode(SCHOOL.badge()), "undecided", {"status": "status_unknown"}),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
async def test_a_revoked_badge_is_not_valid_though_its_signature_holds(name: str):
    data, verdict, expected = LISTS[name]
    badge = SCHOOL.signed(credential_status=entry(7))
    report = await verified(badge, SCHOOL, documents={LIST: data}, trusted=[ISSUER])
    assert (report.verdict, reasons(report)) == (verdict, expected)
    assert outcomes(report)["proof"] == "passed"


async def test_suspended_and_a_list_that_cannot_be_had():
    badge = SCHOOL.signed(credential_status=(entry(7), entry(9, "suspension")))
    lists = {LIST: SCHOOL.status_list([9], "suspension")}
    report = await verified(badge, SCHOOL, documents=lists)
    assert (report.verdict, reasons(report)) == ("not_valid", {"status": "suspended"})
    absent = await verified(badge, SCHOOL)
    assert (absent.verdict, reasons(absent)) == ("undecided", {"status": "status_unknown"})


@pytest.mark.parametrize(
    "changed",
    [
        {"statusListIndex": "-1"}, {"statusListIndex": "1e3"}, {"statusListIndex": "²"},
        {"statusListIndex": "9999999999"}, {"statusListIndex": None}, {"statusListIndex": True},
        {"statusListCredential": 7}, {"type": "RevocationList2020Status"}, {"statusSize": 2},
    ],
    ids=str,
)  # fmt: skip
async def test_a_status_that_is_not_understood_is_unknown(changed: dict[str, Any]):
    """Judged before the signature would tell: others may sign such things."""
    from milepost.credentials.verification.checks.status_lists import status_check  # noqa: PLC0415
    from milepost.credentials.verification.judgement_inputs import Facts  # noqa: PLC0415
    from milepost.credentials.verification.presented import read  # noqa: PLC0415

    document = SCHOOL.signed(credential_status=entry(7))
    document["credentialStatus"].update(changed)
    facts = Facts(at=AT, lists={LIST: read(SCHOOL.status_list())})
    assert status_check(document, facts).outcome == "unknown"


@pytest.mark.parametrize(
    ("recipient", "verdict"),
    [
        ("ann@example.org", "valid"),
        (" Ann@Example.org ", "valid"),
        ("bob@example.org", "not_valid"),
        ("", "not_valid"),
    ],
)
async def test_whom_it_is_about(recipient: str, verdict: str):
    report = await verified(SCHOOL.signed(), SCHOOL, recipient=recipient)
    assert report.verdict == verdict


async def test_endorsements_are_judged_and_decide_nothing():
    council = Issuer("https://council.example/1")
    good = council.endorsement("https://badges.example.edu/c/1")
    both = await verified(SCHOOL.signed(endorsement=(good,)), SCHOOL, council)
    assert (both.verdict, outcomes(both)["endorsements"]) == ("valid", "passed")
    unknown = await verified(SCHOOL.signed(endorsement=(good,)), SCHOOL)
    assert (unknown.verdict, outcomes(unknown)["endorsements"]) == ("valid", "unknown")
    forged = Issuer("https://council.example/1").endorsement("https://badges.example.edu/c/1")
    lied = await verified(SCHOOL.signed(endorsement=(forged,)), SCHOOL, council)
    assert (lied.verdict, outcomes(lied)["endorsements"]) == ("valid", "failed")


async def test_one_good_proof_is_enough_but_a_forged_one_condemns():
    document = SCHOOL.signed()
    (good,) = document["proof"]
    foreign = {"type": "Ed25519Signature2020", "proofPurpose": "assertionMethod"}
    forged = {**copy.deepcopy(good), "created": "2026-08-01T08:00:01Z"}
    beside = await verified({**document, "proof": [foreign, good]}, SCHOOL)
    assert beside.verdict == "valid"
    assert (await verified({**document, "proof": [good, forged]}, SCHOOL)).verdict == "not_valid"
    alone = await verified({**document, "proof": [foreign]}, SCHOOL)
    assert reasons(alone)["proof"] == "unsupported_suite"
    unsigned = await verified({**document, "proof": []}, SCHOOL)
    assert reasons(unsigned)["proof"] == "not_signed"


async def test_the_issuers_own_proof_counts_beside_a_good_one_of_somebody_else():
    notary = Issuer(identifier=None)
    document = SCHOOL.signed()
    more = {**document, "proof": []}
    notarized = notary.proved(SCHOOL.badge())
    (own,), (theirs,) = document["proof"], json.loads(encode(notarized))["proof"]
    for proofs in ([own, theirs], [theirs, own]):
        assert (await verified({**more, "proof": proofs}, SCHOOL)).verdict == "valid"
    report = await verified({**more, "proof": [theirs]}, SCHOOL)
    assert reasons(report) == {"key": "key_not_of_issuer"}


def test_the_verdict_follows_from_the_checks():
    def check(name: Any, outcome: Any) -> Check:
        return Check(check=name, outcome=outcome, reason="x", words="x")

    passed, unknown = check("proof", "passed"), check("issuer", "unknown")
    assert verdict_of([passed]) == "valid"
    assert verdict_of([passed, unknown]) == "undecided"
    assert verdict_of([passed, unknown, check("dates", "failed")]) == "not_valid"
    assert verdict_of([passed, check("endorsements", "failed")]) == "valid"
