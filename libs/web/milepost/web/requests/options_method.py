"""OPTIONS, answered for every method that an address has.

Litestar makes the answer when it sees the address first, and forgets the handlers that follow.
"""

from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute


class WholeOptions(ReceiveRoutePlugin):
    def receive_route(self, route: BaseRoute) -> None:
        if not isinstance(route, HTTPRoute):
            return
        for handler in route.route_handlers:
            if handler.http_methods == {"OPTIONS"}:
                answered = route.create_options_handler(route.path).fn
                handler._fn = answered  # noqa: SLF001 - litestar has no other way to it
