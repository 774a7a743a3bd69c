"""Whether the NATS server takes what the log may hold."""

from nats.js.api import StreamConfig

from milepost.events.sizes import NATS_PAYLOAD


def payload_taken(max_payload: int, config: StreamConfig | None) -> int:
    """How many bytes a message may have, headers and data: as the server and the stream say."""
    of_stream = (config.max_msg_size if config else None) or 0
    return min(max_payload, of_stream) if of_stream > 0 else max_payload


def payload_faults(max_payload: int, config: StreamConfig | None = None) -> list[str]:
    """What is wrong with the server's setting and the stream's, a sentence each; pure."""
    faults = []
    if max_payload < NATS_PAYLOAD:
        faults.append(
            f"NATS takes messages of {max_payload:,} bytes, and events may need {NATS_PAYLOAD:,}:"
            " set max_payload to 8MB"
        )
    if (taken := payload_taken(NATS_PAYLOAD, config)) < NATS_PAYLOAD:
        faults.append(
            f"the stream takes messages of {taken:,} bytes, and events may need"
            f" {NATS_PAYLOAD:,}: take its max_msg_size away"
        )
    return faults
