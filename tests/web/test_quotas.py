"""Nobody, and no school, takes all there is."""

import asyncio
from typing import Any, cast

import httpx2
import pytest
from litestar import Request, Router, get
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from tests.clients import AsyncClient, connection_to
from tests.eventually import eventually
from tests.web import notes

from milepost.events.store.tenant_share import TENANT
from milepost.web.admission import LIMITS, Admission
from milepost.web.app import create_app
from milepost.web.auth.tokens import Caller
from milepost.web.requests.quotas import (
    BURST_SECONDS,
    MAX_BUCKETS,
    SECOND_NS,
    Quotas,
    TooManyRequests,
    leave_place,
)
from milepost.web.room import Service


class Clock:
    now = 1000 * SECOND_NS

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def quotas(settings, clock):
    bounded = replace(settings, caller_requests_per_second=2, tenant_requests_per_second=5)
    return Quotas(bounded, CollectorRegistry(), clock)


def of(subject, tenant="north"):
    return Caller(subject=subject, tenant=tenant, roles=frozenset())


def taken(quotas, caller, times):
    """How many of so many requests are let in."""
    for number in range(times):
        try:
            quotas.spend(caller)
        except TooManyRequests:
            return number
    return times


def test_a_caller_has_a_burst_then_so_many_a_second(quotas, clock):
    assert taken(quotas, of("ann"), 100) == 2 * BURST_SECONDS
    clock.now += 3 * SECOND_NS
    assert taken(quotas, of("ann"), 100) == 6
    clock.now += 1000 * SECOND_NS
    assert taken(quotas, of("ann"), 100) == 2 * BURST_SECONDS


def test_the_refusal_says_when_to_come_back(quotas, clock):
    taken(quotas, of("ann"), 100)
    with pytest.raises(TooManyRequests) as refusal:
        quotas.spend(of("ann"))
    headers = refusal.value.problem().headers
    assert headers["RateLimit-Policy"] == '"caller";q=20;w=10'
    assert headers["RateLimit"] == '"caller";r=0;t=1'
    clock.now += int(headers["Retry-After"]) * SECOND_NS
    quotas.spend(of("ann"))


def test_another_caller_goes_on_until_the_school_has_none_left(quotas):
    taken(quotas, of("ann"), 100)
    assert taken(quotas, of("bob"), 100) == 2 * BURST_SECONDS
    assert taken(quotas, of("cem"), 100) == 1 * BURST_SECONDS
    with pytest.raises(TooManyRequests) as refusal:
        quotas.spend(of("dan"))
    assert refusal.value.quota == "tenant"


def test_one_school_takes_nothing_of_another(quotas):
    for subject in "abcdef":
        taken(quotas, of(subject), 100)
    assert taken(quotas, of("a", tenant="south"), 100) == 2 * BURST_SECONDS


def test_a_caller_who_is_refused_takes_nothing_of_the_school(quotas):
    for _ in range(10):
        taken(quotas, of("ann"), 100)
    assert taken(quotas, of("bob"), 100) == 2 * BURST_SECONDS


def test_zero_is_no_quota(settings):
    none = replace(settings, caller_requests_per_second=0, tenant_requests_per_second=0)
    assert taken(Quotas(none, CollectorRegistry(), lambda: 0), of("ann"), 1000) == 1000


def test_callers_are_remembered_within_bounds(settings, clock):
    bounded = replace(settings, caller_requests_per_second=2, tenant_requests_per_second=0)
    quotas = Quotas(bounded, CollectorRegistry(), clock)
    for number in range(MAX_BUCKETS + 500):
        quotas.spend(of(f"learner-{number}"))
    assert len(quotas._callers._full_at) == MAX_BUCKETS


async def test_over_http_it_is_a_problem_and_nothing_is_read(
    settings, verifier, transactor, headers
):
    bounded = replace(settings, caller_requests_per_second=1)
    service = notes.service(transactor, bounded)
    app = create_app([service], bounded, verifier, ready={})
    ann, bob = headers("ann"), headers("bob")
    async with connection_to(app) as client:
        for _ in range(BURST_SECONDS):
            await client.get("/notes/position", headers=ann)
        answers = [await client.post("/notes/a", content=b"{", headers=ann) for _ in range(3)]
        refused = answers[-1]
        assert refused.status_code == 429
        assert refused.json()["type"] == "urn:milepost:problem:too_many_requests"
        assert refused.headers["Retry-After"] == "1"
        assert (await client.get("/notes/position", headers=bob)).status_code == 200
        told = (await client.get("/metrics")).text
    assert 'milepost_http_over_quota_total{quota="caller"}' in told


async def test_what_stands_still_of_one_school_leaves_places_to_the_others(
    settings, verifier, transactor, headers
):
    bounded = replace(settings, max_requests=4)
    app = create_app([notes.service(transactor, bounded)], bounded, verifier, ready={})
    released, under_way = asyncio.Event(), 0

    async def body():
        nonlocal under_way
        under_way += 1
        await released.wait()
        yield b'{"lines": [{"score": 0.5}]}'

    async with connection_to(app) as client:
        north, south = headers(tenant="north"), headers(tenant="south")
        slow = [asyncio.create_task(client.post("/notes/a", content=body(), headers=north))]
        slow.append(asyncio.create_task(client.post("/notes/b", content=body(), headers=north)))
        await eventually(lambda: under_way == 2)
        refused = await client.get("/notes/position", headers=north)
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
        assert (await client.get("/notes/position", headers=south)).status_code == 200
        released.set()
        assert [one.status_code for one in await asyncio.gather(*slow)] == [201, 201]
        assert (await client.get("/notes/position", headers=north)).status_code == 200
        assert 'quota="at_once"} 1.0' in (await client.get("/metrics")).text


async def test_who_only_waits_leaves_all_places_to_others(settings, verifier, headers):
    released, arrived = asyncio.Event(), 0

    @get("/")
    async def waits(request: Request[Any, Any, Any]) -> str:
        nonlocal arrived
        leave_place(request.scope)
        arrived += 1
        await released.wait()
        return "done"

    bounded = replace(settings, max_requests=2)
    service = Service("waits", (Router("/waits", route_handlers=[waits]),))
    app = Admission(create_app([service], bounded, verifier, ready={}), LIMITS._replace(requests=2))
    transport = httpx2.ASGITransport(cast("Any", app))
    async with AsyncClient(transport=transport, base_url="http://milepost") as client:
        waiting = []
        for _ in range(5):
            waiting.append(asyncio.create_task(client.get("/waits", headers=headers())))
            await eventually(lambda: arrived == len(waiting))
        assert app.at_work == 0
        assert (await client.get("/health/live")).status_code == 200
        released.set()
        assert [one.text for one in await asyncio.gather(*waiting)] == ["done"] * 5
    assert app.at_work == 0


async def test_a_request_takes_its_connections_from_its_schools_share(settings, verifier, headers):
    @get("/")
    async def whose() -> str:
        return str(TENANT.get())

    service = Service("whose", (Router("/whose", route_handlers=[whose]),))
    async with connection_to(create_app([service], settings, verifier, ready={})) as client:
        north, south = [
            (await client.get("/whose", headers=headers(tenant=one))).text
            for one in ("north", "south")
        ]
    assert (north, south) == ("north", "south")
