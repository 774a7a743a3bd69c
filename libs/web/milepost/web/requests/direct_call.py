"""Handlers called without a detour: what litestar finds out on each request, found out at start.

Of most routes the arguments are the request, what stands in the path, a JSON body and what the
service is wired with. Litestar gathers these by way of a chain of small coroutines, exit stacks and
copies of headers that took 30 us of a command's 150; here they are a dict. What such a route
accepts and answers is the same: what stands in the path has to be as the signature says, and where
it is not, or a body is missing, litestar's own signature model refuses it. A handler with anything
else to it (query parameters, guards, hooks) stays with litestar.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import HTTPScope, Receive, Send
from msgspec.structs import asdict

from milepost.web.requests.body import Received
from milepost.web.requests.positions import JsonResponse

OPTION = "direct_call"
RESERVED = frozenset({"request", "data"})


class DirectCalls(ReceiveRoutePlugin):
    """Lays a `DirectCall` down in the option of each handler that can have one."""

    def receive_route(self, route: BaseRoute) -> None:
        if isinstance(route, HTTPRoute):
            for handler, model in route.route_handler_map.values():
                if _is_plain(handler, model):
                    handler.opt[OPTION] = DirectCall(handler, model)


class DirectCall:
    """An ASGI application: the handler, its arguments and its answer. Raises what it raises."""

    def __init__(self, handler: HTTPRouteHandler, model: Any) -> None:
        taken = handler.parsed_fn_signature.parameters
        self._handler = handler
        self._in_path = [(one.field_name, one.field_alias) for one in model.expected_path_params]
        self._path = _path_model(handler, [name for name, _ in self._in_path])
        self._wired = _wired(handler)
        self._body = model.expected_data_dto
        self._needs_body = "data" in taken and not taken["data"].has_default
        self._takes_request = "request" in taken

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        request = Received(scope, receive, send)
        given: dict[str, Any] = {"request": request} if self._takes_request else {}
        for name, wire in self._wired:
            given[name] = wire()
        if self._body is not None:
            if body := await request.body():
                given["data"] = self._body(request).decode_bytes(body)
            elif self._needs_body:
                self._refuse(request, given)
        if self._path is not None:
            given |= self._from_path(request, given)
        answer = await self._handler.fn(**given)
        if isinstance(answer, JsonResponse):
            await answer.send(send)
            return
        app = await self._handler.to_response(scope["litestar_app"], answer, request)
        await app(scope, receive, send)

    def _from_path(self, request: Received, given: dict[str, Any]) -> dict[str, Any]:
        values = request.scope["path_params"]
        named = {name: values[alias] for name, alias in self._in_path}
        try:
            return asdict(msgspec.convert(named, self._path, strict=False))
        except msgspec.ValidationError:
            self._refuse(request, given | named)
            raise

    def _refuse(self, request: Received, given: dict[str, Any]) -> None:
        """Raises what litestar raises."""
        self._handler.signature_model.parse_values_from_connection_kwargs(request, given)


def _is_plain(handler: HTTPRouteHandler, model: Any) -> bool:
    if handler.has_sync_callable or handler.resolve_guards() or handler.cache:
        return False
    if handler.resolve_before_request() or handler.resolve_after_response():
        return False
    if model.expected_query_params or model.expected_header_params or model.expected_cookie_params:
        return False
    decodes = "data" not in model.expected_reserved_kwargs or model.expected_data_dto is not None
    provided = handler.resolve_dependencies().values()
    return decodes and model.expected_reserved_kwargs <= RESERVED and all(map(_at_once, provided))


def _path_model(handler: HTTPRouteHandler, names: list[str]) -> Any:
    """What the signature says of these; None when there are none."""
    types = handler.signature_model.__annotations__
    return msgspec.defstruct("Path", [(name, types[name]) for name in names]) if names else None


def _at_once(provide: Provide) -> bool:
    """It asks for nothing, and nothing has to be awaited or closed."""
    closes = provide.has_sync_generator_dependency or provide.has_async_generator_dependency
    return bool(provide.has_sync_callable) and not closes and not provide.signature_model._fields


def _wired(handler: HTTPRouteHandler) -> list[tuple[str, Callable[[], Any]]]:
    taken = handler.parsed_fn_signature.parameters
    provided = handler.resolve_dependencies().items()
    return [(name, provide.dependency) for name, provide in provided if name in taken]
