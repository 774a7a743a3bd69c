"""Problems as OpenAPI describes them: a schema for each kind, real documents as examples."""

from collections.abc import Callable, Iterable
from functools import cache
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final, Literal, Union, cast, get_type_hints

import msgspec
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, Reference
from msgspec import UNSET, UnsetType

from milepost.web.openapi.schemas import Verbatim
from milepost.web.problems import (
    MEDIA_TYPE,
    Malformed,
    Problem,
    ProblemDocument,
    Where,
    document,
    problem_of,
)

EXAMPLE_CORRELATION: Final = "0199058e6f5c7d3a8f7e21c4b0a9d613"


class Kind(msgspec.Struct, frozen=True):
    """Problems of one name, as they could be, and what documents them has for a type."""

    name: str
    status: int
    problems: tuple[Problem, ...]
    document: type[ProblemDocument]


def kinds(errors: Iterable[Exception]) -> dict[int, list[Kind]]:
    """By status, those of a status sorted by name."""
    answered = [(problem_of(error), type(error)) for error in errors]
    answered.sort(key=_name)
    found: dict[int, list[Kind]] = {}
    for _, alike in groupby(answered, key=_name):
        kind = _kind(list(alike))
        found.setdefault(kind.status, []).append(kind)
    return found


def response_spec(alike: list[Kind]) -> ResponseSpec:
    """What one status is answered with: any of these."""
    status = HTTPStatus(alike[0].status)
    return ResponseSpec(
        Union[tuple(kind.document for kind in alike)],  # noqa: UP007 - made of a list
        description=f"{status.phrase}: {', '.join(kind.name for kind in alike)}",
        media_type=MEDIA_TYPE,
        generate_examples=False,
    )


def examples(alike: list[Kind], instance: str) -> dict[str, Example | Reference]:
    """Whole documents, as they would be answered."""
    return {
        kind.name if number == 1 else f"{kind.name}_{number}": Example(
            summary=problem.title,
            value=Verbatim(document(problem, instance, EXAMPLE_CORRELATION)),
        )
        for kind in alike
        for number, problem in enumerate(kind.problems, 1)
    }


def _name(answered: tuple[Problem, type[Exception]]) -> str:
    return answered[0].name


def _kind(alike: list[tuple[Problem, type[Exception]]]) -> Kind:
    problems: list[Problem] = []
    for problem, _ in alike:
        if problem not in problems:
            problems.append(problem)
    first, of = alike[0]
    where = _hints(Where) if issubclass(of, Malformed) else {}
    fields = _fields(of.__init__, first.name, first.status, tuple(first.facts), tuple(where))
    described = _document_type(first.name, of.__module__, fields)
    return Kind(first.name, first.status, tuple(problems), described)


@cache
def _fields(
    made: Callable[..., Any],
    name: str,
    status: int,
    facts: tuple[str, ...],
    where: tuple[str, ...],
) -> tuple[tuple[Any, ...], ...]:
    """`made` says what its facts are."""
    hints = _hints(made)
    return (
        ("type", Literal[f"urn:milepost:problem:{name}"]),
        ("status", Literal[status]),
        *((fact, hints[fact]) for fact in facts if fact not in where),
        *((fact, _hints(Where)[fact] | UnsetType, UNSET) for fact in where),
    )


@cache
def _hints(of: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(of)


@cache
def _document_type(
    name: str, room: str, fields: tuple[tuple[Any, ...], ...]
) -> type[ProblemDocument]:
    """The same type for the same problem, so that it stands once in the document."""
    described = msgspec.defstruct(
        "".join(map(str.capitalize, name.split("_"))),
        fields,
        bases=(ProblemDocument,),
        module=room,
        frozen=True,
        kw_only=True,
        omit_defaults=True,
    )
    return cast("type[ProblemDocument]", described)
