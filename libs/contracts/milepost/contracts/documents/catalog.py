"""What is published, as a list: for who looks for an event's subject or schema."""

from typing import Any, Final

from milepost.contracts.documents.event_schemas import event_types

PATH: Final = "/schema/events"


def document(origin: str) -> dict[str, Any]:
    return {
        "events": [
            {
                "name": event.name,
                "version": event.version,
                "service": event.service,
                "type": f"milepost.{event.tag}",
                "subject": f"milepost.{{tenant}}.{event.service}.{event.name}",
                "title": event.title,
                "summary": event.summary,
                "schema": origin + event.path,
            }
            for event in event_types()
        ]
    }
