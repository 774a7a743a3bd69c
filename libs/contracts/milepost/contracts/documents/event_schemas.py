"""The JSON Schema of each published event and version, made of its struct.

It is of the event's data as they leave the house: no tag, no `occurred_at`, which the envelope
has. A reader takes fields that it does not know; a field with its default value is left out.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
from msgspec import inspect

from milepost.contracts.documents.addresses import schema_path, version_of
from milepost.contracts.documents.fields import described, facts_of
from milepost.contracts.documents.structs import structs_in, tell_times
from milepost.contracts.published import FACTS
from milepost.events.event import Event, name_of, tag_of

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_IN_THE_ENVELOPE: Final = ("type", "occurred_at")
JsonSchema = dict[str, Any]


class EventType(msgspec.Struct, frozen=True):
    """One published event in one version."""

    tag: str
    service: str
    cls: type[Event]

    @property
    def name(self) -> str:
        return name_of(self.tag)

    @property
    def version(self) -> int:
        return version_of(self.tag)

    @property
    def title(self) -> str:
        return self.cls.__name__

    @property
    def path(self) -> str:
        return schema_path(self.tag)

    @property
    def summary(self) -> str:
        """Its first paragraph, else its name in words."""
        text, _ = described(self.cls.__doc__ or "")
        return text.split("\n")[0] or self.name.replace("_", " ").capitalize()


@cache
def event_types() -> tuple[EventType, ...]:
    """In the order of `FACTS`."""
    return tuple(
        EventType(tag_of(cls), service, cls) for service, events in FACTS.items() for cls in events
    )


@cache
def examples() -> Mapping[str, Mapping[str, Any]]:
    """By tag, one each, as subscribers get it."""
    stored = files("milepost.contracts.documents").joinpath("examples.json").read_bytes()
    found: dict[str, dict[str, Any]] = msgspec.json.decode(stored)
    return found


def schema_of(event: EventType, origin: str) -> JsonSchema:
    """A document of its own. `origin`: where the installation is reached."""
    parts = struct_schemas((event.cls,), "#/$defs/{}")
    document = {"$schema": DIALECT, "$id": origin + event.path, **parts.pop(event.title)}
    if example := examples().get(event.tag):
        document["examples"] = [example]
    return {**document, "$defs": parts} if parts else document


def struct_schemas(structs: tuple[type[msgspec.Struct], ...], place: str) -> dict[str, JsonSchema]:
    """Of these and all that they hold, by name. `place`: where one of a name stands, with a {}."""
    seen: set[type] = set()
    classes = [one for cls in structs for one in structs_in(inspect.type_info(cls), seen)]
    _, made = msgspec.json.schema_components(structs, ref_template="{name}")
    keys = {cls: _key(cls, made) for cls in classes}
    names = {key: _name(key) for key in keys.values()}
    places = {key: place.format(name) for key, name in names.items()}
    return {
        names[key]: _placed(_completed(made[key], cls), places)
        for cls, key in sorted(keys.items(), key=lambda one: names[one[1]])
    }


def _key(cls: type, made: Mapping[str, Any]) -> str:
    """What msgspec calls it: by its module as well, where two have one name."""
    return cls.__name__ if cls.__name__ in made else f"{cls.__module__}.{cls.__qualname__}"


def _name(key: str) -> str:
    *_, module, name = ("", *key.split("."))
    return module.capitalize() + name


def _completed(schema: JsonSchema, cls: type) -> JsonSchema:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    text, told = _docs(cls)
    own: JsonSchema = {
        "title": cls.__name__,
        **({"description": text} if text else {}),
        "type": "object",
        "properties": {
            field.encode_name: _field(schema["properties"][field.encode_name], field, cls, told)
            for field in info.fields
        },
        "required": list(schema.get("required", ())),
    }
    if issubclass(cls, Event):
        own["required"] = [name for name in own["required"] if name not in _IN_THE_ENVELOPE]
        own["properties"].pop("occurred_at")
    elif info.tag_field:
        own["properties"] = {info.tag_field: {"const": info.tag}, **own["properties"]}
    return own


def _docs(cls: type) -> tuple[str, Mapping[str, str]]:
    """Its own text, and what any of its bases says of a field too."""
    told: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("milepost.contracts"):
            told |= described(base.__doc__ or "")[1]
    return described(cls.__doc__ or "")[0], told


def _field(
    schema: JsonSchema, field: inspect.Field, cls: type[msgspec.Struct], told: Mapping[str, str]
) -> JsonSchema:
    tell_times(schema, field.type)
    if field.default is None and cls.__struct_config__.omit_defaults:
        schema = _never_null(schema)
    schema.pop("discriminator", None)
    schema = {**facts_of(field.name, schema.get("type")), **schema}
    description = told.get(field.name)
    return {**schema, **({"description": description} if description else {})}


def _never_null(schema: JsonSchema) -> JsonSchema:
    """Without its value it is left out."""
    kinds = [one for one in schema["anyOf"] if one != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def _placed(value: Any, places: Mapping[str, str]) -> Any:
    """With references to where the structs stand, and without what is no keyword of schemas."""
    match value:
        case {"$ref": key}:
            return {**value, "$ref": places[key]}
        case {"enum": [str(), *_]} if "type" not in value:
            return {"type": "string", **value}
        case dict():
            return {
                name: _placed(one, places) for name, one in value.items() if name != "discriminator"
            }
        case list() | tuple():
            return [_placed(one, places) for one in value]
    return value
