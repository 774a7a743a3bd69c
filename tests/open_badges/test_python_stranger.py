"""openvc-core, a verifier by others in Python, judges what is signed here.

Its JWTs are those of the data model 1.1; for ours see `test_node_strangers`.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openvc import VerificationPolicy, verify_credential
from openvc.did.base import DidResolverRegistry
from openvc.did.did_web import DidWebResolver
from openvc.errors import OpenvcError
from tests.open_badges.badges import AWARDED, ENDS, Key, ed25519, first_aid, status_list
from tests.open_badges.changes import single_changes

from milepost.credentials.open_badges import bitstring
from milepost.credentials.open_badges.documents import Multikey, Profile, encode
from milepost.credentials.open_badges.multikey import multikey
from milepost.credentials.open_badges.parts import StatusEntry
from milepost.credentials.open_badges.proof import sign

DID = "did:web:school.example:issuers:demo:default"
KEY = Key(f"{DID}#proofs", ed25519().private)
LIST = "https://school.example/status/demo/1"
INDEX = 94_567
VALID = datetime(2026, 6, 1, tzinfo=UTC)


def badge(purpose: str = "revocation", **fields: Any) -> Any:
    entry = StatusEntry(
        id=f"{LIST}#{INDEX}",
        status_purpose=purpose,
        status_list_index=str(INDEX),
        status_list_credential=LIST,
    )
    changes = {"issuer": Profile(id=DID, name="School of Health"), "credential_status": entry}
    return first_aid(**changes, **fields)


def as_object(document: dict[str, Any]) -> dict[str, Any]:
    """It takes no list of proofs, which Open Badges asks for; the meaning is the same."""
    (proof,) = document["proof"]
    return {**document, "proof": proof}


def signed(credential: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(encode(sign(credential, KEY, AWARDED)))
    return document


def did_document(_url: str) -> dict[str, Any]:
    public = multikey(KEY.private.public_key())
    key = Multikey(id=KEY.kid, controller=DID, public_key_multibase=public)
    return {
        "id": DID,
        "verificationMethod": [json.loads(encode(key))],
        "assertionMethod": [KEY.kid],
    }


@pytest.fixture
def judge(published):
    def verdict(
        credential: Any, now: datetime = VALID, *, purpose: str = "revocation", marked: Any = ()
    ) -> str:
        bits = bitstring.encode(bitstring.bitstring(marked))
        listed = signed(status_list(bits, purpose, issuer=DID))
        try:
            verify_credential(
                credential,
                policy=VerificationPolicy(now=now),
                resolver=DidResolverRegistry([DidWebResolver(did_document)]),
                resolve_status_list={LIST: listed}.__getitem__,
                extra_contexts=published,
            )
        except OpenvcError as error:
            return type(error).__name__
        return "valid"

    return verdict


def test_a_badge_is_valid_until_it_is_revoked_suspended_or_has_ended(judge):
    revocable, suspendable = as_object(signed(badge())), as_object(signed(badge("suspension")))
    assert judge(revocable) == "valid"
    assert judge(revocable, marked=(INDEX - 1, INDEX + 1)) == "valid"
    assert judge(revocable, marked=(INDEX,)) == "CredentialRevoked"
    assert judge(suspendable, purpose="suspension") == "valid"
    assert judge(suspendable, purpose="suspension", marked=(INDEX,)) == "CredentialSuspended"
    assert judge(revocable, ENDS + timedelta(minutes=10)) == "CredentialExpired"
    assert judge(revocable, AWARDED - timedelta(minutes=10)) == "CredentialNotYetValid"


def test_no_single_field_can_be_changed(judge):
    changes = list(single_changes(as_object(signed(badge()))))
    assert len(changes) > 60
    assert [one.path for one in changes if judge(one.document) == "valid"] == []
