"""Whose offering it is: instructors open their own, and others' are answered like none."""

from typing import Final

from milepost.dashboards.queries.offering import UnknownOffering
from milepost.events.commands.transact import Transactor
from milepost.web.auth.own_offerings import has_access
from milepost.web.auth.tokens import Caller

TEACHING: Final = ("instructor", "registrar")


async def check_offering(transactor: Transactor, caller: Caller, offering: str) -> None:
    """The log is asked each time. Raises `UnknownOffering`."""
    if not await has_access(transactor, caller, TEACHING, offering=offering):
        raise UnknownOffering(offering)
