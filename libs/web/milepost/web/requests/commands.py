"""The last step of most routes: a decision on one stream, asked once per Idempotency-Key."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from litestar import Request
from litestar.datastructures import State

from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.event import Event
from milepost.events.streams import Stream
from milepost.web.auth.tokens import Caller
from milepost.web.requests.idempotency import check_repeat, command_id, metadata

Call: TypeAlias = Request[Caller, None, State]
S = TypeVar("S")
E = TypeVar("E", bound=Event)


async def run_command(
    request: Call, transactor: Transactor, stream: Stream[S, E], decide: Callable[[S], Sequence[E]]
) -> Outcome:
    """Raises `IdempotencyKeyReused`, `Malformed`, and what `decide` and `transact` raise."""
    outcome = await transactor.transact(
        request.user.tenant,
        stream,
        decide,
        command_id=command_id(request),
        metadata=metadata(request),
    )
    check_repeat(outcome, request)
    return outcome
