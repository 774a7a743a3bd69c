"""Digital Bazaar's verifier and jose, asked as they are published. Skips without node or npm."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jwt.algorithms import ECAlgorithm
from tests.npm import installed
from tests.open_badges.badges import AWARDED, ENDS, ISSUER, ed25519, es256, first_aid, status_list
from tests.open_badges.changes import single_changes

from milepost.credentials.open_badges import bitstring
from milepost.credentials.open_badges.documents import Multikey, encode
from milepost.credentials.open_badges.jwt import open_badges_jwt, vc_jwt
from milepost.credentials.open_badges.multikey import multikey
from milepost.credentials.open_badges.parts import StatusEntry
from milepost.credentials.open_badges.proof import sign

pytestmark = [pytest.mark.slow, pytest.mark.servers]  # it starts npm and node

SCRIPTS = Path(__file__).parent / "strangers"
INDEX = 94_567
KEY, JWT_KEY = ed25519(), es256()
VALID = "2026-06-01T00:00:00Z"
TOO_LATE = "2027-03-01T09:40:00Z"  # their clock may be five minutes off
TOO_EARLY = "2026-02-01T00:00:00Z"


@pytest.fixture(scope="module")
def strangers() -> Path:
    return installed(SCRIPTS)


@pytest.fixture(scope="module")
def ask(strangers, published):
    def judged(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
        shutil.copy(SCRIPTS / "verify.mjs", strangers)
        asked = json.dumps({"documents": {**published, **issuers_documents()}, "cases": cases})
        done = subprocess.run(
            ["node", "verify.mjs"],
            cwd=strangers,
            input=asked.encode(),
            check=False,
            capture_output=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr.decode()
        verdicts: list[dict[str, Any]] = json.loads(done.stdout)
        assert len(verdicts) == len(cases)
        return verdicts

    return judged


def issuers_documents() -> dict[str, Any]:
    key = Multikey(
        id=KEY.kid,
        controller=ISSUER,
        public_key_multibase=multikey(KEY.private.public_key()),
    )
    method = json.loads(encode(key))
    controller = {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": ISSUER,
        "verificationMethod": [method],
        "assertionMethod": [KEY.kid],
    }
    return {
        KEY.kid: {"@context": "https://w3id.org/security/multikey/v1", **method},
        ISSUER: controller,
    }


def badge(purpose: str = "revocation") -> dict[str, Any]:
    entry = StatusEntry(
        id=f"https://school.example/status/demo/1#{INDEX}",
        status_purpose=purpose,
        status_list_index=str(INDEX),
        status_list_credential="https://school.example/status/demo/1",
    )
    signed: dict[str, Any] = json.loads(
        encode(sign(first_aid(credential_status=entry), KEY, AWARDED))
    )
    return signed


def case(
    credential: dict[str, Any],
    now: str = VALID,
    *,
    purpose: str = "revocation",
    marked: tuple[int, ...] = (),
) -> dict[str, Any]:
    bits = bitstring.encode(bitstring.bitstring(marked))
    signed = json.loads(encode(sign(status_list(bits, purpose), KEY, AWARDED)))
    return {"credential": credential, "now": now, "lists": {signed["id"]: signed}}


def valid(verdict: dict[str, Any]) -> bool:
    """`verified` alone says that the status was asked for, not what it is."""
    return bool(verdict["verified"] and verdict["statuses"] == [False])


def test_a_badge_is_valid_until_it_is_revoked_suspended_or_has_ended(ask):
    revocable, suspendable = badge(), badge("suspension")
    verdicts = ask(
        [
            case(revocable),
            case(revocable, marked=(INDEX - 1, INDEX + 1)),
            case(suspendable, purpose="suspension"),
            case(revocable, marked=(INDEX,)),
            case(suspendable, purpose="suspension", marked=(INDEX,)),
            case(revocable, TOO_LATE),
            case(revocable, TOO_EARLY),
        ]
    )
    assert [valid(verdict) for verdict in verdicts] == [True] * 3 + [False] * 4, verdicts
    assert [verdict["statuses"] for verdict in verdicts[3:5]] == [[True], [True]]
    assert [verdict["verified"] for verdict in verdicts[5:]] == [False, False]
    assert ENDS.isoformat() < TOO_LATE


def test_no_single_field_can_be_changed(ask):
    signed = badge()
    changes = list(single_changes(signed))
    verdicts = ask([case(change.document) for change in changes])
    assert len(changes) > 60
    assert [one.path for one, said in zip(changes, verdicts, strict=True) if valid(said)] == []


def test_jose_verifies_both_kinds_of_jwt(ask):
    jwk = json.loads(ECAlgorithm.to_jwk(JWT_KEY.private.public_key()))
    texts = [open_badges_jwt(first_aid(), JWT_KEY), vc_jwt(first_aid(), JWT_KEY)]
    spoilt = [text[:-9] + ("A" if text[-9] != "A" else "B") + text[-8:] for text in texts]
    verdicts = ask([{"jwt": text, "jwk": jwk} for text in (*texts, *spoilt)])
    assert [verdict["verified"] for verdict in verdicts] == [True, True, False, False]
    assert [verdict["header"]["typ"] for verdict in verdicts[:2]] == ["JWT", "vc+jwt"]
    assert [verdict["payload"]["id"] for verdict in verdicts[:2]] == [first_aid().id] * 2
