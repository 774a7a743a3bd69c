"""Each published event by service: its subject, its fields and what they mean."""

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import inspect

from milepost.contracts.documents.addresses import schema_path
from milepost.contracts.published import PUBLISHED
from milepost.events.event import Event, name_of, tag_of
from milepost.operations.documentation.tables.imported import heirs, import_all
from milepost.operations.documentation.tables.markdown import code, doc_of, table

ALIGNED = re.compile(r"^(\w+) {2,}(?=\S)", re.MULTILINE)


def events() -> str:
    import_all()
    classes = {tag_of(cls): cls for cls in heirs(Event)}
    services = dict.fromkeys(PUBLISHED.values())
    published = [classes[tag] for tag in PUBLISHED]
    told = [_service(service, classes) for service in services]
    return "\n\n".join(
        [*told, "## Parts", *(text for cls in _parts(published) for text in _part(cls))]
    )


def _service(service: str, classes: dict[str, type[Event]]) -> str:
    own = [classes[tag] for tag, owner in PUBLISHED.items() if owner == service]
    return "\n\n".join([f"## {service}", *(part for cls in own for part in _event(service, cls))])


def _event(service: str, cls: type[Event]) -> Iterator[str]:
    tag = tag_of(cls)
    yield f"### {cls.__name__}"
    subject = code(f"milepost.<tenant>.{service}.{name_of(tag)}")
    yield f"{subject}, type {code(f'milepost.{tag}')}, schema {code(schema_path(tag))}"
    if doc := doc_of(cls):
        yield ALIGNED.sub(r"- `\1` ", doc)
    yield table(("field", "is", ""), _fields(cls))


def _parts(events: Iterable[type[Event]]) -> list[type[msgspec.Struct]]:
    """The structs that events hold, also in one another, by name."""
    found: dict[str, type[msgspec.Struct]] = {}
    waiting = [field.type for cls in events for field in _struct(cls).fields]
    while waiting:
        match waiting.pop():
            case inspect.StructType(cls=cls, fields=fields) if cls.__name__ not in found:
                found[cls.__name__] = cls
                waiting += [field.type for field in fields]
            case inspect.UnionType(types=types):
                waiting += types
            case inspect.VarTupleType(item_type=inner) | inspect.Metadata(type=inner):
                waiting.append(inner)
    return [found[name] for name in sorted(found)]


def _part(cls: type[msgspec.Struct]) -> Iterator[str]:
    yield f"### {cls.__name__}"
    if tag := cls.__struct_config__.tag:
        yield f"`type` is `{tag}`."
    if doc := doc_of(cls):
        yield ALIGNED.sub(r"- `\1` ", doc)
    yield table(("field", "is", ""), _fields(cls))


def _struct(cls: type[msgspec.Struct]) -> inspect.StructType:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return info


def _fields(cls: type[msgspec.Struct]) -> Iterator[tuple[str, str, str]]:
    for field in _struct(cls).fields:
        if field.name != "occurred_at":  # the CloudEvent's `ce-time`
            needed = "" if field.required else _default(field)
            yield code(field.encode_name), kind_of(field.type), needed


def _default(field: inspect.Field) -> str:
    if field.default is msgspec.NODEFAULT or field.default is None:
        return "may be absent"
    return f"absent means {code(msgspec.json.encode(field.default).decode())}"


def kind_of(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            told = kind_of(inner)
        case inspect.UnionType(types=types):
            choices = (kind_of(one) for one in types if not isinstance(one, inspect.NoneType))
            told = " or ".join(dict.fromkeys(choices))
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            told = f"list of {kind_of(item)}"
        case inspect.DictType(value_type=value):
            told = f"map of {kind_of(value)}"
        case inspect.LiteralType(values=values):
            told = ", ".join(code(one) for one in sorted(map(str, values)))
        case inspect.StructType(cls=cls):
            told = cls.__name__
        case _:
            told = type(kind).__name__.removesuffix("Type").lower()
    return told
