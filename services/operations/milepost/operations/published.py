"""What others may see, and in whose name: the union `Published` of each service."""

from collections.abc import Mapping
from typing import get_args

from milepost.credentials import events as credentials
from milepost.enrollment import events as enrollment
from milepost.events.event import tag_of
from milepost.progress import events as progress

# For each tag the service that it belongs to.
PUBLISHED: Mapping[str, str] = {
    tag_of(event): service
    for service, union in (
        ("enrollment", enrollment.Published),
        ("progress", progress.Published),
        ("credentials", credentials.Published),
    )
    for event in get_args(union)
}
