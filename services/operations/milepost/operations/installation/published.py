"""Names of events on the command line."""

from collections.abc import Sequence

from milepost.contracts.published import PUBLISHED
from milepost.events.event import name_of
from milepost.operations.terminal.errors import WrongUsage


def require_published(names: Sequence[str]) -> None:
    """Raises `WrongUsage` with those that are no event's."""
    published = {name_of(tag) for tag in PUBLISHED}
    if wrong := [name for name in names if name not in published]:
        names = ", ".join(sorted(published))
        raise WrongUsage(f"Nobody publishes {', '.join(map(repr, wrong))}. There are: {names}.")
