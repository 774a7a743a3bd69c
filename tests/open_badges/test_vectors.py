"""W3C's and 1EdTech's vectors, byte for byte."""

import gzip
import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from hashlib import sha256

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse

from milepost.credentials.open_badges import bitstring
from milepost.credentials.open_badges.errors import NotABitstring, NotAKey
from milepost.credentials.open_badges.identity import hashed, is_about
from milepost.credentials.open_badges.keys import VerificationKey
from milepost.credentials.open_badges.multikey import base58, did_key, multikey, unbase58
from milepost.credentials.open_badges.proof import issuer_id, key_urls, verify_proof
from milepost.credentials.open_badges.quads import canonical

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(path):
    return json.loads(path.read_text("utf-8"))


def by_did_key(document):
    """Finds what a `did:key` is, and takes it for the issuer's."""

    def resolve(method):
        return VerificationKey(public=did_key(method), controller=issuer_id(document) or "")

    return resolve


def problems(document):
    return [check.problem for check in verify_proof(document, by_did_key(document), NOW)]


def test_every_step_of_w3cs_proof(standards):
    folder = standards / "vectors" / "vc-di-eddsa"
    suite = folder / "eddsa-rdfc-2022"
    document, options = read(folder / "unsigned.json"), read(suite / "proofConfigDataInt.json")
    said, how = canonical(document), canonical(options)
    assert said == (suite / "canonDocDataInt.txt").read_bytes()
    assert how == (suite / "proofCanonDataInt.txt").read_bytes()
    both = sha256(how).digest() + sha256(said).digest()
    assert both.hex() == (suite / "combinedHashDataInt.txt").read_text()
    pair = read(folder / "keyPair.json")
    private = Ed25519PrivateKey.from_private_bytes(unbase58(pair["privateKeyMultibase"][1:])[2:])
    signature = private.sign(both)
    assert signature.hex() == (suite / "sigHexDataInt.txt").read_text()
    assert "z" + base58(signature) == (suite / "sigBTC58DataInt.txt").read_text()
    assert multikey(private.public_key()) == pair["publicKeyMultibase"]


def test_w3cs_signed_document_is_verified_and_the_key_is_not_its_issuers(standards):
    document = read(standards / "vectors/vc-di-eddsa/eddsa-rdfc-2022/signedDataInt.json")
    assert problems(document) == [None]
    stranger = VerificationKey(public=did_key(key_urls(document)[0]), controller="did:key:z6Mk")
    (check,) = verify_proof(document, lambda _: stranger, NOW)
    assert check.problem == "key_not_of_issuer"


@pytest.mark.parametrize(
    ("name", "count"),
    [("Set1", 1), ("Set2", 2), ("Chain1", 3), ("Chain2", 4)],
)
def test_proofs_that_build_upon_proofs(name, count, standards):
    document = read(standards / f"vectors/vc-di-eddsa/proof-set-chain/signedProof{name}.json")
    assert problems(document) == [None] * count


def test_a_chain_whose_first_proof_was_taken_out_or_changed(standards):
    document = read(standards / "vectors/vc-di-eddsa/proof-set-chain/signedProofChain2.json")
    document["proof"][1]["created"] = "2023-02-24T23:36:39Z"
    changed = ["signature_invalid" if number in {1, 2} else None for number in range(4)]
    assert problems(document) == changed
    del document["proof"][1]
    assert problems(document) == [None, "proof_malformed", None]


def test_one_edtechs_badge_is_canonical(standards):
    """The guide's badge, of which the validator's example differs in the issuer alone."""
    vectors = standards / "vectors" / "open-badges-3.0"
    badge = read(standards / "examples" / "open-badges-3.0" / "simple.json")
    issuer = "https://example.edu/issuers/565049"
    badge["issuer"] |= {"id": issuer, "url": "https://www.imsglobal.org"}
    (proof,) = badge.pop("proof")
    del proof["proofValue"]
    options = {"@context": badge["@context"], **proof}
    options["verificationMethod"] = issuer + "#" + proof["verificationMethod"].split("#")[1]
    assert canonical(badge) == (vectors / "obv3p0-document-canon.txt").read_bytes()
    assert canonical(options) == (vectors / "obv3p0-proof-canon.txt").read_bytes()


