"""What a school may be called, and which there are."""

import re
from collections.abc import Collection

import asyncpg

from milepost.events.log import TENANT_PATTERN
from milepost.events.projections.shared_scan import heads
from milepost.operations.terminal.errors import Trouble, WrongUsage


def require_tenant(name: str) -> None:
    """Raises `WrongUsage`."""
    if not re.match(TENANT_PATTERN, name):
        raise WrongUsage(
            f"{name!r} cannot be a school: up to 64 of A to Z, a to z, 0 to 9, - and _."
        )


async def require_school(pool: asyncpg.Pool, name: str | None) -> None:
    """None stands for all there are. Raises `Trouble` when the log has no such school."""
    if name is not None:
        require_known(name, await heads(pool))


def require_known(name: str, known: Collection[str]) -> None:
    """Raises `Trouble` when the log has no such school."""
    if name not in known:
        raise unknown_school(name, known)


def unknown_school(name: str, known: Collection[str]) -> Trouble:
    return Trouble(f"No school {name!r} has any events. There are: {_some(known)} (--tenant).")


def _some(names: Collection[str]) -> str:
    shown = sorted(names)[:10]
    return ", ".join(shown) + (", …" if len(names) > len(shown) else "") if shown else "none yet"
