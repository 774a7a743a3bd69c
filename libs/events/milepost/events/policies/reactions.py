"""Does what policies answer to events: as commands that are done once per event.

`policy_handler` is what a subscription runs. `run_to_quiescence` runs policies in-process on
events just appended, for a caller that goes on only when everything that follows has followed. The
commands carry the ids that the subscriptions will use: when the same events reach those, they find
everything done.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec
import structlog
from prometheus_client import Counter

from milepost.events.commands.transact import Transactor
from milepost.events.event import Refused
from milepost.events.log import Log, Recorded
from milepost.events.metadata import Metadata, metadata_of
from milepost.events.policies.policy import Policy, Reactions, reaction_id
from milepost.events.subscriptions.handler import Handler

REFUSED = Counter("milepost_policy_refused", "Reactions that a rule refused", ["policy", "refusal"])

_log = structlog.get_logger()


class ReactionOutcome(msgspec.Struct, frozen=True):
    """What was appended (or had been, by the same reactions), and what was refused for good."""

    events: tuple[Recorded, ...] = ()
    refusals: tuple[Refused, ...] = ()


def policy_handler(policy: Policy, transactor: Transactor) -> Handler:
    """A policy as a subscription runs it.

    One query a batch finds what has been done before: by another process, or by an import that
    reacted to its own events. Nobody need decide that again.
    """
    done: dict[str, set[UUID]] = {}

    async def prefetch(events: Sequence[Recorded]) -> None:
        done.update(await _first_reactions_done(transactor.log, policy.name, events))

    async def handle(event: Recorded) -> None:
        before = done.get(event.tenant, ())
        await run_reactions(transactor, policy.name, event, await policy.react(event), before)

    return Handler(policy.name, policy.types, handle, prefetch=prefetch)


async def run_to_quiescence(
    transactor: Transactor, policies: Collection[Policy], events: Sequence[Recorded]
) -> ReactionOutcome:
    """Run the policies on these events, then on those that came of it, until no more come."""
    waiting = deque(events)
    appended: list[Recorded] = []
    refusals: list[Refused] = []
    while waiting:
        event = waiting.popleft()
        for policy in policies:
            if any(tag == event.type for _, tag in policy.types):
                reactions = await policy.react(event)
                outcome = await run_reactions(transactor, policy.name, event, reactions)
                waiting.extend(outcome.events)
                appended.extend(outcome.events)
                refusals.extend(outcome.refusals)
    return ReactionOutcome(tuple(appended), tuple(refusals))


async def run_reactions(
    transactor: Transactor,
    policy: str,
    event: Recorded,
    reactions: Reactions,
    done: Collection[UUID] = (),
) -> ReactionOutcome:
    """Do these reactions to an event, but for those whose ids are among `done`."""
    metadata = _caused_by(policy, event)
    appended: list[Recorded] = []
    refusals: list[Refused] = []
    for number, reaction in enumerate(reactions):
        command_id = reaction_id(policy, event.event_id, number)
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
            _report(policy, event, refusal)
            refusals.append(refusal)
        else:
            appended.extend(outcome.events)
    return ReactionOutcome(tuple(appended), tuple(refusals))


async def _first_reactions_done(
    log: Log, policy: str, events: Sequence[Recorded]
) -> dict[str, set[UUID]]:
    """By tenant, of each that has an event among these."""
    ids: defaultdict[str, list[UUID]] = defaultdict(list)
    for event in events:
        ids[event.tenant].append(reaction_id(policy, event.event_id, 0))
    return {tenant: {*await log.done(tenant, some)} for tenant, some in ids.items()}


def _caused_by(policy: str, event: Recorded) -> bytes:
    """Metadata of a reaction: caused by the event, part of what the event is part of."""
    before = metadata_of(event)
    return Metadata(
        actor=f"policy/{policy}",
        correlation=before.correlation or str(event.event_id),
        causation=str(event.event_id),
        trace=before.trace,
    ).encode()


def _report(policy: str, event: Recorded, refusal: Refused) -> None:
    REFUSED.labels(policy, type(refusal).__name__).inc()
    _log.info(
        "reaction_refused",
        policy=policy,
        tenant=event.tenant,
        position=event.position,
        refusal=type(refusal).__name__,
        facts=refusal.facts,
    )
