"""Who may call a route, known before its body is read: its option `roles`.

What is the caller's own business, though not by role, the handler itself has to ask.
"""

from litestar.exceptions import ImproperlyConfiguredException
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import HTTPScope

from milepost.web.auth.tokens import Caller

OPTION = "roles"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class AllowedRoles(ReceiveRoutePlugin):
    """Refuses an application with a route that changes something and does not say for whom."""

    def receive_route(self, route: BaseRoute) -> None:
        if not isinstance(route, HTTPRoute):
            return
        for handler in route.route_handlers:
            if handler.http_methods <= SAFE_METHODS or handler.opt.get("public"):
                continue
            if not handler.opt.get(OPTION):
                raise ImproperlyConfiguredException(f"{handler}: say `roles` or `public`")


def check_role(scope: HTTPScope, caller: Caller) -> None:
    """Raises `RoleMissing`."""
    roles = scope["route_handler"].opt.get(OPTION)
    if roles is not None:
        caller.require(*roles)
