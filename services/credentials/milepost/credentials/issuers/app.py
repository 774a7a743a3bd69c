"""Wiring of issuers, their keys and what others verify by, nothing else. Needs a database."""

from msgspec import Struct

from milepost.credentials.images.store import Images
from milepost.credentials.issuers import api, public_routes
from milepost.credentials.issuers.addresses import Addresses
from milepost.credentials.issuers.keys import IssuerKeys
from milepost.credentials.issuers.register import Register, registering
from milepost.credentials.issuers.sealing import ISSUER_KEY
from milepost.credentials.issuers.signer import Own, Signer
from milepost.web.room import Context, Service
from milepost.web.secrets.sealing import Sealing


class Issuing(Struct, frozen=True):
    """What pages, routes and verification need of it."""

    addresses: Addresses
    keys: IssuerKeys
    register: Register
    signer: Signer
    own: Own


def issuing(context: Context) -> Issuing:
    """Raises `SettingInvalid`."""
    transactor, pool, clock = context.transactor, context.pool, context.clock
    addresses = Addresses(context.settings.public_origin)
    keys = IssuerKeys(pool, transactor, Sealing(ISSUER_KEY, context.settings, pool), clock)
    register = Register(pool)
    signer = Signer(transactor, keys, register, addresses, clock)
    return Issuing(addresses, keys, register, signer, Own(transactor, signer, addresses))


def service(context: Context) -> Service:
    made = issuing(context)
    wiring = api.IssuerWiring(
        transactor=context.transactor,
        keys=made.keys,
        images=Images(context.pool),
        addresses=made.addresses,
        clock=context.clock,
    )
    published = public_routes.Published(context.transactor.log, made.signer, made.addresses)
    return Service(
        name="issuers",
        routes=(api.routes(wiring), public_routes.routes(published)),
        handlers=(registering(),),
    )
