"""OpenAPI as litestar derives it, but with what is really answered.

Routes say what that is in their option `answers`; what every route may answer is added here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, cast

import msgspec
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import (
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    Reference,
    Schema,
)
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import ParameterKwarg
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import Empty

from milepost.events.runtime.outages import Overloaded
from milepost.web.auth.session_cookie import CrossSiteRequest
from milepost.web.auth.tokens import RoleMissing
from milepost.web.openapi.documented_answers import (
    AWAITED_POSITION,
    IDEMPOTENCY_KEY,
    LOCATION,
    PREFER,
    SETTLED,
    Answers,
    Header,
)
from milepost.web.openapi.links import OPTION as LINKS
from milepost.web.openapi.links import unresolved
from milepost.web.openapi.problem_examples import Kind, examples, kinds, response_spec
from milepost.web.problems import (
    BodyTooLarge,
    BodyTooSlow,
    Malformed,
    NotAuthenticated,
    UnsupportedMedia,
)
from milepost.web.requests.allowed_roles import OPTION as ROLES
from milepost.web.requests.allowed_roles import SAFE_METHODS
from milepost.web.requests.body import IN_CRUMBS
from milepost.web.requests.quotas import TooManyRequests

# What any route that needs a token may answer; the errors are real, as those of `Answers`.
_ANYWHERE: Final = (
    NotAuthenticated(),
    NotAuthenticated("The token has expired."),
    Malformed("There is no parameter 'limti' here.", query="limti"),
    TooManyRequests("caller", 2_000, 1),
    Overloaded(),
    RuntimeError(),
)
_OF_BODIES: Final = (
    Malformed("Expected `str`, got `int`, at $.learner.", path="$.learner"),
    BodyTooSlow(),
    BodyTooLarge(1024 * 1024),
    UnsupportedMedia("text/plain"),
    Malformed(IN_CRUMBS),
)


def describe(routes: Iterable[BaseRoute]) -> None:
    """Document what they answer that their signatures do not say.

    Best before a document is made and no sooner: it is a quarter of the work of an application.
    """
    for route in routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():  # OPTIONS, every other one, is not
                    _document(handler, route.path_format)


def _document(handler: HTTPRouteHandler, path: str) -> None:
    if handler.opt.get("public"):
        handler.security = [{}]
        return
    answers = _with_preference(handler, handler.opt.get("answers", Answers()))
    problems = kinds((*answers.refusals, *_common(handler, path, answers)))
    documented = {status: response_spec(same_status) for status, same_status in problems.items()}
    handler.responses = {**(handler.responses or {}), **documented}
    operation_factory = _operation_factory(handler, answers, problems, _instance(path, problems))
    handler.operation_class = cast("type[Operation]", operation_factory)


def _with_preference(handler: HTTPRouteHandler, answers: Answers) -> Answers:
    """Any read waits for a position, and any command for what follows, as the client prefers."""
    if handler.http_methods <= SAFE_METHODS:
        waiting: tuple[Header, ...] = (AWAITED_POSITION, PREFER)
    elif IDEMPOTENCY_KEY in answers.request_headers:
        waiting = (PREFER,)
    else:
        return answers
    sent = answers.request_headers
    return msgspec.structs.replace(
        answers,
        request_headers=(*sent, *(one for one in waiting if one not in sent)),
        response_headers=(*answers.response_headers, *SETTLED),
    )


def _common(handler: HTTPRouteHandler, path: str, answers: Answers) -> list[Exception]:
    found: list[Exception] = [*_ANYWHERE]
    if roles := handler.opt.get(ROLES):
        found.append(RoleMissing(tuple(roles)))
    if not handler.http_methods <= SAFE_METHODS:
        found.append(CrossSiteRequest("Another site's page sent this."))
    if handler.parsed_data_field is not None:
        found += _OF_BODIES
    if "{" in path:  # an id may hold what is no id, or a slash
        name = path.partition("{")[2].partition("}")[0]
        fault = {"message": "String does not match", "key": name, "source": "path"}
        found += (Malformed(f"{name}: {fault['message']}", faults=[fault]), NotFoundException())
    if IDEMPOTENCY_KEY in answers.request_headers:
        reason = "Idempotency-Key is 1 to 255 printable ASCII characters."
        found.append(Malformed(reason, header=IDEMPOTENCY_KEY.name))
    if AWAITED_POSITION in answers.request_headers:
        reason = "Milepost-Position is a whole number, not 'latest'."
        found.append(Malformed(reason, header=AWAITED_POSITION.name))
    return found


def _instance(path: str, problems: dict[int, list[Kind]]) -> str:
    """The path of a request that meets these problems, as their facts have it."""
    all_facts = [
        problem.facts
        for same_status in problems.values()
        for kind in same_status
        for problem in kind.problems
    ]
    for facts in all_facts:
        for name, value in facts.items():
            path = path.replace(f"{{{name}}}", str(value))
    return re.sub(r"\{(\w+)\}", r"\1-1", path)


def _operation_factory(
    handler: HTTPRouteHandler, answers: Answers, problems: dict[int, list[Kind]], instance: str
) -> Callable[..., Operation]:
    """Makes litestar's operation, with the headers and statuses that it has no words for."""
    definitions, data = _definitions(handler), handler.parsed_data_field
    links: tuple[str, ...] = handler.opt.get(LINKS, ())

    def operation(
        *,
        parameters: list[Parameter] | None,
        responses: dict[str, OpenAPIResponse],
        **described: Any,
    ) -> Operation:
        success = next(iter(responses.values()))
        success.headers = {one.name: _header(one) for one in answers.response_headers}
        success.content = _content(success, answers)
        success.links = unresolved(links) or None
        if answers.also is not None:
            responses[str(answers.also)] = _also(success, answers.also)
        if answers.creates:
            created = responses["201"]
            created.headers = {**(created.headers or {}), LOCATION.name: _header(LOCATION)}
        for status, same_status in problems.items():
            response = responses[str(status)]
            response.headers = _problem_headers(same_status)
            for media in (response.content or {}).values():
                media.examples = examples(same_status, instance)
        if answers.request_body is not None:
            described["request_body"] = answers.request_body
        elif body := described["request_body"]:
            body.required = data is not None and data.default is Empty
        for parameter in parameters or ():
            _restore(parameter, definitions)
        return Operation(
            parameters=[*(parameters or ()), *map(_parameter, answers.request_headers)] or None,
            responses=dict(sorted(responses.items())),
            **described,
        )

    return operation


