"""What the routes share: ids, roles, times, and what they are given to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from litestar.params import PathParameter, QueryParameter
from msgspec import Meta, Struct

from milepost.contracts.ids import ID, ID_IN_WORDS, LANGUAGE, TEXT
from milepost.contracts.times import Moment
from milepost.events.commands.transact import Transactor
from milepost.events.event import Forbidden
from milepost.web.auth.tokens import Caller
from milepost.web.requests.json_body import Body
from milepost.web.requests.times import occurred
from milepost.web.settings import Settings

T = TypeVar("T")

CATALOG_KEEPERS = ("registrar", "operator", "service")
ENROLLERS = ("registrar", "service")
LEARNERS_AND_ENROLLERS = ("learner", *ENROLLERS)
ENROLLMENT_READERS = ("instructor", "registrar", "operator", "service", "auditor")

Id = Annotated[str, Meta(pattern=ID, description=ID_IN_WORDS)]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=TEXT)]

CoursePath = Annotated[str, PathParameter(pattern=ID, description="The course's code")]
ProgramPath = Annotated[str, PathParameter(pattern=ID, description="The program's code")]
OfferingPath = Annotated[str, PathParameter(pattern=ID, description="The offering's id")]
AskedLanguage = Annotated[
    str | None, QueryParameter(pattern=LANGUAGE, description="A BCP 47 language tag")
]
EnrollmentPath = Annotated[str, PathParameter(pattern=ID, description="The enrollment's id")]


@dataclass
class MayNotBackdate(Forbidden):
    """Learners say what they do now; that it happened earlier, the registrar says."""

    occurred_at: datetime
    earliest: datetime


class Wiring(Struct, frozen=True):
    """What the routes are given to work with."""

    transactor: Transactor
    settings: Settings
    clock: Callable[[], datetime]

    @property
    def skew(self) -> timedelta:
        """How far a caller's clock may be off, either way."""
        return timedelta(seconds=self.settings.clock_skew_seconds)

    def occurred(self, caller: Caller, at: datetime | None) -> datetime:
        """When it happened, in UTC, as the caller says: absent, now.

        Raises `OccurredInFuture`, `MayNotBackdate`: a closed window would not be one.
        """
        now = self.clock()
        if at is None:
            return now
        when = occurred(at, self.settings, now)
        if when < now - self.skew and caller.roles.isdisjoint(ENROLLERS):
            raise MayNotBackdate(when, now - self.skew)
        return when


class When(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Absent: now."""

    occurred_at: Moment | None = None


NOW = When()
