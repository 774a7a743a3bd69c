"""The parts of the reference that are made from the code, so that nobody types them twice.

A page asks for one with a line of its own: `<!-- from code: settings -->`.
"""

import re
from collections.abc import Callable, Mapping

from milepost.operations.documentation.tables.commands import commands
from milepost.operations.documentation.tables.events import events
from milepost.operations.documentation.tables.metrics import metrics
from milepost.operations.documentation.tables.problems import problems
from milepost.operations.documentation.tables.read_models import read_models
from milepost.operations.documentation.tables.routes import routes
from milepost.operations.documentation.tables.settings import settings
from milepost.operations.documentation.tables.sizes import sizes

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


def with_tables(text: str, tables: Mapping[str, Callable[[], str]] = TABLES) -> str:
    """Markdown, with a table in each place that asks for one. Raises `KeyError`."""
    return PLACE.sub(lambda place: tables[place[1]](), text)
