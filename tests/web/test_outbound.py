"""Calls to addresses that others chose: never to a private one, bounded, nothing followed."""

import ssl

import pytest
from tests.certificates import Authority
from tests.web.answering import Names, server_tls, serving

from milepost.web.outbound import client
from milepost.web.outbound.addresses import is_public
from milepost.web.outbound.client import Outbound
from milepost.web.outbound.errors import (
    AddressRefused,
    AnswerTooLarge,
    HostNotAllowed,
    NotReached,
    UrlRefused,
)
from milepost.web.outbound.guard import resolve
from milepost.web.outbound.hosts import Hosts
from milepost.web.settings import SettingInvalid, Settings

NAME = "keys.example.edu"
NOT_PUBLIC = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.0.192", "192.0.2.1", "198.18.0.1"),
    *("192.88.99.1", "168.63.129.16", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1"),
    *("ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1", "2001:10::1", "2001:20::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:7f00:1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "2002:7f00:1::"),
    *("2002:a00:1::1", "2001:0:7f00:1::1", "2001:0:808:808::f5ff:fffe"),
    *("2a00::5efe:7f00:1", "2a00::200:5efe:a00:1", "2606:4700::1111%1"),
    *("localhost", "", "127.1", "0x7f000001", "2130706433", "0177.0.0.1"),
)
PUBLIC = (
    *("8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::200e"),
    *("::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"),
)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_is_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_is_public(address: str):
    assert is_public(address)


def test_hosts_are_named_exactly_by_port_below_a_name_or_all():
    hosts = Hosts.read("badges.example.edu, *.example.org,keys.internal:8443, [::1]")
    assert hosts.allow("badges.example.edu", 443)
    assert hosts.allow("badges.example.edu.", 443)
    assert hosts.allow("a.b.example.org", 1)
    assert hosts.allow("keys.internal", 8443)
    assert hosts.allow("::1", 443)
    for host, port in (
        ("example.org", 443), ("evilexample.org", 443), ("keys.internal", 443),
        ("badges.example.edu.evil.com", 443), ("sub.badges.example.edu", 443), ("::2", 443),
    ):  # fmt: skip
        assert not hosts.allow(host, port), host
    assert Hosts.read("*").allow("anything", 1)
    assert not Hosts.read("").allow("anything", 1)


@pytest.mark.parametrize("text", ["https://a.example", "a b", "*.", "**", "a/..", "x:y", "é.org"])
def test_what_is_no_host_is_refused_at_start(text: str):
    for name in ("MILEPOST_VERIFY_FETCH", "MILEPOST_OUTBOUND_PRIVATE"):
        with pytest.raises(SettingInvalid, match=name):
            Settings.from_environment({name: text})


@pytest.mark.parametrize("addresses", [[one] for one in NOT_PUBLIC[:-6]])
async def test_a_name_with_an_address_that_is_not_public_is_not_called(addresses: list[str]):
    outbound = Outbound(resolve=Names(["8.8.8.8", *addresses]))
    with pytest.raises(AddressRefused, match="not a public address"):
        await outbound.send("GET", f"https://{NAME}/keys")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost", "[::1]",
     "[::ffff:127.0.0.1]", "１２７.0.0.1", "0.0.0.0", "[::ffff:7f00:1]", "localhost."],
)  # fmt: skip
async def test_an_address_however_it_is_written_is_judged_by_where_it_leads(host: str):
    """By the system's own resolver: it knows more ways to write 127.0.0.1 than we do."""
    with pytest.raises((AddressRefused, NotReached, UrlRefused)):
        await Outbound().send("GET", f"https://{host}:1/")
    if host in {"127.1", "0x7f.1", "2130706433"}:
        assert await resolve(host, 1) == ["127.0.0.1"]


@pytest.mark.parametrize(
    "url",
    ["http://keys.example.edu/", "ftp://keys.example.edu/", "file:///etc/passwd", "keys", "",
     "https://", "https:///x", "https://user:secret@keys.example.edu/", "javascript:1",
     "https://keys.example.edu\r\nX: y/", "https://keys.example.edu:99999/", "https://[::1",
     "https://keys.example.edu/" + "a" * 2_000],
)  # fmt: skip
async def test_only_https_addresses_are_called(url: str):
    names = Names(["8.8.8.8"])
    with pytest.raises(UrlRefused):
        await Outbound(resolve=names).send("GET", url)
    assert names.asked == []


