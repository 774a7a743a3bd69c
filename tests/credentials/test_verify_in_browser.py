"""The page's own script: it verifies in the browser, and believes neither the page nor a stranger.

Signed by the library of Open Badges here, with keys of P-256 and Ed25519.
"""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt as pyjwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.browser import chromium, reader
from tests.credentials.page_scenes import BASE, Pages, school

from milepost.credentials.open_badges.bitstring import bitstring, encode
from milepost.credentials.open_badges.multikey import multikey

__all__ = ["school"]  # a fixture

pytestmark = pytest.mark.servers  # the browser is a process

ISSUER = f"{BASE}/issuers/default/main"
LIST = f"{BASE}/status/default/1"
JWT = "/c/c-1.vc.jwt"
NOW = datetime.now(UTC)
ALL_GOOD = dict.fromkeys(("document", "issuer", "signature", "dates", "status"), "good")
KEYS = [generate_private_key(SECP256R1()) for _ in range(4)]
Private = EllipticCurvePrivateKey | Ed25519PrivateKey


def document(**facts: Any) -> dict[str, Any]:
    entries = [
        {
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": "70007",
            "statusListCredential": f"{LIST}-{purpose}",
        }
        for purpose in ("revocation", "suspension")
    ]
    return {
        "id": f"{BASE}/c/c-1",
        "issuer": {"id": ISSUER, "type": ["Profile"]},
        "validFrom": (NOW - timedelta(days=1)).isoformat(),
        "credentialStatus": entries,
        **facts,
    }


def signed(claims: Mapping[str, Any], key: Private = KEYS[0], name: str = "key-1") -> str:
    algorithm = "EdDSA" if isinstance(key, Ed25519PrivateKey) else "ES256"
    headers = {"typ": "vc+jwt", "kid": f"{ISSUER}#{name}"}
    return pyjwt.encode(dict(claims), key, algorithm, headers)


def issuer(key: Private = KEYS[0], issuer: str = ISSUER, **facts: Any) -> dict[str, Any]:
    method = {
        "id": f"{ISSUER}#key-1",
        "type": "Multikey",
        "controller": ISSUER,
        "publicKeyMultibase": multikey(key.public_key()),
    }
    return {
        "id": issuer,
        "verificationMethod": [method],
        "assertionMethod": [method["id"]],
        **facts,
    }


def status_list(purpose: str, *indexes: int, by: str = ISSUER) -> dict[str, Any]:
    return {
        "id": f"{LIST}-{purpose}",
        "issuer": by,
        "credentialSubject": {
            "statusPurpose": purpose,
            "encodedList": encode(bitstring(indexes)),
        },
    }


def answers(**instead: Any) -> dict[str, bytes]:
    """What is fetched, where all is well; None: it is not there."""
    made = {
        "jwt": signed(document()),
        "issuer": issuer(),
        "revocation": status_list("revocation", 70_006, 70_008),
        "suspension": status_list("suspension"),
        **instead,
    }
    places = {
        "jwt": JWT,
        "issuer": ISSUER.removeprefix(BASE),
        "revocation": f"{LIST}-revocation".removeprefix(BASE),
        "suspension": f"{LIST}-suspension".removeprefix(BASE),
    }
    return {
        places[name]: one.encode() if isinstance(one, str) else msgspec.json.encode(one)
        for name, one in made.items()
        if one is not None
    }


def tampered(text: str, **facts: Any) -> str:
    head, body, signature = text.split(".")
    changed = {**json.loads(base64.urlsafe_b64decode(body + "==")), **facts}
    new = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
    return f"{head}.{new}.{signature}"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    async with chromium() as opened:
        yield opened


