"""Wiring of what all pages share: the files that they load, in every process that serves a room."""

from litestar import Router

from milepost.pages.shell import STATIC
from milepost.web.room import Service


def service() -> Service:
    return Service(name="pages", routes=(Router("/", route_handlers=[STATIC.route()]),))
