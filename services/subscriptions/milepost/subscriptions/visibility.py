"""Who is told of which events, and whose webhooks are whose.

    role                                                is told of
    --------------------------------------------------  -------------------------------------------
    service, registrar, issuer, operator, auditor       all that the tenant publishes
    instructor                                          what belongs to offerings they teach now
    learner                                             what is about themselves

Who has several roles is told of all that each of them is. Those of the last two are not told of a
credential that is withheld: they hear of it by its release. Who teaches is asked of the log each
time, so whoever was removed is told no more.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from milepost.contracts.offerings import INSTRUCTORS
from milepost.events.commands.transact import Transactor
from milepost.events.log import Recorded
from milepost.subscriptions.domain.facets import NONE, Facets, Ids, released_by
from milepost.subscriptions.selection import Selection
from milepost.web.auth.own_offerings import INSTRUCTOR
from milepost.web.auth.tokens import Caller

LEARNER: Final = "learner"
# They see, and change, every webhook of their tenant.
KEEPERS: Final = ("registrar", "issuer", "operator")
# Who may have webhooks at all: a `service` has those that it made.
SUBSCRIBERS: Final = ("service", *KEEPERS)
UNLIMITED: Final = (*SUBSCRIBERS, "auditor")
READERS_OF_OTHERS: Final = (*UNLIMITED, INSTRUCTOR)
READERS: Final = (*READERS_OF_OTHERS, LEARNER)


def may_change(caller: Caller, created_by: str) -> bool:
    """Whether a webhook, or the like, that this subject made is theirs; if not, it is not there.

    They have one of the roles `SUBSCRIBERS`: the route says so.
    """
    return created_by == caller.subject or not caller.roles.isdisjoint(KEEPERS)


class Audience(msgspec.Struct, frozen=True):
    """Whom an event is for, beside those who are told of everything."""

    learners: Ids = NONE
    instructors: Ids = NONE


class Viewer(msgspec.Struct, frozen=True):
    """What the roles of a token let its subject see."""

    subject: str
    everything: bool = False
    teaches: bool = False
    learns: bool = False

    @classmethod
    def of(cls, caller: Caller) -> "Viewer":
        """Raises `RoleMissing`."""
        caller.require(*READERS)
        return cls(
            caller.subject,
            everything=not caller.roles.isdisjoint(UNLIMITED),
            teaches=INSTRUCTOR in caller.roles,
            learns=LEARNER in caller.roles,
        )

    def sees(self, audience: Audience) -> bool:
        return (
            self.everything
            or (self.learns and self.subject in audience.learners)
            or (self.teaches and self.subject in audience.instructors)
        )


class Visibility:
    """Of one process. What it knows of events it shares with those who filter."""

    def __init__(self, transactor: Transactor, selection: Selection) -> None:
        self._transactor = transactor
        self._selection = selection

    async def visible(self, viewer: Viewer, events: Sequence[Recorded]) -> Sequence[Recorded]:
        """Those of them that the viewer is told of, in order. They are of one tenant."""
        if viewer.everything or not events:
            return events
        audiences = await self.audiences(events, await self._selection.facets(events))
        return [event for event, one in zip(events, audiences, strict=True) if viewer.sees(one)]

    async def audiences(
        self, events: Sequence[Recorded], facets: Sequence[Facets]
    ) -> list[Audience]:
        """Of each event, with the facets it has."""
        return list(await asyncio.gather(*map(self._audience, events, facets)))

    async def _audience(self, event: Recorded, facets: Facets) -> Audience:
        if facets.withheld and not await self._is_out(event):
            return Audience()
        if facets.home is None:
            return Audience(facets.learners)
        stream = INSTRUCTORS.of(facets.home)
        _, assigned = await self._transactor.load(event.tenant, stream)
        return Audience(facets.learners, frozenset(assigned.subjects))

    async def _is_out(self, event: Recorded) -> bool:
        record = await self._transactor.log.read_stream(event.tenant, event.stream)
        return released_by(record, event)
