"""The OpenAPI document of all rooms, also in a process that serves one of them.

It takes some seconds of work: once, and in a thread.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import msgspec

from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.openapi.published import document
from milepost.web.room import Context
from milepost.web.settings import Settings


def whole_api() -> dict[str, Any]:
    """As `/schema/openapi.json` of `milepost serve all` has it."""
    nowhere = cast("Any", None)  # nothing is asked of a database
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        services = services_of("all", Context(Transactor(MemoryLog()), settings, nowhere))
        app = create_app(services, settings, TokenVerifier(settings), ready={})
        made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document(app)))
    return made