def _restore(parameter: Parameter, definitions: Mapping[str, ParameterKwarg]) -> None:
    """What litestar loses: a least value of 0."""
    known = definitions.get(parameter.name)
    if known is not None and known.ge == 0 and isinstance(parameter.schema, Schema):
        parameter.schema.minimum = 0


def _definitions(handler: HTTPRouteHandler) -> Mapping[str, ParameterKwarg]:
    return {
        definition.name or name: definition
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(definition := field.kwarg_definition, ParameterKwarg)
    }


def _also(success: OpenAPIResponse, status: int) -> OpenAPIResponse:
    description = HTTPStatus(status).description
    content = None if status == HTTPStatus.NOT_MODIFIED else success.content
    return replace(success, description=description, content=content)


def _content(success: OpenAPIResponse, answers: Answers) -> dict[str, OpenAPIMediaType] | None:
    if answers.media_types:
        return {one: _file() for one in answers.media_types}
    if answers.files:
        return {**(success.content or {}), **{one: _file() for one in answers.files}}
    if answers.lines:
        return {**(success.content or {}), answers.lines: _line(success)}
    return success.content


def _line(success: OpenAPIResponse) -> OpenAPIMediaType:
    """An element of the array that is answered otherwise."""
    [array] = (success.content or {}).values()
    assert isinstance(array.schema, Schema)
    items = array.schema.items
    assert isinstance(items, (Schema, Reference))
    return OpenAPIMediaType(schema=items)


def _file() -> OpenAPIMediaType:
    return OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))


def _parameter(header: Header) -> Parameter:
    return Parameter(
        name=header.name, param_in="header", schema=header.schema, description=header.description
    )


def _header(header: Header) -> OpenAPIHeader:
    return OpenAPIHeader(
        schema=header.schema, description=header.description, required=header.required
    )


def _problem_headers(same_status: list[Kind]) -> dict[str, OpenAPIHeader | Reference]:
    """Required where every problem of the status has them."""
    header_sets = [problem.headers for kind in same_status for problem in kind.problems]
    return {
        name: OpenAPIHeader(
            schema=Schema(type=OpenAPIType.STRING, examples=[value]),
            required=all(name in headers for headers in header_sets),
        )
        for headers in header_sets
        for name, value in headers.items()
    }
