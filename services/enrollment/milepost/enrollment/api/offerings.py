"""Offerings: open, close, read."""

from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec
from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from milepost.contracts.offerings import Mode, Pace
from milepost.contracts.rules.prerequisites import Prerequisite
from milepost.contracts.times import Moment
from milepost.enrollment.api.courses.wire import PrerequisiteBody, prerequisites_of
from milepost.enrollment.api.documented_refusals import (
    ALREADY_RETIRED,
    OFFERING_ALREADY_OPEN,
    OFFERING_INVALID,
    UNKNOWN_COURSE,
    UNKNOWN_COURSE_VERSION,
    UNKNOWN_OFFERING,
)
from milepost.enrollment.api.wiring import CATALOG_KEEPERS, NOW, Id, OfferingPath, When, Wiring
from milepost.enrollment.commands.catalog_warnings import look_up
from milepost.enrollment.domain.catalog_warnings import CatalogWarning
from milepost.enrollment.domain.course.course import COURSE
from milepost.enrollment.domain.offering.offering import OFFERING, Offering, UnknownOffering
from milepost.enrollment.domain.offering.terms import Terms, open_offering
from milepost.enrollment.domain.offering.terms import close_offering as close
from milepost.web.answers.lookup import Looked, LookedUpIds, look_up_many
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import digested, versioned
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import created, positioned
from milepost.web.requests.times import in_calendar, occurred


