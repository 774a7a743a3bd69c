"""The last step of most routes: a decision on one stream, asked once per Idempotency-Key."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar, overload

from litestar import Request
from litestar.datastructures import State

from milepost.events.commands.decision import WithEvents
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.event import Event
from milepost.events.streams import Stream
from milepost.web.auth.tokens import Caller
from milepost.web.requests.idempotency import check_repeat, command_id, metadata

Call: TypeAlias = Request[Caller, None, State]
S = TypeVar("S")
E = TypeVar("E", bound=Event)
T = TypeVar("T", bound=WithEvents[Any])


@overload
async def run_command(
    request: Call, transactor: Transactor, streams: Stream[S, E], decide: Callable[[S], Sequence[E]]
) -> Outcome[Sequence[E]]: ...


@overload
async def run_command(
    request: Call, transactor: Transactor, streams: Stream[S, E], decide: Callable[[S], T]
) -> Outcome[T]: ...


async def run_command(
    request: Call, transactor: Transactor, streams: Any, decide: Callable[..., Any]
) -> Outcome[Any]:
    """Raises `IdempotencyKeyReused`, `Malformed`, and what `decide` and `transact` raise."""
    outcome: Outcome[Any] = await transactor.transact(
        request.user.tenant,
        streams,
        decide,
        command_id=command_id(request),
        metadata=metadata(request),
    )
    check_repeat(outcome, request)
    return outcome
