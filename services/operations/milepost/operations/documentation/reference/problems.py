"""Every problem that can be answered: what it means, what to do, and which operations meet it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from markupsafe import Markup

from milepost.events.event import Refused
from milepost.operations.documentation.reference.kinds import (
    Field,
    NamedSchema,
    Schema,
    about,
    fields,
    shapes,
)
from milepost.operations.documentation.reference.operation import URN, Met, Operation
from milepost.operations.documentation.reference.remedies import remedy
from milepost.operations.documentation.tables.imported import heirs
from milepost.operations.documentation.tables.markdown import doc_of
from milepost.web.problems import problem_of

# Every problem has these, and every page need not tell them.
_OF_ALL = ("type", "title", "status", "detail", "instance", "correlation")
# Where no operation is asked at all.
_NO_OPERATION = {"method_not_allowed": (405, "The address does not answer to this method.")}


class ProblemType(msgspec.Struct, frozen=True):
    """`members` beside those of RFC 9457; `example` is a document. It and `about` may be empty."""

    name: str
    status: int
    title: str
    about: Markup
    remedy: Markup
    members: Sequence[Field]
    shapes: Sequence[NamedSchema]
    example: str
    operations: Sequence[Operation]

    @property
    def urn(self) -> str:
        return URN + self.name

    @property
    def phrase(self) -> str:
        return HTTPStatus(self.status).phrase

    @property
    def address(self) -> str:
        return f"/docs/problems/{self.name}"


def problem_types(
    document: Mapping[str, Any], operations: Sequence[Operation]
) -> Mapping[str, ProblemType]:
    """By name. `document` is OpenAPI, which has most; the rest is known by the refusals."""
    found = {one.name: one for one in _of_operations(document, operations)}
    for name, (status, text) in {**_of_refusals(), **_NO_OPERATION}.items():
        if name not in found:
            found[name] = _type(name, status, text)
    return dict(sorted(found.items()))


def _of_operations(
    document: Mapping[str, Any], operations: Sequence[Operation]
) -> Iterator[ProblemType]:
    schemas = _schemas(document)
    meanings = {name: text for name, (_, text) in _of_refusals().items() if text}
    answered: dict[str, list[Operation]] = {}
    examples: dict[str, Met] = {}
    for operation in operations:
        for one in operation.problems:
            answered.setdefault(one.name, []).append(operation)
            examples.setdefault(one.name, one)
    for name, one in examples.items():
        own = _own_members(schemas[name])
        members = list(fields(own))
        parts = shapes(document["components"]["schemas"], own)
        example = json.dumps(one.document, indent=2, ensure_ascii=False)
        text = meanings.get(name) or _without_facts(one.detail, members)
        yield msgspec.structs.replace(
            _type(name, int(one.status), text),
            members=members,
            shapes=parts,
            example=example,
            operations=answered[name],
        )


def _type(name: str, status: int, text: str) -> ProblemType:
    """Where no operation tells more."""
    title = name.replace("_", " ").capitalize()
    words = about("" if text == f"{title}." else text)  # the heading says that already
    advice = about(remedy(name, status))
    return ProblemType(name, status, title, words, advice, (), (), "", ())


def _own_members(schema: Schema) -> Schema:
    properties = {k: v for k, v in schema["properties"].items() if k not in _OF_ALL}
    return {**schema, "properties": properties}


def _without_facts(detail: str, members: Sequence[Field]) -> str:
    """A detail ends with its facts in brackets where there are any."""
    return detail.partition(f" ({members[0].name}:")[0] if members else detail


def _schemas(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Those of problems, by the problem's name."""
    found = {}
    for schema in document["components"]["schemas"].values():
        kind = schema.get("properties", {}).get("type", {})
        urn = next(iter(kind.get("enum", ())), kind.get("const", ""))
        if isinstance(urn, str) and urn.startswith(URN):
            found[urn.removeprefix(URN)] = schema
    return found


def _of_refusals() -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for refusal in heirs(Refused):
        kind: Any = refusal
        if is_dataclass(kind):
            problem = problem_of(refusal.__new__(refusal))
            found[problem.name] = (problem.status, doc_of(refusal))
    return found
