"""One credential as who issues it sees it: where it stands, what earned it, what became of it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec

from milepost.contracts import streams
from milepost.contracts.records import Evidence
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.refusals import NotHeld
from milepost.credentials.pages.issuing.wiring import Issuance
from milepost.credentials.public.criteria_words import Clause
from milepost.credentials.public.found import Found
from milepost.events.event import Event
from milepost.events.log import Recorded
from milepost.events.metadata import metadata_of

MOST_EVIDENCE = 50
MOST_HISTORY = 200


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the log. `what` is its type; `actor`: who did it, None where nobody is named."""

    position: int
    what: str
    stream: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str | None
    reason: str | None = None


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of evidence, and the event that it names; None: it names none in this log."""

    evidence: Evidence
    event: Happened | None


class OneCredential(msgspec.Struct, frozen=True, kw_only=True):
    """`history`: what became of it, the latest first. `links`: that open it now."""

    found: Found
    name: str
    criteria: Clause
    evidence: Sequence[Proven]
    more_evidence: int
    history: Sequence[Happened]
    public: bool
    links: int
    address: str


async def one_credential(
    wiring: Issuance, tenant: str, learner: str, credential: str, language: str
) -> OneCredential:
    """Raises `NotHeld`."""
    found = await wiring.lookup.of(tenant, learner, credential)
    if found is None:
        raise NotHeld(learner, credential)
    evidence = found.credential.evidence
    shown = evidence[:MOST_EVIDENCE]
    events = await asyncio.gather(*(_event(wiring, tenant, one.position) for one in shown))
    definition = found.definition
    skills = {one.url: one.name for one in definition.skills}
    return OneCredential(
        found=found,
        name=definition.names.get(language, definition.name),
        criteria=await wiring.clause(tenant, definition.criteria, language, skills),
        evidence=[
            Proven(evidence=one, event=event) for one, event in zip(shown, events, strict=True)
        ],
        more_evidence=len(evidence) - len(shown),
        history=await _history(wiring, tenant, learner, credential),
        public=found.sharing.is_public(definition.visibility),
        links=len(found.sharing.open_links(wiring.clock())),
        address=f"{wiring.base}/c/{credential}",
    )


async def _event(wiring: Issuance, tenant: str, position: int | None) -> Happened | None:
    if position is None or position < 1:
        return None
    events = await wiring.log.read(tenant, position - 1, 1)
    return _happened(events[0]) if events and events[0].position == position else None


async def _history(
    wiring: Issuance, tenant: str, learner: str, credential: str
) -> Sequence[Happened]:
    recorded = await wiring.log.read_stream(tenant, streams.record(learner))
    read = ((one, RECORD.codec.read(one)) for one in recorded)
    own = [_happened(one, event) for one, event in read if _names(event) == credential]
    return own[: -MOST_HISTORY - 1 : -1]


def _names(event: Event) -> str | None:
    return getattr(event, "credential", None)


def _happened(one: Recorded, event: Event | None = None) -> Happened:
    return Happened(
        position=one.position,
        what=one.type,
        stream=one.stream,
        occurred_at=one.occurred_at,
        recorded_at=one.recorded_at,
        actor=metadata_of(one).actor,
        reason=getattr(event, "reason", None),
    )
