"""The list of rooms. What else a new one touches: `docs/how-to/add-a-room.md`.

Only their names are here at once: a room is loaded when somebody asks what it holds.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:  # the command line reads the names, and is to answer at once
    from milepost.events.projections.read_model import ReadModel
    from milepost.web.room import Context, Room, Service

WHERE: Mapping[str, str] = MappingProxyType(
    {
        "enrollment": "milepost.enrollment.app",
        "progress": "milepost.progress.app",
        "credentials": "milepost.credentials.app",
        "dashboards": "milepost.dashboards.app",
        "subscriptions": "milepost.subscriptions.app",
        "operations": "milepost.operations.console.app",
    }
)
NAMES = (*WHERE, "all")
# The role that a process acts as, where it is not every service's.
ENROLLMENT_ROLE = "milepost_enrollment"


@cache
def rooms(name: str = "all") -> "tuple[Room, ...]":
    """One room or all. Raises `KeyError` for a name that is not among `NAMES`."""
    chosen = WHERE.values() if name == "all" else (WHERE[name],)
    return tuple(import_module(module).ROOM for module in chosen)


def services_of(name: str, context: "Context") -> "list[Service]":
    """What `milepost serve NAME` runs: the room's, and the files that pages of any room load."""
    shared = import_module("milepost.pages.app").service()
    kept = tuple(keep for room in rooms() for keep in room.personal_data)
    # Only a process that serves the vault may read it.
    knows = next((room.personal_name for room in rooms(name) if room.personal_name), None)
    named = knows(context) if knows else None
    whole = replace(context, personal_data=kept, personal_name=named)
    return [*(make(whole) for room in rooms(name) for make in room.services), shared]


def read_models() -> "tuple[ReadModel, ...]":
    return tuple(model for room in rooms() for model in room.read_models)


def schemas() -> Sequence[str]:
    """The packages with numbered SQL files beside the log's own. No room is loaded for it."""
    packages = [f"milepost.{name}" for name in WHERE]
    return [one for one in packages if files(one).joinpath("sql").is_dir()]
