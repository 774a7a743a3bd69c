"""OpenAPI at /schema: as litestar derives it, but with the errors that are really answered."""

from http import HTTPStatus
from importlib.metadata import version
from typing import Final

from litestar import Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute

from milepost.process.problems import MEDIA_TYPE, ProblemDocument

_STATUSES: Final = (400, 401, 403, 404, 409, 422, 503)


def openapi() -> OpenAPIConfig:
    """Without a page to look at: those that litestar offers fetch scripts from elsewhere."""
    bearer = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
    return OpenAPIConfig(
        title="Milepost",
        version=version("milepost"),
        use_handler_docstrings=True,
        openapi_router=Router(
            "/schema", route_handlers=[], opt={"public": True}, include_in_schema=False
        ),
        render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
        components=Components(security_schemes={"token": bearer}),
        security=[{"token": []}],
    )


class DocumentedProblems(ReceiveRoutePlugin):
    """Adds problem documents to every route that needs a token."""

    def receive_route(self, route: BaseRoute) -> None:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                _document(handler)


def _document(handler: HTTPRouteHandler) -> None:
    if handler.opt.get("public"):
        handler.security = [{}]
        return
    problems = {
        status: ResponseSpec(
            ProblemDocument,
            description=HTTPStatus(status).phrase,
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status in _STATUSES
    }
    handler.responses = {**problems, **(handler.responses or {})}
