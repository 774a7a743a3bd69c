"""What the routes of this service take: who may call, path, query and header."""

from datetime import date, datetime
from typing import Annotated, TypeAlias

import asyncpg
import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.spec.enums import OpenAPIFormat
from litestar.params import PathParameter, QueryParameter

from milepost.contracts.ids import LANGUAGE, READ_MODEL_KEY
from milepost.contracts.times import Moment
from milepost.web.auth.own_offerings import is_limited
from milepost.web.auth.tokens import Caller
from milepost.web.problems import Malformed
from milepost.web.requests.times import in_calendar

STAFF = ("instructor", "registrar", "issuer", "operator", "service", "auditor")
# Whose business all of a school is: instructors see own offerings.
WHOLE_SCHOOL = STAFF[1:]

Call: TypeAlias = Request[Caller, None, State]
Pool: TypeAlias = NamedDependency[asyncpg.Pool]
Now: TypeAlias = NamedDependency[datetime]  # UTC
PathKey: TypeAlias = Annotated[str, PathParameter(pattern=READ_MODEL_KEY, description="Its id")]
Filter: TypeAlias = Annotated[str | None, QueryParameter(pattern=READ_MODEL_KEY)]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=500, description="Rows in a page")]
After: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        pattern=r"^[A-Za-z0-9_=-]{1,2000}(?![\s\S])",
        description="`next` of the page before",
    ),
]
Language: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        pattern=LANGUAGE,
        description="Titles in this language where there is one (a BCP 47 tag; de-CH finds de)",
    ),
]
Time: TypeAlias = Annotated[
    str | None, QueryParameter(format=OpenAPIFormat.DATE_TIME, description="With its UTC offset")
]
Day: TypeAlias = Annotated[
    str | None, QueryParameter(format=OpenAPIFormat.DATE, description="A day of UTC: its end")
]
ScoreBucket: TypeAlias = Annotated[
    int | None,
    QueryParameter(
        ge=0, le=9, description="Those with a score in this tenth of 0 to 1; the 1 is in the last"
    ),
]


def whose(caller: Caller, learner: str | None) -> str | None:
    """A learner who names nobody asks for their own rows. Raises `NotYourOwn`."""
    if learner is None and caller.roles.isdisjoint(STAFF):
        learner = caller.subject
    if learner is not None:
        caller.may_act_for(learner, *STAFF)
    return learner


def limit_of(caller: Caller, learner: str | None = None) -> str | None:
    """The instructor who is shown own offerings only; None for whoever sees them all, and for the
    `learner` of whom it is asked.
    """
    own = learner == caller.subject and "learner" in caller.roles
    return caller.subject if is_limited(caller, STAFF) and not own else None


def asks_as_learner(caller: Caller, learner: str | None) -> bool:
    """Whether the rows of this `learner` are the caller's as their own, by no other role."""
    return caller.roles.isdisjoint(WHOLE_SCHOOL) and limit_of(caller, learner) is None


def parse_time(name: str, text: str | None) -> datetime | None:
    """In UTC. Litestar would take a number for one, and a time without its offset. Raises
    `Malformed`.
    """
    if text is None:
        return None
    try:
        at = msgspec.convert(text, Moment)
    except msgspec.ValidationError as fault:
        raise Malformed(f"{name} is a time with its UTC offset.", query=name) from fault
    return in_calendar(at, query=name)


def parse_day(name: str, text: str | None) -> date | None:
    """Raises `Malformed`."""
    if text is None:
        return None
    try:
        return msgspec.convert(text, date)
    except msgspec.ValidationError as fault:
        raise Malformed(f"{name} is a day, as 2026-03-01.", query=name) from fault


def begun(name: str, day: date, now: datetime) -> date:
    """Raises `Malformed` for a day to come."""
    if day > now.date():
        raise Malformed(f"{name} is still to come.", query=name)
    return day
