"""One answer holds the metrics of several processes, whatever becomes of some of them."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.clients import connection_to

from milepost.operations.local.embedded import free_port
from milepost.web.app import create_app
from milepost.web.settings import SettingInvalid
from milepost.web.telemetry import metrics_peers
from milepost.web.telemetry.metrics_peers import PEER_UP, merged, peers_of


def metrics_of(lag, odd='a "quoted" {brace} text'):
    registry = CollectorRegistry()
    Gauge("demo_lag", "How far behind", registry=registry).set(lag)
    Counter("demo_taken", "Taken so far", ["what"], registry=registry).labels(odd).inc(lag)
    return generate_latest(registry).decode()


@asynccontextmanager
async def serving(answer):
    """A server that says `answer(writer)` to whatever it is asked: its address."""
    writers = []

    async def handle(reader, writer):
        writers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        await answer(writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/metrics"
    finally:
        server.close()
        for writer in writers:
            writer.close()


async def talks(writer):
    text = metrics_of(7).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
    await writer.drain()


async def says_nothing(_):
    pass


async def fails(writer):
    writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def never_ends(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    line = b"demo_lag 1\n" * 1000
    while not writer.is_closing():
        writer.write(line)
        await writer.drain()


def test_each_family_stands_once_and_each_sample_has_its_process():
    text = merged({"serve": metrics_of(1), "relay": metrics_of(2)})
    families = list(text_string_to_metric_families(text))
    assert [one.name for one in families] == ["demo_lag", "demo_taken", "demo_taken_created"]
    for family in families:
        assert [sample.labels["process"] for sample in family.samples] == ["serve", "relay"]
    assert [sample.value for sample in families[1].samples] == [1.0, 2.0]
    assert {sample.labels["what"] for sample in families[1].samples} == {'a "quoted" {brace} text'}


async def test_who_is_dead_silent_failing_or_endless_is_left_out(settings, verifier, monkeypatch):
    monkeypatch.setattr(metrics_peers, "MAX_BYTES", 100_000)
    async with (
        serving(talks) as relay,
        serving(says_nothing) as frozen,
        serving(fails) as failing,
        serving(never_ends) as endless,
    ):
        dead = f"http://127.0.0.1:{free_port(0)}/metrics"
        peers = f"relay={relay},frozen={frozen},failing={failing},endless={endless},dead={dead}"
        app = create_app([], replace(settings, metrics_peers=peers), verifier, ready={})
        async with connection_to(app) as client:
            answers = await asyncio.gather(*(client.get("/metrics") for _ in range(5)))
    text = answers[0].text
    assert {answer.status_code for answer in answers} == {200}
    found = {
        (sample.name, sample.labels["process"])
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert {process for _, process in found} == {"serve", "relay"}
    assert ("demo_lag", "relay") in found
    up = {name: PEER_UP.labels(name)._value.get() for name in ("relay", "frozen", "dead")}
    assert up == {"relay": 1, "frozen": 0, "dead": 0}
    assert {PEER_UP.labels(name)._value.get() for name in ("failing", "endless")} == {0}


@pytest.mark.parametrize(
    "setting",
    [
        "relay",
        "relay=ftp://there/metrics",
        "Relay=http://127.0.0.1:1/metrics",
        "relay=http://127.0.0.1:1/metrics,relay=http://127.0.0.1:2/metrics",
        "serve=http://127.0.0.1:1/metrics",
        ",".join(f"{'a' * n}=http://127.0.0.1:1/metrics" for n in range(1, 18)),
    ],
)
def test_peers_that_make_no_sense_are_refused(setting):
    with pytest.raises(SettingInvalid, match="MILEPOST_METRICS_PEERS"):
        peers_of(setting)


def test_without_peers_there_is_nobody_to_ask():
    assert peers_of("") is None
