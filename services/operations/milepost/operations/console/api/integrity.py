"""The proof beside the numbers: what was found last, and another look."""

from typing import Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from milepost.events.integrity.results import PARTS, Integrity, Result, ask, read_integrity
from milepost.events.projections.tables import Connection
from milepost.operations.console.api.wiring import (
    OPERATORS,
    IntegrityView,
    NewCheck,
    PartView,
    Wiring,
    command,
)
from milepost.operations.console.commands import run_once
from milepost.web.openapi.documented_answers import query
from milepost.web.requests.commands import Call

SEEING: Final = ("operator", "issuer", "registrar", "auditor")


@get(
    "/integrity",
    summary="Read whether all that follows from the log agrees with it",
    description="As it was found last, in the background: the log with its chain, the read models "
    "with the log, awards with what was earned, the stream in NATS with what was published. "
    "Roles: operator, issuer, registrar, auditor.",
    answers=query(),
    roles=SEEING,
)
async def get_integrity(request: Call, wiring: NamedDependency[Wiring]) -> IntegrityView:
    return view(await read_integrity(wiring.pool, request.user.tenant))


@post(
    "/integrity/checks",
    status_code=202,
    summary="Look again whether all agrees with the log",
    description="In the background, at its pace; asked twice, it is one look. Roles: operator.",
    answers=command(),
    roles=OPERATORS,
)
async def check_integrity(
    request: Call, data: JSONBody[NewCheck], wiring: NamedDependency[Wiring]
) -> IntegrityView:
    async def work(connection: Connection) -> IntegrityView:
        await ask(connection, request.user.tenant, data.parts or PARTS)
        return view(await read_integrity(connection, request.user.tenant))

    return await run_once(request, wiring.pool, IntegrityView, work)


def view(found: Integrity) -> IntegrityView:
    return IntegrityView(
        verdict=found.verdict,
        head=found.head,
        position=found.position,
        parts=tuple(map(_part, found.parts)),
    )


def _part(one: Result) -> PartView:
    return PartView(
        part=one.part,
        verdict=one.verdict,
        position=one.position,
        expected=one.expected,
        found=one.found,
        differing=one.differing,
        differences=one.differences,
        failure=one.failure,
        checked_at=one.checked_at,
        pending=one.pending,
    )
