"""Who teaches an offering: assign, remove, list."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import PathParameter

from milepost.contracts.offerings import INSTRUCTORS, InstructorEvent
from milepost.enrollment.api.documented_refusals import TOO_MANY_INSTRUCTORS, UNKNOWN_OFFERING
from milepost.enrollment.api.wiring import ENROLLERS, ENROLLMENT_READERS, OfferingPath, Wiring
from milepost.enrollment.domain.offering.instructors import assign, remove
from milepost.enrollment.domain.offering.offering import OFFERING, UnknownOffering
from milepost.web.auth.own_offerings import has_access
from milepost.web.openapi.documented_answers import command, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.positions import positioned

# Whatever an issuer may call somebody; `/`, `.` and `..` would be steps in the path.
SUBJECT = r"^(?!\.{1,2}(?![\s\S]))[^\x00-\x1f\x7f-\x9f/]{1,255}(?![\s\S])"
SubjectPath = Annotated[
    str,
    PathParameter(
        pattern=SUBJECT,
        description="The subject of the instructor's tokens, percent-encoded; it has no `/`",
    ),
]


class InstructorView(msgspec.Struct, frozen=True, kw_only=True):
    offering: str
    instructor: str
    assigned: bool


class InstructorsView(msgspec.Struct, frozen=True, kw_only=True):
    """The subjects of their tokens, in the order in which they were assigned."""

    offering: str
    instructors: tuple[str, ...]


@put(
    "/offerings/{offering:str}/instructors/{subject:str}",
    status_code=200,
    summary="Assign an instructor",
    description="Who has the role `instructor` sees, scores and reports on the offerings that "
    "they are assigned to, and no others; another role does not depend on it. Repeating it does "
    "nothing.",
    answers=command(UNKNOWN_OFFERING, TOO_MANY_INSTRUCTORS),
    roles=ENROLLERS,
    links=("listInstructors",),
)
async def assign_instructor(
    request: Call,
    offering: OfferingPath,
    subject: SubjectPath,
    wiring: NamedDependency[Wiring],
) -> Response[InstructorView]:
    return await _change(request, wiring, offering, subject, assign)


@delete(
    "/offerings/{offering:str}/instructors/{subject:str}",
    status_code=200,
    summary="Remove an instructor",
    description="Out with their next request; lists follow a moment later. What they have "
    "scored stays. Repeating it does nothing.",
    answers=command(UNKNOWN_OFFERING),
    roles=ENROLLERS,
)
async def remove_instructor(
    request: Call,
    offering: OfferingPath,
    subject: SubjectPath,
    wiring: NamedDependency[Wiring],
) -> Response[InstructorView]:
    return await _change(request, wiring, offering, subject, remove)


@get(
    "/offerings/{offering:str}/instructors",
    summary="List an offering's instructors",
    description="For the instructors of the offering; to others of that role it is unknown.",
    answers=versioned_query(UNKNOWN_OFFERING),
    roles=ENROLLMENT_READERS,
)
async def list_instructors(
    request: Call, offering: OfferingPath, wiring: NamedDependency[Wiring]
) -> Response[InstructorsView]:
    caller, transactor = request.user, wiring.transactor
    _, run = await transactor.load(caller.tenant, OFFERING.of(offering))
    allowed = await has_access(transactor, caller, ENROLLMENT_READERS, offering=offering)
    if run.opened is None or not allowed:
        raise UnknownOffering(offering)
    version, assigned = await transactor.load(caller.tenant, INSTRUCTORS.of(offering))
    view = InstructorsView(offering=offering, instructors=assigned.subjects)
    return versioned(request, view, version)


HANDLERS = (assign_instructor, remove_instructor, list_instructors)


async def _change(
    request: Call,
    wiring: Wiring,
    offering: str,
    subject: str,
    decide: Callable[..., Sequence[InstructorEvent]],
) -> Response[InstructorView]:
    decided: Callable[..., Any] = partial(
        decide, offering=offering, instructor=subject, occurred_at=wiring.clock()
    )
    outcome = await run_command(
        request,
        wiring.transactor,
        (OFFERING.of(offering), INSTRUCTORS.of(offering)),
        lambda run, state: ([], decided(run, state)),
    )
    now = subject in outcome.state(INSTRUCTORS).subjects
    view = InstructorView(offering=offering, instructor=subject, assigned=now)
    return positioned(view, outcome.position)
