"""Wiring of pictures, nothing else. Needs a database."""

from milepost.credentials.images.api import Pictures, routes
from milepost.credentials.images.store import Images
from milepost.credentials.issuers.addresses import Addresses
from milepost.web.room import Context, Service


def service(context: Context) -> Service:
    addresses = Addresses(context.settings.public_origin)
    return Service(name="images", routes=routes(Pictures(Images(context.pool), addresses)))
