"""Wiring of the pages that everybody may see, nothing else."""

from milepost.credentials.public.api import LOCALES, PAGES, Public, routes
from milepost.credentials.public.forms import ReadPicture, Sign
from milepost.credentials.public.found import FindCredential, Lookup
from milepost.credentials.public.titles import Titles
from milepost.web.room import Context, Service


def service(
    context: Context, *, find: FindCredential, sign: Sign, picture: ReadPicture, base: str
) -> Service:
    """`base`: the origin under which others see this installation, without a slash at its end."""
    log = context.transactor.log
    public = Public(
        lookup=Lookup(log, find, context.clock),
        titles=Titles(log),
        sign=sign,
        picture=picture,
        personal_name=context.personal_name,
        clock=context.clock,
        base=base,
        pages=PAGES,
        locales=LOCALES,
    )
    return Service(name="credential-pages", routes=(routes(public),))
