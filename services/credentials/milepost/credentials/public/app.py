"""Wiring of the pages that everybody may see, nothing else."""

from milepost.credentials import credential_index
from milepost.credentials.credential_index import CredentialIndex
from milepost.credentials.images.store import Images
from milepost.credentials.issuers.app import issuing
from milepost.credentials.public import held
from milepost.credentials.public.api import LOCALES, PAGES, Public, routes
from milepost.credentials.public.certificate import Press
from milepost.credentials.public.forms import Sign
from milepost.credentials.public.found import FindCredential, Lookup
from milepost.credentials.public.titles import Titles
from milepost.web.room import Context, Service


def service(context: Context) -> Service:
    """With the index of credentials in Postgres."""
    index = CredentialIndex(context.pool)
    public = public_on(context, index.find, issuing(context).signer.credential)
    return Service(
        name="credential-pages",
        routes=(routes(public), held.routes(public)),
        handlers=(credential_index.indexing(),),
    )


def public_on(context: Context, find: FindCredential, sign: Sign | None = None) -> Public:
    log = context.transactor.log
    return Public(
        lookup=Lookup(log, find, context.clock),
        titles=Titles(log),
        sign=sign,
        picture=Images(context.pool).read,
        personal_name=context.personal_name,
        clock=context.clock,
        base=context.settings.public_origin,
        press=Press(),
        pages=PAGES,
        locales=LOCALES,
    )
