"""The body of a call of reports: one that cannot be read must not hold back the others.

Nearly always all of them are sound, and one pass decodes the call. Only if that fails, each report
is decoded by itself. A body that is no JSON, or no list of reports, is refused as a whole.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Final, Self

import msgspec

from milepost.progress.domain.reports import Backdating, Client, Report
from milepost.web.problems import Malformed
from milepost.web.requests.allowed_values import with_allowed
from milepost.web.requests.json_body import Body

MAX_REPORTS: Final = 1_000
SHOWN_ID: Final = 64


class ReportLearning(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`client` names the device or app that numbered the reports; each may name its own instead.

    `reason`: staff say why, where something happened longer ago than learners may report.
    """

    # Marks of a device, which nobody reads: one of them must not hold back the others.
    for_people: ClassVar[bool] = False

    reports: Annotated[list[Report], msgspec.Meta(min_length=1, max_length=MAX_REPORTS)]
    client: Client | None = None
    reason: Backdating | None = None

    @classmethod
    def reading(cls) -> Callable[[bytes], Self]:
        whole = msgspec.json.Decoder(cls).decode

        def read(body: bytes) -> Any:
            try:
                return whole(body)
            except msgspec.DecodeError:
                return _one_by_one(body)

        return read


class Unreadable(msgspec.Struct, frozen=True):
    """A report that is none: what is wrong, and the id that it gave itself, if any."""

    fault: Malformed
    id: str | None


class PartlyRead(ReportLearning, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reports` are those that could be read; `unreadable` the others, by index in the call."""

    reports: list[Report]
    unreadable: Mapping[int, Unreadable]


class _Outline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The call, its reports left as they came."""

    reports: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_REPORTS)]
    client: Client | None = None
    reason: Backdating | None = None


class _Named(msgspec.Struct, frozen=True):
    id: Any = None


_outline: Final = msgspec.json.Decoder(_Outline)
_report: Final = msgspec.json.Decoder[Report](Report)
_named: Final = msgspec.json.Decoder(_Named)


def _one_by_one(body: bytes) -> PartlyRead:
    call = _outline.decode(body)
    readable: list[Report] = []
    unreadable: dict[int, Unreadable] = {}
    for index, raw in enumerate(call.reports):
        try:
            readable.append(_report.decode(raw))
        except msgspec.DecodeError as fault:
            unreadable[index] = Unreadable(_located(fault, index), _id_of(raw))
    return PartlyRead(
        reports=readable, unreadable=unreadable, client=call.client, reason=call.reason
    )


def _located(fault: msgspec.DecodeError, index: int) -> Malformed:
    """Msgspec writes "Expected `float`, got `str` - at `$.score`"."""
    reason, _, inside = str(fault).partition(" - at ")
    path = f"$.reports[{index}]{inside.strip('`').removeprefix('$')}"
    return Malformed(f"{with_allowed(reason, Report)}, at {path}.", path=path)


def _id_of(raw: msgspec.Raw) -> str | None:
    try:
        given = _named.decode(raw).id
    except msgspec.DecodeError:
        return None
    return given[:SHOWN_ID] if isinstance(given, str) else None
