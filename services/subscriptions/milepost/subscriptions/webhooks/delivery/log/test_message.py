"""A message that only tests: signed like any other, and said to be one."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from milepost.events.nats.cloudevents import TYPE_PREFIX

NAME: Final = "webhook.test"


class _Data(msgspec.Struct, frozen=True):
    webhook: str
    test: bool = True


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    specversion: str = "1.0"
    id: UUID
    source: str
    type: str = TYPE_PREFIX + NAME
    time: datetime
    datacontenttype: str = "application/json"
    tenant: str
    data: _Data


def message_body(tenant: str, webhook: str, message: UUID, at: datetime) -> bytes:
    """The same for the same arguments."""
    source = f"/milepost/{tenant}/subscriptions"
    told = _Message(id=message, source=source, time=at, tenant=tenant, data=_Data(webhook))
    return msgspec.json.encode(told)
