"""Problem details (RFC 9457). This file alone knows which HTTP status a refusal has."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from milepost.events.event import Conflicting, Forbidden, Invalid, Refused, Unknown
from milepost.events.runtime.outages import is_transient
from milepost.web.answers.head import with_head
from milepost.web.errors import WebError
from milepost.web.requests.allowed_values import with_allowed

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
# A route's option: makes a page of a problem, for people.
ERROR_PAGE = "error_page"
# Where each problem is explained: its type is a URN, which leads nowhere by itself.
PAGES = "/docs/problems"

_STATUS: Mapping[type[Refused], int] = {
    Unknown: 404,
    Forbidden: 403,
    Invalid: 422,
    Conflicting: 409,
}

_log = structlog.get_logger()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """`name` becomes the type `urn:milepost:problem:<name>`; `facts` are further members."""

    status: int
    name: str
    title: str
    detail: str
    facts: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class RequestFault(WebError, ABC):
    """Something about the request itself, before any rule was asked."""

    @abstractmethod
    def problem(self) -> Problem: ...


class Where(TypedDict, total=False):
    """Which part of a request; `path` as `$.reports[3].score`, `faults` those of parameters."""

    path: str
    field: str
    header: str
    query: str
    faults: list[dict[str, Any]]


class Malformed(RequestFault):
    """The request is not well-formed."""

    def __init__(self, reason: str, **where: Unpack[Where]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.where = where

    def problem(self) -> Problem:
        return Problem(
            status=400,
            name="malformed_request",
            title="Malformed request",
            detail=self.reason,
            facts=dict(self.where),
        )


class NotAuthenticated(RequestFault):
    """There is no token (`reason` None), or it cannot be accepted."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason

    def problem(self) -> Problem:
        # RFC 6750, section 3: no error code when the request carried no token at all.
        challenge = 'Bearer realm="milepost"'
        if self.reason is not None:
            challenge += f', error="invalid_token", error_description="{self.reason}"'
        return Problem(
            status=401,
            name="not_authenticated",
            title="Not authenticated",
            detail=self.reason or "Send a token: `Authorization: Bearer <JWT>`.",
            headers={"WWW-Authenticate": challenge},
        )


class UnsupportedMedia(RequestFault):
    def __init__(self, media_type: str, accepted: Sequence[str] = ("application/json",)) -> None:
        super().__init__(media_type)
        self.media_type = media_type
        self.accepted = accepted

    def problem(self) -> Problem:
        return Problem(
            status=415,
            name="unsupported_media_type",
            title="Unsupported media type",
            detail=f"The body is {self.media_type}; send {' or '.join(self.accepted)}.",
            headers={"Accept": ", ".join(self.accepted)},
        )


class BodyTooLarge(RequestFault):
    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes

    def problem(self) -> Problem:
        return Problem(
            status=413,
            name="body_too_large",
            title="Body too large",
            detail=f"At most {self.limit_bytes} bytes are accepted: send it in parts.",
            facts={"limit_bytes": self.limit_bytes},
        )


class BodyTooSlow(RequestFault):
    """The rest of the body is not waited for."""

    def problem(self) -> Problem:
        return Problem(
            status=408,
            name="body_too_slow",
            title="Body too slow",
            detail="The body did not come in time. Nothing was taken: send it again.",
            headers={"Connection": "close"},
        )


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem as clients see it (RFC 9457); a refusal's facts are further members."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    correlation: str | None = None


