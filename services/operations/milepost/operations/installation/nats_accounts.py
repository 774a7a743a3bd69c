"""Where the accounts of subscribers are kept for NATS, and whether NATS has read them."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import nats.errors
from msgspec.structs import replace

from milepost.events.nats.connection import connect_once
from milepost.events.nats.jetstream import STREAM
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.operations.installation.data_directory import running
from milepost.operations.local.embedded_nats import ACCOUNTS_FILE
from milepost.subscriptions.partners.accounts import DOMAIN, account_id, user_name
from milepost.subscriptions.partners.register import Secret
from milepost.web.settings import Settings

PATIENCE_SECONDS: Final = 20
ASK_SECONDS: Final = 2
LOOK_SECONDS: Final = 0.2


def own_file(settings: Settings) -> Path | None:
    """Of the NATS that `milepost up` runs here, which reads it by itself; None: it runs none."""
    file = settings.data_dir / "nats" / ACCOUNTS_FILE
    runtime = running(settings.data_dir)
    ours = runtime is not None and runtime.nats == settings.nats and file.exists()
    return file if ours else None


def accounts_file(settings: Settings) -> Path | None:
    """That of our own NATS, or as the settings say."""
    named = Path(settings.nats_accounts) if settings.nats_accounts else None
    return own_file(settings) or named


def address_of(settings: Settings, tenant: str, name: str, secret: Secret) -> str:
    """Of the same server, as this subscriber."""
    parts = urlsplit(settings.nats)
    host = parts.netloc.rpartition("@")[2]
    login = f"{user_name(tenant, name, secret.key)}:{secret.secret}"
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))


async def taken_up(settings: Settings, address: str, tenant: str, name: str) -> bool:
    """Whether the server lets this subscriber in and answers it, waiting a while for that."""
    server = replace(settings.nats_server, url=address)
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                with suppress(nats.errors.Error, *UNAVAILABLE):
                    client = await connect_once(server, ASK_SECONDS)
                    try:
                        js = client.jetstream(domain=DOMAIN, timeout=ASK_SECONDS)
                        await js.consumer_info(STREAM, account_id(tenant, name))
                        return True
                    finally:
                        await client.close()
                await asyncio.sleep(LOOK_SECONDS)
    return False
