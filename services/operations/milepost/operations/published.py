"""What others may see, and in whose name: the union `Published` of each service."""

from collections.abc import Mapping, Sequence
from typing import get_args

from milepost.credentials import events as credentials
from milepost.enrollment import events as enrollment
from milepost.events.event import name_of, tag_of
from milepost.operations.trouble import WrongUsage
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


def require_published(names: Sequence[str]) -> None:
    """Raises `WrongUsage` with those that are no event's."""
    known = {name_of(tag) for tag in PUBLISHED}
    if wrong := [name for name in names if name not in known]:
        there = ", ".join(sorted(known))
        raise WrongUsage(f"Nobody publishes {', '.join(map(repr, wrong))}. There are: {there}.")
