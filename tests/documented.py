"""Every answer in an HTTP test is held against the OpenAPI document of the app that gave it."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import jsonschema_rs
from litestar import Litestar
from litestar.routes import HTTPRoute

from milepost.web.openapi import published

SHARED = "urn:milepost:openapi"
METHODS = ("get", "put", "post", "patch", "delete")


class Document:
    """An OpenAPI document, asked for what one of its operations may answer."""

    def __init__(self, document: dict[str, Any]) -> None:
        # Shared by all validators: each would hold a copy of some megabytes.
        resource = {"$id": SHARED, "components": document["components"]}
        self._registry = jsonschema_rs.Registry([(SHARED, resource)])
        self._validators: dict[int, jsonschema_rs.Draft202012Validator] = {}
        # The most literal first: `/x/position` is not `/x/{name}`.
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), item)
            for path, item in sorted(document["paths"].items(), key=lambda one: one[0].count("{"))
        ]

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, item in self._paths:
            if pattern.fullmatch(path):
                found: dict[str, Any] | None = item.get(method.lower())
                return found
        return None

    def fault(self, schema: dict[str, Any], instance: object) -> str | None:
        """Why the instance does not fit, if it does not. The schema is one of this document's."""
        if id(schema) not in self._validators:
            own = json.loads(json.dumps(schema).replace('"#/', f'"{SHARED}#/'))
            validator = jsonschema_rs.Draft202012Validator(
                own, validate_formats=True, registry=self._registry
            )
            self._validators[id(schema)] = validator
        errors = [
            f"{one.message} at {one.instance_path}"
            for one in self._validators[id(schema)].iter_errors(instance)
        ]
        return "; ".join(errors) or None

    def check(self, response: httpx2.Response) -> None:
        request = response.request
        operation = self.operation(request.method, request.url.path)
        if operation is None:
            return
        asked = f"{request.method} {request.url.path}"
        documented = operation["responses"].get(str(response.status_code))
        assert documented, f"{asked} does not document {response.status_code}: {response.text}"
        for name, header in documented.get("headers", {}).items():
            if header.get("required"):
                assert name in response.headers, f"{asked} promises the header {name}"
        self._check_content(response, documented, asked)

    def _check_content(
        self, response: httpx2.Response, documented: dict[str, Any], asked: str
    ) -> None:
        if not response.content and "ndjson" not in response.headers.get("content-type", ""):
            promised = set(documented.get("content") or ()) - {"application/x-ndjson"}
            assert not promised, f"{asked} promises a body"
            return
        kind = response.headers["content-type"]
        media = documented["content"].get(kind.partition(";")[0])
        assert media, f"{asked} does not document {kind}"
        lines = response.text.splitlines() if "ndjson" in kind else [response.text]
        for line in lines if kind.endswith("json") else ():
            fault = self.fault(media["schema"], json.loads(line))
            said = f"{asked} answers what it does not document: {fault}: {line}"
            assert fault is None, said


def documented(app: Litestar) -> dict[str, list[Callable[[httpx2.Response], Awaitable[None]]]]:
    """Event hooks of a client of the app."""
    document = _document(app)

    async def check(response: httpx2.Response) -> None:
        await response.aread()
        document.check(response)

    return {"response": [check]}


_known: dict[frozenset[tuple[str, str, str]], Document] = {}


def _document(app: Litestar) -> Document:
    """Made once for the same routes: most tests have an app of their own, and few differ."""
    routes = frozenset(
        (route.path, handler.fn.__module__, handler.fn.__qualname__)  # each app has its own `fn`
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
    )
    if routes not in _known:
        _known[routes] = Document(published.document(app))
    return _known[routes]
