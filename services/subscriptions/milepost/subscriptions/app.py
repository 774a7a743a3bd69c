"""Wiring of the subscriptions service, nothing else."""

from milepost.subscriptions.feed import app as feed
from milepost.subscriptions.partners import app as partners
from milepost.subscriptions.partners.subscriber import SUBSCRIBER
from milepost.subscriptions.webhooks import app as webhooks
from milepost.subscriptions.webhooks.delivery import personal_data as deliveries
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK
from milepost.web.room import Room

ROOM = Room(
    "subscriptions",
    services=(feed.service, webhooks.service, partners.service),
    personal_data=(deliveries.personal_data,),
    categories=(WEBHOOK, SUBSCRIBER),
)
