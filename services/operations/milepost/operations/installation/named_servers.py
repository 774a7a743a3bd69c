"""Servers that are named: `milepost up` uses them and leaves them alone, commands need them."""

import re

from milepost.events.nats.connection import TlsRefused, connect_once
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.store.postgres import owner_connection
from milepost.operations.installation.connection import reason
from milepost.operations.terminal.errors import Trouble
from milepost.web.settings import Settings

CONNECT_SECONDS = 5


def named(settings: Settings) -> dict[str, str]:
    """Address without password, by the variable that names it."""
    servers = {"MILEPOST_POSTGRES": settings.postgres, "MILEPOST_NATS": settings.nats}
    return {name: _without_password(url) for name, url in servers.items() if url}


async def require_answering(settings: Settings) -> None:
    """Raises `Trouble` when one that is named does not answer."""
    variable = "MILEPOST_POSTGRES"
    try:
        if settings.postgres:
            await _ask_postgres(settings.owner_login)
        variable = "MILEPOST_NATS"
        if settings.nats:
            client = await connect_once(settings.nats_server, CONNECT_SECONDS)
            await client.close()
    except TlsRefused as error:
        raise Trouble(f"{variable} names {named(settings)[variable]}: {error}.") from error
    except UNAVAILABLE as error:
        raise Trouble(
            f"{variable} names {named(settings)[variable]}, where nobody answers"
            f" ({reason(error)}): start it, or unset the variable to use a"
            " server that `milepost up` starts."
        ) from error


async def _ask_postgres(url: str) -> None:
    async with owner_connection(url, timeout_seconds=CONNECT_SECONDS):
        pass


def _without_password(url: str) -> str:
    return re.sub(r"(?<=password=)[^&]*", "…", re.sub(r"//[^/]*@", "//", url))
