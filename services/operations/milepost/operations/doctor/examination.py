"""Everything that the doctor looks at, in order, each within its time, whatever is away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

import asyncpg
import msgspec

from milepost.events.errors import EventsError
from milepost.events.nats.connection import TlsRefused, connect_once
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.store.postgres import owner_connection
from milepost.operations.doctor import safety, servers, webhooks, work, workers
from milepost.operations.doctor.finding import (
    Bounds,
    Check,
    Consumers,
    Finding,
    Patient,
    Says,
    named,
    wrong,
)
from milepost.operations.installation.connection import reason
from milepost.operations.terminal.errors import Trouble
from milepost.web.settings import Settings

CONNECT_SECONDS = 5
CHECK_SECONDS = 30
BOUNDS = Bounds()
FAULTS: tuple[type[BaseException], ...] = (
    Trouble,
    EventsError,
    *UNAVAILABLE,
    asyncpg.PostgresError,
)


class Examined(NamedTuple):
    """`needs` are the findings that must be right before this can be looked at."""

    check: Check
    needs: frozenset[str] = frozenset()


POSTGRES, NATS = frozenset({"postgres"}), frozenset({"nats"})
TABLES = POSTGRES | {"log"}
# In the order in which they are told.
CHECKS: Mapping[str, Examined] = MappingProxyType(
    {
        "postgres": Examined(servers.postgres),
        "nats": Examined(servers.jetstream),
        "versions": Examined(servers.versions, POSTGRES | NATS),
        "log": Examined(servers.log, POSTGRES),
        "clock": Examined(servers.clock, POSTGRES | NATS),
        "disk": Examined(servers.disk, NATS),
        "sizes": Examined(servers.sizes, NATS),
        "http": Examined(servers.http),
        "relay": Examined(work.relay, TABLES | NATS),
        "stream": Examined(work.stream_and_log, TABLES | NATS),
        "read_models": Examined(work.models, TABLES),
        "policies": Examined(work.policies, TABLES),
        "timers": Examined(work.timers, TABLES),
        "parked": Examined(work.parked, TABLES),
        "webhooks": Examined(webhooks.deliveries, TABLES),
        "jobs": Examined(workers.jobs, TABLES),
        "integrity": Examined(workers.integrity, TABLES),
        "vault": Examined(safety.vault, TABLES),
        "issuer_keys": Examined(safety.issuer_keys, TABLES),
        "webhook_secrets": Examined(safety.webhook_secrets, TABLES),
        "erasures": Examined(safety.erasures, TABLES | {"vault"}),
        "roles": Examined(safety.roles, POSTGRES),
        "backup": Examined(safety.backup, TABLES),
        "tls": Examined(safety.tls, POSTGRES | NATS),
    }
)


async def examine(
    settings: Settings, consumers: Consumers, bounds: Bounds = BOUNDS
) -> AsyncIterator[Finding]:
    """A finding for each of `CHECKS` that can be looked at now."""
    async with AsyncExitStack() as stack:
        patient, away = await _admitted(stack, Patient(settings, bounds, consumers))
        bad = set(away)
        for name, (check, needs) in CHECKS.items():
            if needs & bad:  # its line says enough
                continue
            finding = (
                named(name, away[name]) if name in away else await _finding(name, check, patient)
            )
            if not finding.ok:
                bad.add(name)
            yield finding


async def _admitted(stack: AsyncExitStack, patient: Patient) -> tuple[Patient, Mapping[str, Says]]:
    """With its connections, as long as the stack lasts; and what is said of who is away."""
    settings, away = patient.settings, dict[str, Says]()
    try:
        opening = owner_connection(settings.enrollment_login, timeout_seconds=CONNECT_SECONDS)
        connection = await stack.enter_async_context(opening)
        patient = msgspec.structs.replace(patient, connection=connection)
    except FAULTS as fault:
        away["postgres"] = _away("postgres", settings.postgres, fault)
    try:
        client = await connect_once(settings.nats_server, CONNECT_SECONDS)
        stack.push_async_callback(client.close)
        patient = msgspec.structs.replace(patient, nats=client)
    except FAULTS as fault:
        away["nats"] = _away("nats", settings.nats, fault)
    return patient, away


async def _finding(name: str, check: Check, patient: Patient) -> Finding:
    try:
        said = await asyncio.wait_for(check(patient), CHECK_SECONDS)
    except asyncpg.UndefinedTableError as error:
        said = wrong(str(error), "run `milepost migrate`")
    except FAULTS as fault:
        said = wrong(f"could not be looked at: {reason(fault)}", "look at the servers first")
    return named(name, said)


def _away(name: str, address: str, fault: BaseException) -> Says:
    place = urlsplit(address.partition(",")[0])
    variable = f"MILEPOST_{name.upper()}"
    if isinstance(fault, TlsRefused) or not isinstance(fault, UNAVAILABLE):
        return wrong(reason(fault), f"is {variable} right?")
    where = f"nobody answers at {place.hostname}:{place.port}"
    return wrong(f"{reason(fault)}; {where}", f"start it, or set {variable}")


async def findings_of(
    settings: Settings,
    consumers: Consumers,
    bounds: Bounds = BOUNDS,
    report: Callable[[Finding], object] = lambda _: None,
) -> list[Finding]:
    """All of them, each reported as soon as it is there."""
    found = []
    async for finding in examine(settings, consumers, bounds):
        report(finding)
        found.append(finding)
    return found
