"""What a policy answers to an event, as commands that are done once per event.

`settle` runs policies in-process on events just appended, for a caller that wants to go on only
when everything that follows has followed. The commands carry the ids that the durable consumers
will use: when the same events reach those, they find everything done.
"""

from collections import deque
from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec
import structlog
from prometheus_client import Counter

from milepost.events.commands.transact import Transactor
from milepost.events.event import Refused
from milepost.events.log import Recorded
from milepost.events.metadata import Metadata, metadata_of
from milepost.events.policies.policy import Policy, reaction_id

REFUSED = Counter("milepost_policy_refused", "Reactions that a rule refused", ["policy", "refusal"])

_log = structlog.get_logger()


class ReactionOutcome(msgspec.Struct, frozen=True):
    """What was appended (or had been, by the same reactions), and what was refused for good."""

    events: tuple[Recorded, ...] = ()
    refusals: tuple[Refused, ...] = ()


async def run_to_quiescence(
    transactor: Transactor, policies: Collection[Policy], events: Sequence[Recorded]
) -> ReactionOutcome:
    """Run the policies that hear these events, then those that hear what came of it, and so on."""
    waiting = deque(events)
    appended: list[Recorded] = []
    refusals: list[Refused] = []
    while waiting:
        event = waiting.popleft()
        for policy in policies:
            if any(tag == event.type for _, tag in policy.types):
                came = await run_reactions(transactor, policy, event)
                waiting.extend(came.events)
                appended.extend(came.events)
                refusals.extend(came.refusals)
    return ReactionOutcome(tuple(appended), tuple(refusals))


async def run_reactions(
    transactor: Transactor, policy: Policy, event: Recorded, done: Collection[UUID] = ()
) -> ReactionOutcome:
    """Do what one policy answers to one event, but for the reactions already `done`."""
    metadata = metadata_for(policy, event)
    appended: list[Recorded] = []
    refusals: list[Refused] = []
    for number, reaction in enumerate(await policy.react(event)):
        command_id = reaction_id(policy.name, event.event_id, number)
        if command_id in done:
            continue
        try:
            outcome = await transactor.transact(
                event.tenant,
                reaction.stream,
                reaction.decide,
                command_id=command_id,
                metadata=metadata,
            )
        except Refused as refusal:
            _tell(policy, event, refusal)
            refusals.append(refusal)
        else:
            appended.extend(outcome.events)
    return ReactionOutcome(tuple(appended), tuple(refusals))


def metadata_for(policy: Policy, event: Recorded) -> bytes:
    """A reaction's metadata: caused by the event, part of what the event is part of."""
    before = metadata_of(event)
    return Metadata(
        actor=f"policy/{policy.name}",
        correlation=before.correlation or str(event.event_id),
        causation=str(event.event_id),
        trace=before.trace,
    ).encode()


def _tell(policy: Policy, event: Recorded, refusal: Refused) -> None:
    REFUSED.labels(policy.name, type(refusal).__name__).inc()
    _log.info(
        "reaction_refused",
        policy=policy.name,
        tenant=event.tenant,
        position=event.position,
        refusal=type(refusal).__name__,
        facts=refusal.facts,
    )
