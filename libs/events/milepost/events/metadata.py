"""What the log keeps beside an event: who caused it, by what, as part of what."""

import msgspec

from milepost.events.log import Recorded


class Metadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Stored as a JSON object without what is None.

    actor        the caller's subject, or `policy/<name>`; it never leaves the house
    correlation  what all events have in common that one request led to
    causation    the id of the event that a policy answered with this one
    trace        a W3C traceparent
    request      a digest of the request's body, to tell a repeat from another command
    """

    actor: str | None = None
    correlation: str | None = None
    causation: str | None = None
    trace: str | None = None
    request: str | None = None

    def encode(self) -> bytes:
        return _encoder.encode(self)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Metadata)


def metadata_of(event: Recorded) -> Metadata:
    return _decoder.decode(event.metadata)
