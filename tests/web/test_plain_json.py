"""What litestar would write of an application, and what we write in less time, are the same."""

import json
from typing import Annotated, Literal

import msgspec
from litestar import Litestar, get, post
from litestar.enums import ParamType
from litestar.openapi.spec import Example, OpenAPI, OpenAPIHeader, Parameter, Schema
from litestar.params import FromPath, FromQuery, JSONBody

from milepost.web.openapi.plain_json import plain_json
from milepost.web.openapi.schemas import StructSchemas, Verbatim


class Circle(msgspec.Struct, tag="circle"):
    radius: Annotated[float, msgspec.Meta(ge=0)] = 1.0


class Square(msgspec.Struct, tag="square"):
    side: float | None = None


class Drawing(msgspec.Struct):
    shapes: list[Circle | Square]
    color: Literal["red", "blue"] | None = None
    inside: "Drawing | None" = None


@get("/drawings/{name:str}")
async def read(name: FromPath[str], page: FromQuery[int] = 1) -> Drawing:
    raise NotImplementedError


@post("/drawings")
async def draw(data: JSONBody[Drawing]) -> None:
    raise NotImplementedError


def described() -> OpenAPI:
    return Litestar([read, draw], plugins=[StructSchemas()]).openapi_schema


def test_it_is_what_litestar_writes():
    ours, theirs = plain_json(described(), {}), described().to_schema()
    assert json.dumps(ours) == json.dumps(theirs)
    assert "discriminator" in json.dumps(ours)


def test_members_that_stand_in_some_places_only():
    for one in (
        Parameter("page", ParamType.QUERY, allow_empty_value=True),
        Parameter("page", ParamType.HEADER, Schema(title="Page", schema_not=Schema())),
        OpenAPIHeader(description="How far", schema=Schema(default=Verbatim(b"null"))),
        Example(value=Verbatim(b'{"closed_at":null}')),
    ):
        assert plain_json(one, {}) == one.to_schema()


def test_texts_are_written_as_they_are_to_be_called():
    made = plain_json({"#/a": ["#/a", Schema(title="#/a")]}, {"#/a": "#/b"})
    assert made == {"#/a": ["#/b", {"title": "#/b"}]}
