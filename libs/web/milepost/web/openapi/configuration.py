"""How litestar makes OpenAPI of us, at /schema."""

from importlib.metadata import version

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from milepost.web.openapi.published import Publisher, operation_id, unknown_document


def openapi(publisher: Publisher) -> OpenAPIConfig:
    """Without a page to look at: those that litestar offers fetch scripts from elsewhere."""
    bearer = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
    return OpenAPIConfig(
        title="Milepost",
        version=version("milepost"),
        use_handler_docstrings=True,
        openapi_router=Router(
            "/schema",
            route_handlers=[unknown_document],
            opt={"public": True},
            include_in_schema=False,
            before_request=publisher,
        ),
        render_plugins=[JsonRenderPlugin()],
        operation_id_creator=operation_id,
        components=Components(security_schemes={"token": bearer}),
        security=[{"token": []}],
    )