def error_response(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The response to any exception; what nobody expected is logged here, once."""
    if isinstance(error, ValidationException):
        _restore_parameter_names(request, error)
    problem = problem_of(error)
    if problem.status == 503:
        _log.warning(problem.name, path=_template(request), error=repr(error))
    elif problem.status >= 500:
        _log.error(problem.name, path=_template(request), exc_info=error)
    return _as_page(request, problem) or respond(request, problem)


def _as_page(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes] | None:
    """Where the route is a page, and its error page is not at fault itself."""
    handler: Any = request.scope.get("route_handler")  # none where there is no route
    draw = handler.opt.get(ERROR_PAGE) if handler is not None else None
    if draw is None:
        return None
    try:
        page: Response[bytes] = draw(request, problem)
    except Exception:  # noqa: BLE001 - the reader gets the problem all the same
        _log.exception("error_page_failed", path=_template(request))
        return None
    return page


def _restore_parameter_names(request: Request[Any, Any, Any], error: ValidationException) -> None:
    """Litestar names a parameter as the handler does, not as the client did.

    Nor does it tell what would have been allowed.
    """
    handler = request.scope["route_handler"]
    aliases: Mapping[str, str] = handler.opt.get("parameters", {})
    names = {inside: name for name, inside in aliases.items()}
    for fault in error.extra or ():
        if isinstance(fault, dict) and (key := fault.get("key")):
            parameter = handler.parsed_fn_signature.parameters.get(key)
            if parameter is not None:
                fault["message"] = with_allowed(fault["message"], parameter.raw)
            fault["key"] = names.get(key, key)


def respond(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    body = document(problem, request.scope["path"], request.scope["state"].get("correlation"))
    headers = {"Link": f'<{PAGES}/{problem.name}>; rel="help"', **problem.headers}
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def document(problem: Problem, instance: str, correlation: str | None) -> bytes:
    """The body of the answer, JSON; `instance` is the path that was asked."""
    body_members = {**members(problem), "instance": instance}
    if correlation:
        body_members["correlation"] = correlation
    return msgspec.json.encode(body_members, enc_hook=str)


def members(problem: Problem) -> dict[str, Any]:
    """The problem as it stands in a body, also in one part of a larger answer."""
    return {
        **problem.facts,
        "type": f"urn:milepost:problem:{problem.name}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }


def problem_of(error: Exception) -> Problem:
    match error:
        case Refused():
            return _refused(error)
        case RequestFault():
            return error.problem()
        case HTTPException():
            return _from_litestar(error)
    return _unavailable() if is_transient(error) else _unexpected()


def _refused(refusal: Refused) -> Problem:
    status = next(_STATUS[kind] for kind in type(refusal).__mro__ if kind in _STATUS)
    words = _words(type(refusal).__name__)
    return Problem(
        status=status,
        name="_".join(words),
        title=" ".join(words).capitalize(),
        detail=_sentence(refusal, " ".join(words)),
        facts=refusal.facts,
    )


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*", name)]


def _sentence(refusal: Refused, words: str) -> str:
    """The refusal's own docstring, if it has one, and its facts."""
    doc = (type(refusal).__doc__ or "").partition("\n\n")[0]
    if not doc or doc.startswith(f"{type(refusal).__name__}("):  # a dataclass writes its signature
        doc = f"{words.capitalize()}."
    facts = ", ".join(f"{name}: {_plain(value)}" for name, value in refusal.facts.items())
    sentence = " ".join(doc.split())
    return f"{sentence} ({facts})" if facts else sentence


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def _from_litestar(error: HTTPException) -> Problem:
    match error.status_code:
        case 400 if isinstance(error, ValidationException):
            return _invalid_parameters(error)
        case 400:
            return Malformed(error.detail).problem()
        case 405:
            return _method_not_allowed(error)
        case 404:
            return _plain_problem(404, "unknown_route", "There is nothing at this address.")
    return _unexpected()


def _invalid_parameters(error: ValidationException) -> Problem:
    """Litestar lists the faults of path, query, header and missing body as dicts."""
    faults = [fault for fault in error.extra or () if isinstance(fault, dict)]
    if any(fault.get("key") == "data" for fault in faults):
        return Malformed("A JSON body is required.", path="$").problem()
    named = "; ".join(f"{fault.get('key', '?')}: {fault['message']}" for fault in faults)
    return Malformed(named or error.detail, faults=faults).problem()


def _method_not_allowed(error: HTTPException) -> Problem:
    allowed = with_head((error.headers or {}).get("allow", ""))
    return Problem(
        status=405,
        name="method_not_allowed",
        title="Method not allowed",
        detail=f"This address answers to {allowed}.",
        facts={"allowed": allowed.split(", ")},
        headers={"Allow": allowed},
    )


def _unavailable() -> Problem:
    return Problem(
        status=503,
        name="unavailable",
        title="Unavailable",
        detail="A server that this needs does not answer. Nothing is lost: try again soon.",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def _unexpected() -> Problem:
    return _plain_problem(500, "unexpected", "This is our fault, and has been logged.")


def _plain_problem(status: int, name: str, detail: str) -> Problem:
    title = name.replace("_", " ").capitalize()
    return Problem(status=status, name=name, title=title, detail=detail)


def _template(request: Request[Any, Any, Any]) -> str:
    template: str = request.scope.get("path_template", "unrouted")
    return template
