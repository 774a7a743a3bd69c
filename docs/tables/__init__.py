"""The parts of the reference that are made from the code, so that nobody types them twice.

A page asks for one with a line of its own: `<!-- from code: settings -->`.
"""

import re
from collections.abc import Callable, Mapping

from docs.tables.commands import commands
from docs.tables.events import events
from docs.tables.metrics import metrics
from docs.tables.problems import problems
from docs.tables.read_models import read_models
from docs.tables.routes import routes
from docs.tables.settings import settings
from docs.tables.sizes import sizes
from sphinx.application import Sphinx

TABLES: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "events": events,
    "metrics": metrics,
    "problems": problems,
    "read models": read_models,
    "routes": routes,
    "settings": settings,
    "sizes": sizes,
}
PLACE = re.compile(r"^<!-- from code: ([a-z ]+) -->$", re.MULTILINE)


def insert_tables(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Sphinx hands over a page's text as the only item of a list, to be changed in place."""
    source[0] = PLACE.sub(lambda place: TABLES[place[1]](), source[0])
