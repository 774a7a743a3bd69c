"""What rows of every kind share: whose progress they are about, and how they are kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import msgspec

from milepost.contracts.ids import CODE, ENROLLMENT_KEY, ID, ID_IN_WORDS, KEY, enrollment_id
from milepost.jobs.kinds import Tables
from milepost.jobs.row_format import Fault

Id: TypeAlias = Annotated[str, msgspec.Meta(pattern=ID)]
Enrollment: TypeAlias = Annotated[str, msgspec.Meta(pattern=ENROLLMENT_KEY)]
Lesson: TypeAlias = Annotated[str, msgspec.Meta(pattern=KEY)]
Code: TypeAlias = Annotated[str, msgspec.Meta(pattern=CODE)]

TABLES: Final = Tables("progress_jobs", ("enrollment", "learner", "offering", "request"))
EXPECTED: Final = {
    "enrollment": "an enrollment's id, or else a learner and an offering",
    "learner": f"an opaque id, {ID_IN_WORDS}",
    "offering": f"an offering's id, {ID_IN_WORDS}",
    "lesson": "a lesson's id",
    "reason": "a code, as regraded: lower case letters, digits and _",
}


class FileRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About an enrollment, or a learner: in this offering, else in the whole file's."""

    enrollment: Enrollment | None = None
    learner: Id | None = None
    offering: Id | None = None


class RowRequest(msgspec.Struct, frozen=True, kw_only=True):
    """About one enrollment; learner and offering as the row named them."""

    enrollment: str
    learner: str | None = None
    offering: str | None = None


R = TypeVar("R", bound=RowRequest)
F = TypeVar("F", bound=FileRow)


def resolver(
    request: type[R],
    expected: Mapping[str, str],
    facts: Callable[[F], Mapping[str, object] | Fault] = msgspec.structs.asdict,
) -> Callable[[F, str | None], R | Fault]:
    """What a row asks for: its own fields, with the enrollment.

    `facts`: those fields, as they are kept; what is wrong with them together.
    """

    def resolve(row: F, offering: str | None) -> R | Fault:
        whose, own = _whose(row, offering, expected), facts(row)
        for one in (whose, own):
            if isinstance(one, Fault):
                return one
        return msgspec.convert({**own, **whose}, request)  # type: ignore[dict-item]  # no fault

    return resolve


def needing(*columns: str) -> Callable[[str | None], Sequence[str]]:
    """The columns that a header must have: whose it is, a row may say in either way."""
    return lambda _: columns


def keep(request: RowRequest) -> Sequence[object]:
    return (request.enrollment, request.learner, request.offering, msgspec.json.encode(request))


def keeping(request: type[R]) -> Callable[[Mapping[str, Any]], R]:
    """From the columns to a request of this type."""
    decoder = msgspec.json.Decoder(request)
    return lambda columns: decoder.decode(columns["request"])


def _whose(
    row: FileRow, offering: str | None, expected: Mapping[str, str]
) -> dict[str, str | None] | Fault:
    if row.learner is None:
        if row.enrollment is None or row.offering is not None:
            return Fault("$.enrollment", f"Expected {expected['enrollment']}.")
        return {"enrollment": row.enrollment}
    where = row.offering or offering
    if where is None:
        return Fault("$.offering", f"Expected {expected['offering']}.")
    enrollment = enrollment_id(where, row.learner)
    if row.enrollment not in (None, enrollment):
        return Fault("$.enrollment", "Expected the enrollment of this learner and offering.")
    return {"enrollment": enrollment, "offering": where}
