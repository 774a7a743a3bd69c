"""An event as it goes out over HTTP: a CloudEvent 1.0 in JSON, with the attributes it has on NATS.

Positions are texts: an integer of CloudEvents has 32 bits, and a log may grow beyond.
"""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from milepost.contracts.documents.addresses import dataschemas
from milepost.contracts.documents.envelope import CloudEvent
from milepost.contracts.published import PUBLISHED
from milepost.events.log import Recorded
from milepost.events.metadata import metadata_of
from milepost.events.nats.cloudevents import TYPE_PREFIX, data_of, percent_encoded
from milepost.events.streams import key_of
from milepost.web.settings import Settings

MEDIA_TYPE = "application/cloudevents+json"
BATCH_MEDIA_TYPE = "application/cloudevents-batch+json"


def cloud_event(event: Recorded, dataschemas: Mapping[str, str]) -> CloudEvent:
    """`dataschemas`: where the schema of each type is. Raises `KeyError` for an event that is not
    published.
    """
    stream, metadata = percent_encoded(event.stream), metadata_of(event)
    return CloudEvent(
        specversion="1.0",
        id=event.event_id,
        source=f"/milepost/{event.tenant}/{PUBLISHED[event.type]}",
        type=TYPE_PREFIX + event.type,
        time=event.occurred_at,
        subject=key_of(stream),
        datacontenttype="application/json",
        dataschema=dataschemas.get(event.type),
        tenant=event.tenant,
        position=str(event.position),
        stream=stream,
        streamversion=str(event.version),
        recordedat=event.recorded_at,
        correlationid=metadata.correlation,
        causationid=metadata.causation,
        traceparent=metadata.trace,
        data=msgspec.Raw(data_of(event)),
    )


_encoder = msgspec.json.Encoder()


def encoded(event: Recorded, dataschemas: Mapping[str, str]) -> bytes:
    return _encoder.encode(cloud_event(event, dataschemas))


def encoding(settings: Settings) -> Callable[[Recorded], bytes]:
    """With the addresses of the schemas, where this installation is reached."""
    return partial(encoded, dataschemas=dataschemas(settings.public_origin))
