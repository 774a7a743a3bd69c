"""Wiring of the issuer's pages, nothing else."""

from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.issuers.addresses import Addresses
from milepost.credentials.pages.issuing.api import router
from milepost.credentials.pages.issuing.wiring import Issuance
from milepost.credentials.public.found import Lookup
from milepost.credentials.public.titles import Titles
from milepost.web.room import Context, Service


def service(context: Context) -> Service:
    log, base = context.transactor.log, context.settings.public_origin
    wiring = Issuance(
        log=log,
        achievements=AchievementCache(log, public_url=base),
        lookup=Lookup(log, _nobody, context.clock),
        titles=Titles(log),
        addresses=Addresses(base),
        base=base,
        clock=context.clock,
    )
    return Service(name="issuing", routes=(router(wiring),))


async def _nobody(_credential: str) -> None:
    """These pages name the learner: nobody is looked up by the credential alone."""
