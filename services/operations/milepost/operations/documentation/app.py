"""Wiring of the documentation, which every process that serves HTTP has: nothing else."""

from milepost.operations.documentation.api import PAGES_PER_SECOND, Library, routes
from milepost.web.room import Service
from milepost.web.settings import Settings


def service(
    settings: Settings, *, whole: bool, pages_per_second: int = PAGES_PER_SECOND
) -> Service:
    """`whole`: the process serves all rooms. `pages_per_second` to one address; 0: any number."""
    library = Library(settings.public_origin, whole=whole, pages_per_second=pages_per_second)
    return Service(name="documentation", routes=(routes(library),))
