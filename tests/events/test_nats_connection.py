"""Connecting to a NATS that ends connections while it reads its accounts anew."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest

from milepost.events.nats.connection import RESTS_SECONDS, ConnectionEnded, connect_once


@asynccontextmanager
async def ending(nats_url: str, first: int) -> AsyncIterator[str]:
    """The address of a wire to NATS that ends so many connections when they say who they are."""
    parts, left = urlsplit(nats_url), [None] * first

    async def carry(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(parts.hostname, parts.port)
        to_client.write(await server.readline())
        said = await client.readline()
        if left:
            left.pop()
        else:
            to_server.write(said)
            await asyncio.wait(
                [
                    asyncio.create_task(pump(*ends))
                    for ends in ((client, to_server), (server, to_client))
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        to_client.close()
        to_server.close()

    wire = await asyncio.start_server(carry, "127.0.0.1", 0)
    async with wire:
        login, port = parts.netloc.rpartition("@")[0], wire.sockets[0].getsockname()[1]
        yield parts._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()


async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await source.read(65_536):
            target.write(part)


async def test_it_is_asked_again_and_answers(nats_url: str):
    async with ending(nats_url, len(RESTS_SECONDS)) as address:
        client = await connect_once(address, 10)
        await client.flush()
        await client.close()


async def test_who_always_ends_it_is_given_up(nats_url: str):
    async with ending(nats_url, 100) as address:
        with pytest.raises(ConnectionEnded):
            await connect_once(address, 10)
