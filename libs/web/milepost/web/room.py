"""The one shape that every room with a service has, and what it is handed.

A room is declared once, as `ROOM` in its `app.py`; the list of rooms names that file. Who needs to
know what there is reads the list: `serve` the services, `migrate` the schemas, `project` the read
models, the export of a learner the personal data. What a room publishes is in `milepost.contracts`.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg
import msgspec
from litestar import Request, Response, Router

from milepost.events.commands.transact import Transactor
from milepost.events.policies.policy import Policy
from milepost.events.policies.timers import Timer, utc_now
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.tables import Connection
from milepost.events.streams import Category
from milepost.events.subscriptions.handler import AnyHandler
from milepost.web.problems import Problem
from milepost.web.settings import Settings

ErrorPage: TypeAlias = Callable[[Request[Any, Any, Any], Problem], Response[bytes]]
Worker: TypeAlias = Callable[[], Coroutine[Any, Any, object]]


class Learner(msgspec.Struct, frozen=True):
    """Whose data are asked for, with the ids that stand for this learner elsewhere."""

    tenant: str
    learner: str
    enrollments: Sequence[str]


class KeptRows(msgspec.Struct, frozen=True):
    """Rows about one learner, each a JSON object, and what they are, for who reads them."""

    about: str
    rows: Sequence[msgspec.Raw]


# What a room keeps about a learner beside the log, by the file's name in an export. Read in the
# transaction that it is given, so that all of an export is true for one moment.
PersonalData: TypeAlias = Callable[[Connection, Learner], Awaitable[Mapping[str, KeptRows]]]
# What a learner is called, by tenant and learner, as it is known at this moment; None: nobody says.
# Never kept by who asks, and in no event: whoever is erased has no name at once.
PersonalName: TypeAlias = Callable[[str, str], Awaitable[str | None]]


class Context(msgspec.Struct, frozen=True):
    """What a service is made from. `personal_data` is every room's.

    `personal_name` is None where the process does not serve the room that knows names.
    """

    transactor: Transactor
    settings: Settings
    pool: asyncpg.Pool
    clock: Callable[[], datetime] = utc_now
    personal_data: tuple[PersonalData, ...] = ()
    personal_name: PersonalName | None = None


class Service(msgspec.Struct, frozen=True):
    """What a process runs of a room: routes, policies, timers and other handlers of events, and
    workers that run until they are canceled.

    `error_page` tells people what is wrong with an address that no route has.
    """

    name: str
    routes: tuple[Router, ...]
    policies: tuple[Policy, ...] = ()
    timers: tuple[Timer, ...] = ()
    handlers: tuple[AnyHandler, ...] = ()
    workers: tuple[Worker, ...] = ()
    error_page: ErrorPage | None = None


class Room(msgspec.Struct, frozen=True):
    """`name` is what `milepost serve` calls it; `sql/` in its package makes its tables.

    A room may hold several services, each a slice of its own: they are served together.
    `categories`: the streams that it writes; operators look at their states by its folds.
    """

    name: str
    services: tuple[Callable[[Context], Service], ...]
    read_models: tuple[ReadModel, ...] = ()
    personal_data: tuple[PersonalData, ...] = ()
    personal_name: Callable[[Context], PersonalName] | None = None
    categories: tuple[Category[Any, Any], ...] = ()
