"""What `milepost doctor` says of one thing: it is right, will be wrong, or is wrong."""

from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

import asyncpg
import msgspec
from nats.aio.client import Client

from milepost.web.settings import Settings

Verdict: TypeAlias = Literal["ok", "warning", "wrong"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`remedy` is what to do next; empty when all is right. `ok` is false for `wrong` alone."""

    name: str
    verdict: Verdict
    ok: bool
    says: str
    remedy: str = ""


class Says(msgspec.Struct, frozen=True):
    """A finding that has no name yet."""

    says: str
    verdict: Verdict = "ok"
    remedy: str = ""


def warning(says: str, remedy: str) -> Says:
    return Says(says, "warning", remedy)


def wrong(says: str, remedy: str) -> Says:
    return Says(says, "wrong", remedy)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What is still right. A leader's heart beats every five seconds."""

    silent_seconds: float = 20
    lag_warning_seconds: float = 15
    lag_wrong_seconds: float = 60
    clock_seconds: float = 2
    disk_warning: float = 0.15
    disk_wrong: float = 0.05
    backup_days: float = 2
    nats_storage_warning: float = 0.8


class Consumers(msgspec.Struct, frozen=True):
    """Names of checkpoints; a policy's lease is `policy/` and its name."""

    policies: tuple[str, ...]
    timers: tuple[str, ...]


class Patient(msgspec.Struct, frozen=True):
    """What is looked at. Checks that need a server are left out where that one is away."""

    settings: Settings
    bounds: Bounds
    consumers: Consumers
    connection: "asyncpg.Connection[asyncpg.Record] | None" = None
    nats: Client | None = None

    @property
    def postgres(self) -> "asyncpg.Connection[asyncpg.Record]":
        assert self.connection is not None, "asked only of checks that need Postgres"
        return self.connection

    @property
    def client(self) -> Client:
        assert self.nats is not None, "asked only of checks that need NATS"
        return self.nats


Check: TypeAlias = Callable[[Patient], Awaitable[Says]]


def named(name: str, said: Says) -> Finding:
    return Finding(
        name=name,
        verdict=said.verdict,
        ok=said.verdict != "wrong",
        says=said.says,
        remedy=said.remedy,
    )


def worst(*all_said: Says) -> Says:
    """The first that is wrong, else the first warning, else the last of all."""
    for verdict in ("wrong", "warning"):
        for said in all_said:
            if said.verdict == verdict:
                return said
    return all_said[-1]
