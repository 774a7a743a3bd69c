"""Offerings that run: change them, cancel them."""

from functools import partial
from typing import Annotated

from litestar import Response, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from milepost.contracts.times import Moment
from milepost.enrollment.api.documented_refusals import (
    NOT_RUNNING,
    OFFERING_INVALID,
    UNKNOWN_OFFERING,
)
from milepost.enrollment.api.enrollment_steps import Reasoned
from milepost.enrollment.api.offerings import OfferingView, in_utc, view_of
from milepost.enrollment.api.wiring import CATALOG_KEEPERS, OfferingPath, Wiring
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.domain.offering.terms import Changes
from milepost.enrollment.domain.offering.terms import cancel_offering as cancel
from milepost.enrollment.domain.offering.terms import change_offering as change
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned
from milepost.web.requests.times import occurred


class ChangeOffering(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Absent: stays. null: no limit on that side; `offer_hours`: who waits first is in at once."""

    window_opens: Moment | UnsetType | None = UNSET
    window_closes: Moment | UnsetType | None = UNSET
    ends: Moment | UnsetType | None = UNSET
    seats: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType | None = UNSET
    waitlist: bool | UnsetType = UNSET
    offer_hours: Annotated[int, Meta(ge=1, le=8_760)] | UnsetType | None = UNSET
    occurred_at: Moment | None = None


@patch(
    "/offerings/{offering:str}",
    summary="Change an offering",
    description="Seats that are added go to those who wait; fewer seats evict nobody: they are "
    "not given again. A cap neither comes nor goes.",
    answers=command(*NOT_RUNNING, OFFERING_INVALID, OCCURRED_IN_FUTURE),
    roles=CATALOG_KEEPERS,
)
async def change_offering(
    request: Call,
    offering: OfferingPath,
    data: JSONBody[ChangeOffering],
    wiring: NamedDependency[Wiring],
) -> Response[OfferingView]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    changes = _changes(data)
    decide = partial(change, changes=changes, offering=offering, occurred_at=at)
    outcome = await run_command(request, wiring.transactor, OFFERING.of(offering), decide)
    return positioned(view_of(offering, outcome.state(OFFERING)), outcome.position)


@post(
    "/offerings/{offering:str}/cancel",
    status_code=200,
    summary="Cancel an offering",
    description="It does not take place: whoever is in, waits or has asked is canceled for the "
    "same reason, a moment later. Who has completed stays so. Repeating it does nothing.",
    answers=command(UNKNOWN_OFFERING, OCCURRED_IN_FUTURE),
    roles=CATALOG_KEEPERS,
)
async def cancel_offering(
    request: Call,
    offering: OfferingPath,
    data: JSONBody[Reasoned],
    wiring: NamedDependency[Wiring],
) -> Response[OfferingView]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(cancel, offering=offering, reason=data.reason, occurred_at=at)
    outcome = await run_command(request, wiring.transactor, OFFERING.of(offering), decide)
    return positioned(view_of(offering, outcome.state(OFFERING)), outcome.position)


HANDLERS = (change_offering, cancel_offering)


def _changes(data: ChangeOffering) -> Changes:
    """With times in UTC, as everything that is stored."""
    changed = {name: getattr(data, name) for name in Changes.__struct_fields__}
    for name in ("window_opens", "window_closes", "ends"):
        if (at := changed[name]) is not UNSET and at is not None:
            changed[name] = in_utc(at, name)
    return Changes(**changed)
