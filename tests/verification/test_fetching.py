"""Keys that are fetched: only when the operator says so, seldom, and never more than once."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.certificates import Authority
from tests.verification.issuing import AT, LIST, Issuer, entry, reasons
from tests.web.answering import Names, server_tls, serving

from milepost.credentials.verification.report import Report
from milepost.credentials.verification.sources import KEPT_SECONDS, Fetching
from milepost.credentials.verification.verifier import MAX_ASKED, Question, Verifier, verifier_of
from milepost.events.runtime.outages import Overloaded
from milepost.web.outbound.client import Outbound
from milepost.web.outbound.hosts import Hosts
from milepost.web.settings import Settings

NAME = "badges.example.edu"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("fetching") / "authority")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def answer_of(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def fetching(authority: Authority, allowed: str, clock: Clock, private: str = "*") -> Fetching:
    trusted = ssl.create_default_context(cafile=authority.file)
    outbound = Outbound(
        Hosts.read(private),
        allowed=Hosts.read(allowed),
        resolve=Names(["127.0.0.1"]),
        ssl_context=trusted,
    )
    return Fetching(outbound, clock)


async def test_a_key_is_fetched_once_for_a_while(authority: Authority):
    clock = Clock()
    body = bytearray()
    async with serving(body, server_tls(authority, NAME)) as (port, requests):
        school = Issuer(f"https://{NAME}:{port}/i/1")
        body += answer_of(school.document())
        verifier = Verifier(fetching=fetching(authority, NAME, clock))
        question = Question(at=AT, trusted=frozenset({school.id}))
        data = json.dumps(school.signed()).encode()
        for _ in range(3):
            assert (await verifier.verify(data, question)).verdict == "valid"
        assert len(requests) == 1
        assert requests[0].startswith(b"GET /i/1 HTTP/1.1")
        clock.now = KEPT_SECONDS + 1
        assert (await verifier.verify(data, question)).verdict == "valid"
        assert len(requests) == 2


@pytest.mark.parametrize(
    ("allowed", "private", "answer", "words"),
    [
        ("other.example.edu", "*", b"", "nothing is fetched from"),
        (NAME, "", b"", "not a public address"),
        (NAME, "*", answer_of(b"gone", "410 Gone"), "answers 410"),
        (NAME, "*", answer_of(b"{}"), "about something else"),
        (NAME, "*", answer_of(b'{"id": 1, "id": 2}'), "stands twice"),
        (NAME, "*", b"HTTP/1.1 302 Found\r\nLocation: https://a.example/\r\n\r\n", "answers 302"),
    ],
    ids=["not allowed", "private", "gone", "empty", "ambiguous", "elsewhere"],
)
async def test_what_cannot_be_had_is_unknown_and_told(
    authority: Authority, allowed: str, private: str, answer: bytes, words: str
):
    async with serving(answer, server_tls(authority, NAME)) as (port, _):
        school = Issuer(f"https://{NAME}:{port}/i/1")
        verifier = Verifier(fetching=fetching(authority, allowed, Clock(), private))
        data = json.dumps(school.signed()).encode()
        report = await verifier.verify(data, Question(at=AT, trusted=frozenset({school.id})))
    assert report.verdict == "undecided"
    assert reasons(report) == {"proof": "key_unknown", "key": "key_unknown"}
    assert words in report.summary


async def test_no_list_is_asked_for_before_the_signature_is_good():
    """Who makes up a badge makes nobody call an address."""
    school = Issuer()
    document = school.signed(credential_status=entry())
    document["name"] = "changed"
    names = Names(["8.8.8.8"])
    verifier = Verifier(
        fetching=Fetching(Outbound(resolve=names)), documents={school.id: school.document()}
    )
    report = await verifier.verify(json.dumps(document).encode(), Question(at=AT))
    assert reasons(report)["proof"] == "signature_invalid"
    assert names.asked == []


class OwnSchool:
    """What an installation publishes itself, from memory; slow when it is told to be."""

    def __init__(self, issuer: Issuer, revoked: int, seconds: float = 0) -> None:
        self._issuer = issuer
        self._list = issuer.status_list([revoked])
        self._seconds = seconds

    async def issuers(self, tenant: str) -> frozenset[str]:
        return frozenset({self._issuer.id} if tenant == "north" else ())

    async def key_document(self, identifier: str) -> Mapping[str, Any] | None:
        await asyncio.sleep(self._seconds)
        document: Any = json.loads(self._issuer.document())
        return document if identifier == self._issuer.id else None

    async def status_list(self, address: str) -> bytes | None:
        return self._list if address == LIST else None


@pytest.mark.parametrize("address", ["https://school.example/i/1", "http://127.0.0.1:8400/i/1"])
async def test_our_own_are_judged_by_our_own_keys_and_lists_without_a_network(address: str):
    """Wherever they are: nothing is fetched."""
    school = Issuer(address)
    verifier = Verifier(OwnSchool(school, revoked=7))
    for index, tenant, verdict, reason in (
        (8, "north", "valid", {}),
        (7, "north", "not_valid", {"status": "revoked"}),
        (8, "south", "undecided", {"issuer": "issuer_unknown"}),
    ):
        question = Question(at=AT, ours=await verifier.issuers(tenant))
        badge = school.signed(credential_status=entry(index))
        report = await verifier.verify(json.dumps(badge).encode(), question)
        assert (report.verdict, reasons(report)) == (verdict, reason)
        ours = next(one for one in report.checks if one.check == "issuer")
        assert (ours.reason == "ours") is (tenant == "north")


async def test_what_takes_too_long_is_unknown():
    school = Issuer()
    verifier = Verifier(OwnSchool(school, revoked=7, seconds=60), gathering_seconds=0.01)
    report = await verifier.verify(
        json.dumps(school.signed()).encode(), Question(at=AT, trusted=frozenset({school.id}))
    )
    assert reasons(report) == {"proof": "key_unknown", "key": "key_unknown"}
    assert "no time left" in report.summary


async def test_more_than_a_few_at_a_time_are_told_to_come_again():
    school = Issuer()
    verifier = Verifier(OwnSchool(school, revoked=7, seconds=0.2))
    data, question = json.dumps(school.signed()).encode(), Question(at=AT)
    asked = [verifier.verify(data, question) for _ in range(MAX_ASKED + 2)]
    came = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, Overloaded) for one in came) == 2
    assert sum(isinstance(one, Report) for one in came) == MAX_ASKED
    assert (await verifier.verify(data, question)).verdict == "undecided"


def test_nothing_is_fetched_unless_the_operator_says_so(tmp_path: Path):
    assert verifier_of(Settings(data_dir=tmp_path))._fetching is None
    assert verifier_of(Settings(data_dir=tmp_path, verify_fetch="a.example"))._fetching