EVERY_KEY: list[Private] = [*KEYS, Ed25519PrivateKey.generate()]
STRANGER = f"{BASE}/issuers/elsewhere/main"
COLLEAGUE = f"{BASE}/issuers/default/another"
PAST, FUTURE = (NOW - timedelta(hours=1)).isoformat(), (NOW + timedelta(hours=1)).isoformat()
# What is fetched instead, the outcome, and the checks that do not pass.
CASES: list[tuple[str, dict[str, Any], str, dict[str, str]]] = [
    ("all is well", {}, "valid", {}),
    *(
        (f"key {n}", {"jwt": signed(document(), key), "issuer": issuer(key)}, "valid", {})
        for n, key in enumerate(EVERY_KEY)
    ),
    (
        "tampered",
        {"jwt": tampered(signed(document()), validUntil=FUTURE)},
        "invalid",
        {"signature": "bad"},
    ),
    ("another key", {"jwt": signed(document(), KEYS[1])}, "invalid", {"signature": "bad"}),
    (
        "a key that is not published",
        {"jwt": signed(document(), name="key-2")},
        "invalid",
        {"issuer": "bad", "signature": "unknown"},
    ),
    (
        "a key that speaks not for the issuer",
        {"issuer": issuer(assertionMethod=[])},
        "invalid",
        {"issuer": "bad", "signature": "unknown"},
    ),
    (
        "the document of another issuer",
        {"issuer": issuer(issuer=STRANGER)},
        "invalid",
        {"issuer": "bad", "signature": "unknown"},
    ),
    (
        "no document of the issuer",
        {"issuer": None},
        "unfinished",
        {"issuer": "unknown", "signature": "unknown"},
    ),
    (
        "an issuer elsewhere",
        {"jwt": signed(document(issuer="https://elsewhere.example/issuer"))},
        "unfinished",
        {"issuer": "unknown", "signature": "unknown", "status": "unknown"},
    ),
    (
        "another credential",
        {"jwt": signed(document(id=f"{BASE}/c/c-2"))},
        "invalid",
        {"document": "bad"},
    ),
    ("expired", {"jwt": signed(document(validUntil=PAST))}, "invalid", {"dates": "bad"}),
    ("not yet", {"jwt": signed(document(validFrom=FUTURE))}, "invalid", {"dates": "bad"}),
    (
        "revoked",
        {"revocation": status_list("revocation", 70_007)},
        "invalid",
        {"status": "bad"},
    ),
    (
        "suspended",
        {"suspension": status_list("suspension", 70_007)},
        "invalid",
        {"status": "bad"},
    ),
    ("a list of the school", {"revocation": status_list("revocation", by=COLLEAGUE)}, "valid", {}),
    (
        "a list of another school",
        {"revocation": status_list("revocation", by=STRANGER)},
        "unfinished",
        {"status": "unknown"},
    ),
    ("no list", {"suspension": None}, "unfinished", {"status": "unknown"}),
    ("no JWT", {"jwt": "nothing"}, "unfinished", dict.fromkeys(ALL_GOOD, "unknown")),
]


async def test_it_verifies_and_says_each_check(browser: Any, school: Pages):
    await school.award()
    await school.share()
    async with reader(browser, BASE, school.connection) as window:
        await window.open("/c/c-1")
        for name, instead, outcome, failed in CASES:
            window.answers = answers(**instead)
            await window.page.evaluate("document.getElementById('verifier').dataset.outcome = ''")
            await window.page.focus("#verifier button")
            await window.page.keyboard.press("Enter")
            await window.page.wait_for_selector("#verifier:not([data-outcome=''])")
            checks = await window.page.eval_on_selector_all(
                ".checks li", "all => all.map(one => [one.dataset.check, one.dataset.state])"
            )
            assert dict(checks) == {**ALL_GOOD, **failed}, name
            assert await window.page.get_attribute("#verifier", "data-outcome") == outcome, name
            if name in ("all is well", "revoked"):
                assert await window.axe() == []
                await window.picture(f"verify-{outcome}")
        told = await window.page.inner_text(".verdict")
        assert told == "Not verified: a check could not be made."
        # What is not there is told on the console, too.
        window.complaints = [one for one in window.complaints if "404" not in one]
