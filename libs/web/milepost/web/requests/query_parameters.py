"""Query parameters that a route does not have are refused: a filter misspelt would be no filter."""

from urllib.parse import parse_qsl

from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import HTTPScope

from milepost.web.problems import Malformed

OPTION = "parameters"
# Every page may be asked for in a language.
OF_PAGES = {"lang": "lang"}


class KnownParameters(ReceiveRoutePlugin):
    """Lays them down in each handler's option `parameters`, with their names inside."""

    def receive_route(self, route: BaseRoute) -> None:
        if isinstance(route, HTTPRoute):
            for handler, model in route.route_handler_map.values():
                parameters = model.expected_query_params
                known = {one.field_alias: one.field_name for one in parameters}
                handler.opt[OPTION] = {**known, **OF_PAGES} if handler.opt.get("page") else known


def check_parameters(scope: HTTPScope) -> None:
    """Raises `Malformed`, naming the first that is not known."""
    query = scope["query_string"]
    if not query:
        return
    names = scope["route_handler"].opt[OPTION]
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in names:
            raise Malformed(f"There is no parameter {name!r} here.", query=name)
