"""Wiring of deliveries, nothing else."""

import msgspec

from milepost.events.subscriptions.handler import TransactionalHandler
from milepost.subscriptions.envelope import encoding
from milepost.subscriptions.webhooks.api.wiring import Wiring as Webhooks
from milepost.subscriptions.webhooks.delivery.backfills import Backfills
from milepost.subscriptions.webhooks.delivery.disable import disabler
from milepost.subscriptions.webhooks.delivery.handler import webhooks_handler
from milepost.subscriptions.webhooks.delivery.log.api import Wiring
from milepost.subscriptions.webhooks.delivery.log.redeliveries import Redeliveries
from milepost.subscriptions.webhooks.delivery.log.store import DeliveryLog
from milepost.subscriptions.webhooks.delivery.matching import Matching
from milepost.subscriptions.webhooks.delivery.pruning import Pruning
from milepost.subscriptions.webhooks.delivery.sending.lanes import OF_PROCESS
from milepost.subscriptions.webhooks.delivery.sending.loading import Loading
from milepost.subscriptions.webhooks.delivery.sending.outcomes import Outcomes
from milepost.subscriptions.webhooks.delivery.sending.sender import Sender
from milepost.subscriptions.webhooks.register import Register
from milepost.web.outbound.client import Outbound
from milepost.web.outbound.hosts import Hosts
from milepost.web.room import Context
from milepost.web.settings import Settings

# How long a connection to an endpoint stays open behind a call.
KEEP_SECONDS = 10.0


class Delivery(msgspec.Struct, frozen=True):
    """What a process that serves subscriptions does beside answering."""

    handler: TransactionalHandler
    sender: Sender
    backfills: Backfills
    pruning: Pruning


def delivery(context: Context, register: Register) -> Delivery:
    pool, log, clock = context.pool, context.transactor.log, context.clock
    matching = Matching(log)
    outcomes = Outcomes(pool, disabler(context.transactor, clock), clock)
    return Delivery(
        handler=webhooks_handler(log, matching, clock),
        sender=Sender(
            pool,
            Loading(log, register),
            outcomes,
            outbound_of(context.settings),
            encode=encoding(context.settings),
            clock=clock,
        ),
        backfills=Backfills(pool, log, register, matching, clock),
        pruning=Pruning(pool, context.settings.webhook_log_days, clock),
    )


def delivering(context: Context, webhooks: Webhooks) -> Wiring:
    """For the routes."""
    return Wiring(
        webhooks=webhooks,
        pool=context.pool,
        log=DeliveryLog(context.pool),
        redeliveries=Redeliveries(context.pool),
        # A test message is seldom: nothing is kept open for it, and nobody need close it.
        outbound=Outbound(Hosts.read(context.settings.outbound_private)),
        encode=encoding(context.settings),
        clock=context.clock,
    )


def outbound_of(settings: Settings) -> Outbound:
    """Connections are kept by host: one that keeps its callers waiting takes none of others'.

    How many calls there may be is for lanes to say, by school: they share no limit here.
    """
    private = Hosts.read(settings.outbound_private)
    return Outbound(private, connections=OF_PROCESS, keep_seconds=KEEP_SECONDS)
