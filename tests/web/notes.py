"""The smallest service there can be: notes that can be written and read, and a door that sticks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import asyncpg
import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody

from milepost.contracts.times import Moment
from milepost.events.codec import Codec
from milepost.events.commands.transact import Transactor
from milepost.events.event import Conflicting, Event, Unknown
from milepost.events.streams import Category
from milepost.web.auth.tokens import Caller, NotYourOwn
from milepost.web.openapi.documented_answers import (
    AWAITED_POSITION,
    OCCURRED_IN_FUTURE,
    Answers,
    command,
    query,
)
from milepost.web.requests.commands import run_command
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import awaited_position, positioned
from milepost.web.requests.times import occurred
from milepost.web.room import Service
from milepost.web.settings import Settings

Asked = Request[Caller, None, State]


class NoteWritten(Event, frozen=True, kw_only=True, tag="note_written"):
    score: float


@dataclass
class UnknownNote(Unknown):
    """There is no such note."""

    note: str


@dataclass
class NoteFull(Conflicting):
    note: str
    lines: int


class Line(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    score: Annotated[float, msgspec.Meta(ge=0, le=1)]
    occurred_at: Moment | None = None


class Lines(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lines: list[Line]


class Note(msgspec.Struct, frozen=True):
    scores: list[float]


STAFF = ("instructor", "registrar")

NOTES: Category[list[float], NoteWritten] = Category(
    "note", list, lambda scores, event: [*scores, event.score], Codec(NoteWritten)
)


def service(transactor: Transactor, settings: Settings) -> Service:
    @post("/{note:str}", answers=command(NoteFull("a", 3), OCCURRED_IN_FUTURE), roles=STAFF)
    async def write(request: Asked, note: FromPath[str], data: JSONBody[Lines]) -> Response[Note]:
        moments = [occurred(line.occurred_at, settings) for line in data.lines]

        def decide(scores: list[float]) -> Sequence[NoteWritten]:
            if len(scores) + len(data.lines) > 3:
                raise NoteFull(note, len(scores))
            return [
                NoteWritten(score=line.score, occurred_at=moment)
                for line, moment in zip(data.lines, moments, strict=True)
            ]

        outcome = await run_command(request, transactor, NOTES.of(note), decide)
        return positioned(Note(outcome.state(NOTES)), outcome.position, 201)

    @get("/{note:str}", answers=query(NotYourOwn("lea", STAFF), UnknownNote("a")))
    async def read(request: Asked, note: FromPath[str], limit: FromQuery[int] = 10) -> Note:
        request.user.may_act_for(note, "instructor")
        _, scores = await transactor.load(request.user.tenant, NOTES.of(note))
        if not scores:
            raise UnknownNote(note)
        return Note(scores[:limit])

    @get("/position", answers=Answers(request_headers=(AWAITED_POSITION,)))
    async def position(request: Asked) -> dict[str, int | None]:
        return {"position": awaited_position(request)}

    @get("/sorted")
    async def in_order(order: FromQuery[Literal["asc", "desc"]] = "asc") -> str:
        return order

    @get("/fault/{kind:str}")
    async def fault(kind: FromPath[str]) -> None:
        raise {
            "ours": RuntimeError("the password is hunter2"),
            "postgres": asyncpg.CannotConnectNowError("starting up at 10.0.0.7"),
            "network": ConnectionRefusedError("10.0.0.7"),
            "late": TimeoutError(),
            "failover": asyncpg.ReadOnlySQLTransactionError("standby at 10.0.0.7"),
            "full": asyncpg.DiskFullError("no space left on 10.0.0.7"),
        }[kind]

    routes = Router("/notes", route_handlers=[write, read, position, in_order, fault])
    return Service("notes", (routes,))
