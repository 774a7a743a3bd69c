"""Connections that cost nothing to open and are held open: idle, half a request, a slow reader."""

import asyncio

import pytest
from tests.attack.conftest import Undisturbed
from tests.attack.sockets import closed, connections, head
from tests.clients import Client, Running, fetch, is_ready

MANY = 1_500
POST = ("POST", "/enrollment/offerings/spring/enrollments", "content-type: application/json")


async def is_answered(victim: Running) -> None:
    """Whoever comes now is served, or told to come again."""
    answer = await asyncio.to_thread(fetch, f"{victim.http}/health/live", timeout=10)
    assert answer.status_code in (200, 503)


def half_a_body(attacker: Client) -> bytes:
    token = f"authorization: {attacker.headers()['Authorization']}"
    return head(*POST, token, "content-length: 1000") + b'{"learner":'


async def test_idle_connections_disturb_nobody(victim: Running, undisturbed: Undisturbed):
    async with undisturbed(), connections(victim.http, MANY):
        await asyncio.sleep(3)
        await is_answered(victim)


async def test_half_sent_headers_disturb_nobody(victim: Running, undisturbed: Undisturbed):
    first = head(*POST, "x-slow: ", end=False)
    async with undisturbed(), connections(victim.http, MANY, first) as opened:
        for _ in range(10):
            for connection in opened:
                connection.writer.write(b"x-more: 1\r\n")
            await asyncio.sleep(0.3)
        await is_answered(victim)


async def test_half_sent_bodies_disturb_nobody(
    victim: Running, attacker: Client, undisturbed: Undisturbed
):
    async with undisturbed(), connections(victim.http, MANY, half_a_body(attacker)):
        await asyncio.sleep(3)
        await is_answered(victim)


async def test_kept_alive_connections_disturb_nobody(victim: Running, undisturbed: Undisturbed):
    async with undisturbed(), connections(victim.http, MANY, head("GET", "/health/live")):
        await asyncio.sleep(3)
        await is_answered(victim)


async def test_readers_that_do_not_read_disturb_nobody(victim: Running, undisturbed: Undisturbed):
    ask = head("GET", "/schema/openapi.json") * 20
    async with undisturbed(), connections(victim.http, 100, ask):
        await asyncio.sleep(5)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("first", [b"", head(*POST, end=False)], ids=["idle", "half a head"])
async def test_whoever_says_nothing_is_hung_up_on(victim: Running, first: bytes):
    async with connections(victim.http, 10, first) as opened:
        assert await closed(opened, within=90) == 10


@pytest.mark.timeout(200)
async def test_half_a_body_is_not_waited_for_for_ever(victim: Running, attacker: Client):
    async with connections(victim.http, 10, half_a_body(attacker)) as opened:
        assert await closed(opened, within=120) == 10


async def test_somebody_new_is_served_again_once_they_are_gone(victim: Running):
    async with connections(victim.http, MANY):
        await asyncio.sleep(1)
    await asyncio.sleep(1)
    assert await asyncio.to_thread(is_ready, victim.http)
