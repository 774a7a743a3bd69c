"""Each route of the API, from the OpenAPI document that the services answer with."""

from milepost.operations.documentation.tables.markdown import code, table
from milepost.operations.documentation.whole_api import whole_api

METHODS = ("get", "put", "post", "delete", "patch")


def routes() -> str:
    by_service: dict[str, list[tuple[str, str, str]]] = {}
    for path, item in sorted(whole_api()["paths"].items()):
        for method in METHODS:
            if method in item:
                row = (method.upper(), code(path), item[method].get("summary") or "")
                by_service.setdefault(path.split("/")[1], []).append(row)
    return "\n".join(
        f"## /{service}\n\n{table(('', 'path', 'does'), rows)}"
        for service, rows in by_service.items()
    )
