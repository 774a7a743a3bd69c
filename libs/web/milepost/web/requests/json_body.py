"""Request bodies: decoded straight from JSON bytes into the struct, strictly.

Litestar would decode to builtins and then convert laxly, so that the string "5" passed for a
number; a DTO replaces that and leaves OpenAPI as it was.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import msgspec
from litestar.dto import AbstractDTO
from litestar.openapi.spec import Reference, Schema
from litestar.plugins import SerializationPlugin
from litestar.typing import FieldDefinition

from milepost.web.problems import Malformed, UnsupportedMedia
from milepost.web.requests.body import Received
from milepost.web.requests.json_faults import shape_faults
from milepost.web.texts import readable

SEARCHED_BYTES = 64 * 1024

T = TypeVar("T", bound="Body")


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body; subclasses repeat `frozen=True, kw_only=True, forbid_unknown_fields=True`.

    `for_people`: its texts are composed (NFC), and refused where something hides in them.
    """

    for_people: ClassVar[bool] = True

    @classmethod
    def reading(cls) -> Callable[[bytes], Self]:
        """What makes one of JSON; raises as msgspec's decoders do. Asked for once."""
        return msgspec.json.Decoder(cls).decode


class BodyDecoding(SerializationPlugin):
    """Makes litestar decode `data: JSONBody[SomeBody]` by `Body` subclasses' own decoders."""

    def supports_type(self, field_definition: FieldDefinition) -> bool:
        return field_definition.is_subclass_of(Body)

    def create_dto_for_type(self, field_definition: FieldDefinition) -> type[AbstractDTO[Any]]:
        body = field_definition.annotation
        # `Response[SomeBody]` comes here as well, and is never read.
        read = body.reading() if hasattr(body, "reading") else _not_read
        namespace = {"model_type": body, "read": staticmethod(read)}
        return cast("type[AbstractDTO[Any]]", type(f"{body.__name__}DTO", (_BodyDTO,), namespace))


class _BodyDTO(AbstractDTO[T], Generic[T]):
    read: Callable[[bytes], T]

    def decode_bytes(self, value: bytes) -> T:
        """Raises `Malformed`, `UnsupportedMedia`."""
        request = cast("Received", self.asgi_connection)
        _require_json(request)
        try:
            return self.read(self._readable(value))
        except msgspec.ValidationError as fault:
            raise _everywhere(fault, value, self.model_type) from fault
        except msgspec.DecodeError as fault:
            raise _located(fault) from fault
        except UnicodeDecodeError as fault:
            raise Malformed("The body is not UTF-8.", path="$") from fault
        except RecursionError as fault:  # only a tree, such as criteria, can nest without end
            raise Malformed("The body is nested too deeply.", path="$") from fault

    def _readable(self, value: bytes) -> bytes:
        return readable(value) if self.model_type.for_people else value

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        return field_definition.is_subclass_of(cls.model_type)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Nothing to generate: the struct decodes itself."""

    @classmethod
    def create_openapi_schema(
        cls,
        field_definition: FieldDefinition,  # noqa: ARG003 - litestar passes it by name
        handler_id: str,  # noqa: ARG003 - as above
        schema_creator: Any,
    ) -> Reference | Schema:
        plain = FieldDefinition.from_annotation(cls.model_type)
        return cast("Reference | Schema", schema_creator.for_field_definition(plain))


def _not_read(value: bytes) -> Body:
    raise AssertionError(f"litestar read an answer of {len(value)} bytes")


def _require_json(request: Received) -> None:
    if request.header(b"content-type") == b"application/json":
        return  # nearly always: parsing it takes longer than the body
    given = request.content_type[0]
    if given and given != "application/json" and not given.endswith("+json"):
        raise UnsupportedMedia(given)


def _everywhere(fault: msgspec.DecodeError, value: bytes, expected: Any) -> Malformed:
    located = _located(fault)
    if len(value) > SEARCHED_BYTES:
        return located  # looking for the others takes ten times as long, and holds the loop
    try:
        faults = shape_faults(msgspec.json.decode(value), expected)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return located  # nor is it JSON, behind the first fault
    path = located.where["path"]
    told = next((one["message"] for one in faults if one["path"] == path), None)
    detail = f"{told}, at {path}." if told else located.reason
    return Malformed(detail, path=path, faults=faults)


def _located(fault: msgspec.DecodeError) -> Malformed:
    """Msgspec writes "Expected `float`, got `str` - at `$.reports[3].score`"."""
    reason, _, path = str(fault).partition(" - at ")
    return Malformed(f"{reason}, at {path.strip('`') or '$'}.", path=path.strip("`") or "$")
