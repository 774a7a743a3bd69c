"""Each route of the API, from the OpenAPI document that the services answer with."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from docs.tables.markdown import code, table

from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

METHODS = ("get", "put", "post", "delete", "patch")


def routes() -> str:
    by_service: dict[str, list[tuple[str, str, str]]] = {}
    for path, item in sorted(_paths().items()):
        for method in METHODS:
            if method in item:
                row = (method.upper(), code(path), item[method].get("summary") or "")
                by_service.setdefault(path.split("/")[1], []).append(row)
    return "\n".join(
        f"## /{service}\n\n{table(('', 'path', 'does'), rows)}"
        for service, rows in by_service.items()
    )


def _paths() -> dict[str, dict[str, dict[str, str]]]:
    nowhere = cast("Any", None)  # nothing is asked of a database
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        services = services_of("all", Context(Transactor(MemoryLog()), settings, nowhere))
        app = create_app(services, settings, TokenVerifier(settings), ready={})
        found: dict[str, dict[str, dict[str, str]]] = app.openapi_schema.to_schema()["paths"]
    return found
