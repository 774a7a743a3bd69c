"""Wiring of what all pages share, in every process that serves a room: files, and the page of an
address that nothing is at.
"""

from pathlib import Path
from typing import Final

from litestar import Router

from milepost.pages.shell import STATIC, Shell
from milepost.web.room import Service

SHELL: Final = Shell(Path(__file__).parent)


def service() -> Service:
    files = Router("/", route_handlers=[STATIC.route()])
    return Service(name="pages", routes=(files,), error_page=SHELL.page_error)