class OpenOffering(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Absent: `version` the latest; a time, no limit on that side; `seats` no cap.

    offer_hours     how long a freed seat is held for who waits; absent: it is theirs at once
    approval        somebody approves before one is in
    prerequisites   absent: those of the course version
    parallel_limit  how many offerings with a limit a learner may be in at once
    expires_days    who has not completed so many days after `ends` is out
    """

    course: Annotated[Id, Meta(examples=["DATA-101"])]
    version: Annotated[int, Meta(ge=1)] | None = None
    pace: Pace = "self_paced"
    window_opens: Moment | None = None
    window_closes: Moment | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    seats: Annotated[int, Meta(ge=1, le=1_000_000, examples=[50])] | None = None
    waitlist: bool = True
    offer_hours: Annotated[int, Meta(ge=1, le=8_760, examples=[48])] | None = None
    approval: bool = False
    invitation_only: bool = False
    modes: Annotated[tuple[Mode, ...], Meta(min_length=1, max_length=2)] = ("audit", "verified")
    prerequisites: Annotated[tuple[PrerequisiteBody, ...], Meta(max_length=50)] | None = None
    parallel_limit: Annotated[int, Meta(ge=1, le=1_000, examples=[3])] | None = None
    expires_days: Annotated[int, Meta(ge=0, le=3_650, examples=[14])] | None = None
    occurred_at: Moment | None = None


class OfferingView(msgspec.Struct, frozen=True, kw_only=True):
    """Seats are counted where there is a cap: `seats_taken` and `waiting` are absent elsewhere."""

    offering: str
    course: str
    version: int
    pace: Pace
    window_opens: datetime | None
    window_closes: datetime | None
    starts: datetime | None
    ends: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    seats: int | None
    waitlist: bool
    seats_taken: int | None
    waiting: int | None
    seats_offered: int | None
    offer_hours: int | None
    approval: bool
    invitation_only: bool
    modes: tuple[Mode, ...]
    prerequisites: tuple[Prerequisite, ...]
    parallel_limit: int | None
    expires_days: int | None
    cancellation_reason: str | None


class OpenedOffering(OfferingView, frozen=True, kw_only=True):
    """`warnings`: what its prerequisites name and nobody can have as things are."""

    warnings: tuple[CatalogWarning, ...]


@put(
    "/offerings/{offering:str}",
    summary="Open an offering",
    description="One run of a published course version. Enrolling is possible in "
    "[window_opens, window_closes), or until it ends. 200 instead of 201 when it is open with "
    "these facts; with other facts it stays as it is. `offering_invalid` has all faults.",
    status_code=201,
    answers=command(
        UNKNOWN_COURSE,
        UNKNOWN_COURSE_VERSION,
        ALREADY_RETIRED,
        OFFERING_INVALID,
        OFFERING_ALREADY_OPEN,
        OCCURRED_IN_FUTURE,
        also=200,
        creates=True,
    ),
    roles=CATALOG_KEEPERS,
    links=("getOffering", "listInstructors", "getOfferingOverview"),
)
async def put_offering(
    request: Call,
    offering: OfferingPath,
    data: JSONBody[OpenOffering],
    wiring: NamedDependency[Wiring],
) -> Response[OpenedOffering]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    terms = _terms(data)
    outcome = await run_command(
        request,
        wiring.transactor,
        (OFFERING.of(offering), COURSE.of(data.course)),
        lambda run, catalog: (
            open_offering(run, catalog, terms, offering=offering, occurred_at=at),
            [],
        ),
    )
    opened = view_of(offering, outcome.state(OFFERING))
    warnings = await look_up(wiring.transactor, request.user.tenant, opened.prerequisites)
    view = OpenedOffering(**msgspec.structs.asdict(opened), warnings=warnings)
    address = ("enrollment", "offerings", offering)
    return created(view, outcome.position, address, new=bool(outcome.events))


@post(
    "/offerings/{offering:str}/close",
    status_code=200,
    summary="Close an offering",
    description="Nobody is taken in any more, and no freed seat is passed on; who is in goes on. "
    "Repeating it does nothing.",
    answers=command(UNKNOWN_OFFERING, OCCURRED_IN_FUTURE),
    roles=CATALOG_KEEPERS,
)
async def close_offering(
    request: Call,
    offering: OfferingPath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[When] = NOW,
) -> Response[OfferingView]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(close, offering=offering, occurred_at=at)
    outcome = await run_command(request, wiring.transactor, OFFERING.of(offering), decide)
    return positioned(view_of(offering, outcome.state(OFFERING)), outcome.position)


@get(
    "/offerings/{offering:str}",
    summary="Read an offering",
    description="Its facts, seats taken and how many wait.",
    answers=versioned_query(UNKNOWN_OFFERING),
)
async def get_offering(
    request: Call,
    offering: OfferingPath,
    wiring: NamedDependency[Wiring],
) -> Response[OfferingView]:
    version, run = await wiring.transactor.load(request.user.tenant, OFFERING.of(offering))
    return versioned(request, view_of(offering, run), version)


class OfferingLooked(Looked, frozen=True, kw_only=True, omit_defaults=True):
    found: OfferingView | None = None


class OfferingsLooked(msgspec.Struct, frozen=True):
    """In the order they were asked for, each once."""

    results: list[OfferingLooked]


@get("/offerings", summary="Read many offerings", answers=versioned_query())
async def look_up_offerings(
    request: Call, wiring: NamedDependency[Wiring], offering: LookedUpIds = None
) -> Response[OfferingsLooked]:
    """Each as `GET /enrollment/offerings/{offering}` would answer it; one that is not there is a
    `problem`, and hinders no other. `GET /dashboards/catalog/offerings` lists them.
    """

    async def read(one: str) -> OfferingView:
        _, run = await wiring.transactor.load(request.user.tenant, OFFERING.of(one))
        return view_of(one, run)

    return digested(request, OfferingsLooked(await look_up_many(offering, read, OfferingLooked)))


HANDLERS = (put_offering, close_offering, get_offering, look_up_offerings)


def _terms(data: OpenOffering) -> Terms:
    facts = {name: getattr(data, name) for name in Terms.__struct_fields__}
    for name, value in facts.items():
        if isinstance(value, datetime):
            facts[name] = in_calendar(value, field=name)
    if data.prerequisites is not None:
        facts["prerequisites"] = prerequisites_of(data.prerequisites)
    return Terms(**facts)


def in_utc(at: datetime | None, field: str) -> datetime | None:
    """Raises `Malformed`."""
    return None if at is None else in_calendar(at, field=field)


def view_of(offering: str, run: Offering) -> OfferingView:
    """Raises `UnknownOffering`."""
    opened = run.opened
    if opened is None:
        raise UnknownOffering(offering)
    capped = opened.seats is not None
    return OfferingView(
        offering=offering,
        course=opened.course,
        version=opened.version,
        pace=opened.pace,
        window_opens=opened.window_opens,
        window_closes=opened.window_closes,
        starts=opened.starts,
        ends=opened.ends,
        opened_at=opened.occurred_at,
        closed_at=run.closed_at,
        seats=opened.seats,
        waitlist=opened.waitlist,
        seats_taken=len(run.seated) if capped else None,
        waiting=len(run.waiting) if capped else None,
        seats_offered=len(run.offered) if capped else None,
        offer_hours=opened.offer_hours,
        approval=opened.approval,
        invitation_only=opened.invitation_only,
        modes=opened.modes,
        prerequisites=opened.prerequisites,
        parallel_limit=opened.parallel_limit,
        expires_days=opened.expires_days,
        cancellation_reason=run.canceled.reason if run.canceled else None,
    )
