"""Wiring of the holder's page of a credential, nothing else."""

from milepost.credentials.pages.holding.api import routes
from milepost.credentials.pages.holding.credential import Holding
from milepost.credentials.public.found import Lookup
from milepost.web.room import Context, Service


def service(context: Context) -> Service:
    holding = Holding(
        lookup=Lookup(context.transactor.log, _nobody, context.clock),
        base=context.settings.public_origin,
        clock=context.clock,
        knows_names=context.personal_name is not None,
    )
    return Service(name="holding", routes=(routes(holding),))


async def _nobody(_credential: str) -> None:
    """Whose page it is, the session says: nobody is looked up by the credential alone."""
