"""An operation as its page shows it."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from markupsafe import Markup

from milepost.operations.documentation.reference.kinds import Field, NamedSchema

PROBLEMS = "application/problem+json"
URN = "urn:milepost:problem:"


class Input(msgspec.Struct, frozen=True):
    """A field of the form. `value` is what it starts with; `choices` are all there are, if few."""

    field: Field
    place: str
    value: str
    choices: Sequence[str]


class Body(msgspec.Struct, frozen=True):
    media_type: str
    kind: Markup
    note: Markup
    example: str
    is_text: bool


class Answer(msgspec.Struct, frozen=True):
    """`links` are the operations that take what it tells."""

    status: str
    phrase: str
    media_types: Sequence[str]
    kind: Markup | None
    headers: Sequence[Field]
    example: str
    links: Sequence[str]


class Met(msgspec.Struct, frozen=True):
    """A problem as an operation answers it: a whole document is its example."""

    name: str
    status: str
    title: str
    detail: str
    document: Mapping[str, Any]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """`roles` empty: any. `public`: without a token. `sent`: the shapes that a body has."""

    id: str
    method: str
    path: str
    summary: str
    about: Markup
    tag: str
    public: bool
    roles: Sequence[str]
    inputs: Sequence[Input]
    bodies: Sequence[Body]
    answers: Sequence[Answer]
    problems: Sequence[Met]
    shapes: Sequence[NamedSchema]
    sent: AbstractSet[str]
    curl: str

    @property
    def address(self) -> str:
        return f"/docs/api/{self.id}"

    @property
    def optional(self) -> Sequence[Input]:
        return [one for one in self.inputs if not one.field.required]


def met(operation: Mapping[str, Any]) -> Iterator[Met]:
    """One of each name, by status."""
    for status, response in sorted(operation["responses"].items()):
        media = (response.get("content") or {}).get(PROBLEMS, {})
        seen = set()
        for example in media.get("examples", {}).values():
            document = example["value"]
            name = document["type"].removeprefix(URN)
            if name not in seen:
                seen.add(name)
                yield Met(name, status, document["title"], document["detail"], document)