def test_the_library_labels_blank_nodes_as_w3c_does(standards):
    folder = standards / "vectors" / "rdf-canon" / "rdfc10"
    tried = 0
    for expected in sorted(folder.glob("*-rdfc10.nq")):
        given = expected.with_name(expected.name.replace("-rdfc10.nq", "-in.nq"))
        if expected.name.startswith("test075"):  # asks for SHA-384
            continue
        dataset = Dataset(parse(input=given.read_bytes(), format=RdfFormat.N_QUADS))
        dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        lines = sorted(f"{quad} .\n".encode() for quad in dataset)
        assert b"".join(lines) == expected.read_bytes(), expected.name
        tried += 1
    assert tried >= 60


@pytest.mark.parametrize("name", ["spec-example.json", "derived-one-bit-set.json"])
def test_status_lists_of_others_are_read(name, standards):
    vector = read(standards / "vectors" / "bitstring-status-list" / name)
    bits = bitstring.decode(vector["encodedList"])
    assert bits == bitstring.bitstring(vector["setIndexes"])
    assert len(bits) == vector["expandedLengthBytes"]


def test_our_status_list_is_gzip_and_the_same_everywhere():
    bits = bitstring.bitstring([0, 94_567, 131_071])
    text = bitstring.encode(bits)
    packed = urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))
    assert gzip.decompress(packed) == bits == bitstring.decode(text)
    # Whatever Python and zlib made it: what is signed must not depend on them.
    expected = "acd9e72d1ed57b8eebe6d06f6c9dbfd842abadf4d788653c24acc51d4c20cc50"
    assert sha256(text.encode()).hexdigest() == expected
    assert [bitstring.status(bits, index) for index in (0, 1, 94_567, 131_071)] == [1, 0, 1, 1]
    assert bitstring.status(bytes([0b0110_0000, *bits]), 0, size=2) == 1
    assert bitstring.status(bytes([0b0110_0000, *bits]), 1, size=2) == 2


def test_a_long_list_takes_several_blocks():
    bits = bitstring.bitstring(range(0, 2**21, 3), 2**21)
    assert bitstring.decode(bitstring.encode(bits)) == bits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zH4sI",
        "u!!!!",
        "uAAAA",
        "uH4sIAAAAAAAA",
        bitstring.encode(bytes(16_383)),
        bitstring.encode(bytes(16_384))[:-30],
        "u" + "A" * (2 * bitstring.MAX_BYTES),
    ],
)
def test_broken_lists_are_refused(text):
    with pytest.raises(NotABitstring):
        bitstring.decode(text)


def test_a_list_that_unpacks_beyond_the_limit_is_refused():
    packed = msgspec.json.decode(msgspec.json.encode(gzip.compress(bytes(5 * 1024 * 1024))))
    with pytest.raises(NotABitstring, match="longer"):
        bitstring.decode("u" + packed.replace("+", "-").replace("/", "_").rstrip("="))


@pytest.mark.parametrize("index", [-1, 131_072])
def test_indexes_outside_of_the_list_are_refused(index):
    with pytest.raises(NotABitstring):
        bitstring.bitstring([index])
    with pytest.raises(NotABitstring):
        bitstring.status(bitstring.bitstring([]), index)


def test_the_hash_of_an_identity(standards):
    vector = read(standards / "vectors" / "open-badges-3.0" / "identity-hash.json")
    identity = hashed(vector["identifier"], vector["salt"], "emailAddress")
    assert identity.identity_hash == vector["identityHash"]
    assert is_about(identity, vector["identifier"])
    assert not is_about(identity, "b@example.com")


@pytest.mark.parametrize(
    "method",
    [
        "did:key:z6Mk",
        "did:web:example.org",
        "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4s0",
        "did:key:m6Mk",
        "did:key:z" + "1" * 200,
        "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6Mk",
    ],
)
def test_what_is_no_key_is_refused(method):
    with pytest.raises(NotAKey):
        did_key(method)
