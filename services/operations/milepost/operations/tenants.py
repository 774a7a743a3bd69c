"""What a school may be called."""

import re
from collections.abc import Collection

from milepost.events.log import TENANT_PATTERN
from milepost.operations.trouble import Trouble


def require_tenant(name: str) -> str:
    """The same name. Raises `Trouble`."""
    if re.match(TENANT_PATTERN, name):
        return name
    raise Trouble(f"{name!r} cannot be a school: up to 64 of A to Z, a to z, 0 to 9, - and _.")


def require_known(name: str, known: Collection[str]) -> None:
    """Raises `Trouble` when the log has no such school."""
    if name not in known:
        raise Trouble(f"No school {name!r} has any events: there are {_some(known)}.")


def _some(names: Collection[str]) -> str:
    shown = sorted(names)[:10]
    return ", ".join(shown) + (", …" if len(names) > len(shown) else "") if shown else "none"
