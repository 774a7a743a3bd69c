"""Schemas of bodies and answers as msgspec reads and writes them, bound for bound.

Litestar derives its own from the annotations, and loses some: of items, of unions, of what is
forbidden. The decoder's schema and the documented one are the same here.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

import msgspec
from litestar.openapi.spec import Discriminator, Reference, Schema
from litestar.openapi.spec.base import BaseSchemaObject
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import inspect

from milepost.contracts.documents.structs import structs_in, tell_times

ReferenceTo: TypeAlias = Callable[[str], Reference]

_NAMES: Final = Schema.field_aliases()


class StructSchemas(OpenAPISchemaPlugin):
    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return not field_definition.is_union and field_definition.is_subclass_of(msgspec.Struct)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        struct = field_definition.annotation
        schema: Schema = schema_creator.schema_registry.get_schema_for_field_definition(
            field_definition
        )
        json_schema, inside = _described(struct)

        def reference_to(name: str) -> Reference:
            field = FieldDefinition.from_annotation(inside[name])
            reference: Reference = schema_creator.for_field_definition(field)
            return reference

        _fill(schema, json_schema, reference_to)
        return schema


class Verbatim(BaseSchemaObject):
    """JSON as it is: litestar drops what is null."""

    def __init__(self, document: bytes) -> None:
        self._document = document

    def to_schema(self) -> Any:
        return msgspec.json.decode(self._document)


class _Target(BaseSchemaObject):
    """What a discriminator's mapping names; where that stands is known only at the end."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def to_schema(self) -> Any:
        return self._reference.ref


@cache
def _described(struct: type[msgspec.Struct]) -> tuple[Mapping[str, Any], Mapping[str, type]]:
    """The struct's JSON Schema, and by name the structs that it refers to."""
    kind = inspect.type_info(struct)
    inside = {one.__name__: one for one in structs_in(kind, set())}
    _, described = msgspec.json.schema_components([struct], ref_template="{name}")
    json_schema = described[struct.__name__]
    _complete(json_schema, kind)
    return json_schema, inside


def _complete(json_schema: dict[str, Any], struct: inspect.Type) -> None:
    """What msgspec does not say: times are times, and an answer has all its members.

    A body forbids what it does not know, an answer does not; and is written with its defaults.
    """
    assert isinstance(struct, inspect.StructType)
    for field in struct.fields:
        tell_times(json_schema["properties"][field.encode_name], field.type)
    config = struct.cls.__struct_config__
    if not config.forbid_unknown_fields and not config.omit_defaults:
        json_schema["required"] = [
            name
            for name in json_schema["properties"]
            if not any(
                field.encode_name == name and _may_be_unset(field) for field in struct.fields
            )
        ]


def _may_be_unset(field: inspect.Field) -> bool:
    return field.default is msgspec.UNSET


def _fill(schema: Schema, json_schema: Mapping[str, Any], reference_to: ReferenceTo) -> None:
    for name, value in json_schema.items():
        setattr(schema, _NAMES.get(name, name), _part(name, value, reference_to))


def _part(name: str, value: Any, reference_to: ReferenceTo) -> Any:
    match name, value:
        case "properties", _:
            return {key: _schema(one, reference_to) for key, one in value.items()}
        case (("anyOf" | "prefixItems"), _):
            return [_schema(one, reference_to) for one in value]
        case (("items" | "additionalProperties" | "propertyNames"), dict()):
            return _schema(value, reference_to)
        case "discriminator", _:
            mapping = {tag: _Target(reference_to(one)) for tag, one in value["mapping"].items()}
            return Discriminator(value["propertyName"], mapping)  # type: ignore[arg-type] # as above
        case (("default" | "examples"), _):
            return Verbatim(msgspec.json.encode(value))
    return value


def _schema(json_schema: Mapping[str, Any], reference_to: ReferenceTo) -> Schema | Reference:
    if "$ref" in json_schema:
        return reference_to(json_schema["$ref"])
    schema = Schema()
    _fill(schema, json_schema, reference_to)
    return schema
