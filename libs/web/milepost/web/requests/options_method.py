"""OPTIONS, answered for every method that an address has.

Litestar makes the answer when it sees the address first, and forgets the handlers that follow.
"""

from collections.abc import Callable
from typing import Any

from litestar import Response
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import Scope

from milepost.web.answers.head import with_head


class WholeOptions(ReceiveRoutePlugin):
    def receive_route(self, route: BaseRoute) -> None:
        if not isinstance(route, HTTPRoute):
            return
        for handler in route.route_handlers:
            if handler.http_methods == {"OPTIONS"}:
                answered: Any = _with_head(route.create_options_handler(route.path).fn)
                handler._fn = answered  # noqa: SLF001 - litestar has no other way to it


def _with_head(answer: Any) -> Callable[[Scope], Response[None]]:
    def options_handler(scope: Scope) -> Response[None]:
        response: Response[None] = answer(scope)
        response.headers["Allow"] = with_head(response.headers["Allow"])
        return response

    return options_handler
