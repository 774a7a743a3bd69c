"""Pages with one form each: open an offering, change, move everybody, cancel. The form is a
command of the API.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import asyncpg
from litestar import Response, get
from litestar.params import QueryParameter

from milepost.contracts.ids import ID
from milepost.dashboards.api.parameters import PathKey
from milepost.dashboards.pages.office.running import opening_facts, running_facts
from milepost.dashboards.pages.office.wiring import OFFICE, SHELL, Pool
from milepost.dashboards.queries.lists.runs import RunView
from milepost.pages.locales import Locale
from milepost.pages.shell import PageRequest

# The codes that the forms offer: what is stored is the code.
REASONS: Final = ("low_demand", "rescheduled", "no_instructor", "mistake", "other")


@get("/office/new-offering", roles=OFFICE)
async def get_new_offering(
    request: PageRequest,
    pool: Pool,
    course: Annotated[str | None, QueryParameter(pattern=ID)] = None,
) -> Response[bytes]:
    """`course`: the one that is chosen already."""
    locale = SHELL.locale(request)
    facts = await opening_facts(pool, request.user.tenant, language=locale.language)
    named = [(one.course, f"{one.title} ({one.course})") for one in facts.courses or ()]
    return SHELL.render(
        request,
        "opening.html",
        area="office",
        page=facts,
        course=course,
        courses=[_unchosen(locale), *named],
    )


@get("/office/offerings/{offering:str}/change", roles=OFFICE)
async def get_offering_change(
    request: PageRequest, offering: PathKey, pool: Pool
) -> Response[bytes]:
    """Its dates, seats and waitlist."""
    return await _form(request, offering, pool, "change.html")


@get("/office/offerings/{offering:str}/move", roles=OFFICE)
async def get_offering_move(request: PageRequest, offering: PathKey, pool: Pool) -> Response[bytes]:
    """Everybody on in another offering."""
    return await _form(request, offering, pool, "move.html")


@get("/office/offerings/{offering:str}/cancel", roles=OFFICE)
async def get_offering_cancel(
    request: PageRequest, offering: PathKey, pool: Pool
) -> Response[bytes]:
    """What follows, and for how many; then whether."""
    return await _form(request, offering, pool, "cancel.html")


HANDLERS = (get_new_offering, get_offering_change, get_offering_move, get_offering_cancel)


async def _form(
    request: PageRequest, offering: str, pool: asyncpg.Pool, template: str
) -> Response[bytes]:
    locale = SHELL.locale(request)
    facts = await running_facts(pool, request.user.tenant, offering, language=locale.language)
    return SHELL.render(
        request,
        template,
        area="office",
        page=facts,
        run=facts.run,
        runs=[_unchosen(locale), *((one.offering, _named(one, locale)) for one in facts.others)],
        reasons=_reasons(locale),
    )


def _unchosen(locale: Locale) -> tuple[str, str]:
    return "", locale.text("choose")


def _reasons(locale: Locale) -> Sequence[tuple[str, str]]:
    return [(one, locale.text(f"reason.{one}")) for one in REASONS]


def _named(run: RunView, locale: Locale) -> str:
    """Told apart by when they begin: runs of one course have one title."""
    if run.starts is None:
        return run.offering
    return f"{run.offering} · {locale.text('starts', at=locale.date(run.starts))}"