async def test_only_hosts_that_are_allowed_are_called():
    names = Names(["8.8.8.8"])
    outbound = Outbound(resolve=names, allowed=Hosts.read("badges.example.org"))
    for host in (
        "keys.example.edu",
        "badges.example.org\\@keys.example.edu",
        "x.badges.example.org",
    ):
        with pytest.raises((HostNotAllowed, UrlRefused)):
            await outbound.send("GET", f"https://{host}/")
    assert names.asked == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("outbound") / "authority")


def outbound_to(authority: Authority, port: int, names: Names) -> Outbound:
    trusted = ssl.create_default_context(cafile=authority.file)
    return Outbound(Hosts.read(f"{NAME}:{port}"), resolve=names, ssl_context=trusted)


async def test_the_certificate_is_the_names_though_the_address_was_connected_to(
    authority: Authority,
):
    answer = b"HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 2\r\n\r\nok"
    names = Names(["127.0.0.1"], ["10.9.9.9"])
    async with serving(answer, server_tls(authority, NAME)) as (port, requests):
        outbound = outbound_to(authority, port, names)
        got = await outbound.send("POST", f"https://{NAME}:{port}/keys?a=b", content=b"x")
    assert (got.status, got.body, got.headers["etag"]) == (200, b"ok", "x")
    assert names.asked == [f"{NAME}:{port}"]  # once: a second answer changes nothing
    head = requests[0].decode().lower()
    assert head.startswith("post /keys?a=b http/1.1")
    assert f"host: {NAME}:{port}" in head
    assert "cookie" not in head
    assert "accept-encoding: identity" in head


async def test_a_certificate_of_another_name_is_not_accepted(authority: Authority):
    async with serving(b"", server_tls(authority, "other.example.edu")) as (port, requests):
        with pytest.raises(NotReached, match="certificate"):
            await outbound_to(authority, port, Names(["127.0.0.1"])).send(
                "GET", f"https://{NAME}:{port}/"
            )
    assert requests == []


async def test_redirects_are_not_followed_and_proxies_not_asked(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    names = Names(["127.0.0.1"])
    async with serving(answer, server_tls(authority, NAME)) as (port, _):
        got = await outbound_to(authority, port, names).send("GET", f"https://{NAME}:{port}/")
    assert (got.status, names.asked) == (302, [f"{NAME}:{port}"])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000, AnswerTooLarge),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 3_000, AnswerTooLarge),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", NotReached),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", NotReached),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", NotReached),
        (b"SSH-2.0-OpenSSH\r\n", NotReached),
    ],
    ids=["large", "announced", "compressed", "broken off", "large head", "not http"],
)
async def test_answers_are_bounded(answer: bytes, error: type[Exception]):
    async with serving(answer, None) as (port, _):
        outbound = Outbound(Hosts.read(f"{NAME}:{port}"), resolve=Names(["127.0.0.1"]))
        with pytest.raises(error):
            await outbound.send("GET", f"http://{NAME}:{port}/", max_bytes=2_000)


async def test_who_never_ends_is_not_waited_for():
    async with serving(b"HTTP/1.1 200 OK\r\n\r\n.", None) as (port, _):
        outbound = Outbound(Hosts.read(f"{NAME}:{port}"), resolve=Names(["127.0.0.1"]))
        with pytest.raises(NotReached, match=r"no answer within 0\.2 seconds"):
            await outbound.send("GET", f"http://{NAME}:{port}/hang", seconds=0.2)


async def test_the_next_address_is_tried_and_none_is_a_fault():
    async with serving(b"HTTP/1.1 204 No Content\r\n\r\n", None) as (port, _):
        hosts = Hosts.read(f"{NAME}:{port}")
        both = Outbound(hosts, resolve=Names(["127.0.0.2", "127.0.0.1"]))
        assert (await both.send("GET", f"http://{NAME}:{port}/")).status == 204
        with pytest.raises(NotReached, match="no address"):
            await Outbound(hosts, resolve=Names([])).send("GET", f"http://{NAME}:{port}/")


async def test_unknown_names_are_a_fault_with_a_reason():
    with pytest.raises(NotReached, match=r"nowhere\.invalid was not reached"):
        await Outbound().send("GET", "https://nowhere.invalid/")
    assert client.SECONDS == 10
