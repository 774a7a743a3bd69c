"""One litestar application out of any number of services."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.middleware import DefineMiddleware
from opentelemetry.trace import Tracer
from prometheus_client import CollectorRegistry

from milepost.web.answers.head import HeadAsGet
from milepost.web.answers.settled import Settles
from milepost.web.auth.session import SESSIONS
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.cors import KeptVary, cors
from milepost.web.middleware import Edge
from milepost.web.openapi.configuration import openapi
from milepost.web.openapi.published import PUBLISHER, Publisher
from milepost.web.openapi.schemas import StructSchemas
from milepost.web.problems import error_response, problem_of
from milepost.web.requests.allowed_roles import AllowedRoles
from milepost.web.requests.body import Received
from milepost.web.requests.direct_call import DirectCalls
from milepost.web.requests.json_body import BodyDecoding
from milepost.web.requests.options_method import WholeOptions
from milepost.web.requests.query_parameters import KnownParameters
from milepost.web.requests.quotas import Quotas
from milepost.web.room import ErrorPage, Service
from milepost.web.settings import Settings
from milepost.web.telemetry.health import Check, health_routes
from milepost.web.telemetry.metrics import UNROUTED, HttpMetrics, process_registry
from milepost.web.telemetry.metrics_peers import peers_of

PLUGINS: Final = (
    BodyDecoding,
    StructSchemas,
    WholeOptions,
    KnownParameters,
    AllowedRoles,
    DirectCalls,
)


def create_app(
    services: Sequence[Service],
    settings: Settings,
    verifier: TokenVerifier,
    *,
    ready: Mapping[str, Check],
    on_shutdown: Sequence[Callable[[], Awaitable[None]]] = (),
    registry: CollectorRegistry | None = None,
    tracer: Tracer | None = None,
    settles: Settles | None = None,
    cookie: SessionCookie | None = None,
) -> Litestar:
    """`ready` are checks by name; `registry` is where other rooms' metrics stand, if any.

    `settles`: what `Prefer: wait` waits for; None: the preference is not known. `cookie` is that of
    the sign-in, where a service here has one.
    """
    registry = registry or process_registry()
    metrics = HttpMetrics(registry, peers_of(settings.metrics_peers))
    quotas = Quotas(settings, registry)
    cookie = cookie or SessionCookie(settings)
    parts = {"verifier": verifier, "quotas": quotas, "metrics": metrics, "tracer": tracer}
    edge = DefineMiddleware(Edge, settles=settles, cookie=cookie, **parts)
    publisher = Publisher(settings.public_origin)
    error_page = next((one.error_page for one in services if one.error_page), None)
    app = Litestar(
        route_handlers=[
            health_routes(ready, metrics.exposition),
            *(router for service in services for router in service.routes),
        ],
        middleware=[edge],
        exception_handlers={Exception: _error_handler(metrics, error_page)},
        request_class=Received,
        plugins=[plugin() for plugin in PLUGINS],
        request_max_body_size=settings.max_body_bytes,
        cors_config=cors(settings),
        openapi_config=openapi(publisher),
        state=State({PUBLISHER: publisher, SESSIONS: cookie.sessions}),
        on_shutdown=list(on_shutdown),
        logging_config=None,
    )
    if app.cors_config is not None:
        app.asgi_handler = KeptVary(app.asgi_handler)
    app.asgi_handler = HeadAsGet(app.asgi_handler)
    return app


def _error_handler(
    metrics: HttpMetrics, error_page: ErrorPage | None
) -> Callable[[Request[Any, Any, Any], Exception], Response[Any]]:
    def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        if "correlation" in request.scope["state"]:
            return error_response(request, error)
        # no route, so the edge has not seen it
        if error_page is not None and "text/html" in request.headers.get("accept", ""):
            response = error_page(request, problem_of(error))
        else:
            response = error_response(request, error)
        metrics.observe(request.method, UNROUTED, response.status_code or 500, 0.0)
        return response

    return handle
