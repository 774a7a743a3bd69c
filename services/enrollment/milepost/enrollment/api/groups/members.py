"""Members of a group: add and remove many, a result each."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from milepost.contracts.groups.group import GROUP
from milepost.contracts.groups.membership import MEMBERSHIP, MembershipEvent
from milepost.contracts.streams import membership_key
from milepost.enrollment.api.groups.wire import (
    GROUP_ALREADY_ARCHIVED,
    UNKNOWN_GROUP,
    GroupPath,
    MemberResult,
    Members,
    MembersView,
)
from milepost.enrollment.api.wiring import ENROLLERS, Wiring
from milepost.enrollment.domain.group import add_member, remove_member
from milepost.events.commands.transact import Outcome
from milepost.events.event import Refused
from milepost.events.streams import Stream
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command
from milepost.web.requests.commands import Call, run_commands
from milepost.web.requests.positions import positioned
from milepost.web.requests.times import occurred

SIDE_BY_SIDE = 64

_REFUSALS = (UNKNOWN_GROUP, GROUP_ALREADY_ARCHIVED, OCCURRED_IN_FUTURE)
Decide = Callable[..., Sequence[MembershipEvent]]


@post(
    "/groups/{group:str}/members",
    status_code=200,
    summary="Add members to a group",
    description="Up to 1,000 learners, a result each; they need not be enrolled anywhere. Safe to "
    "repeat.",
    answers=command(*_REFUSALS),
    roles=ENROLLERS,
)
async def add_group_members(
    request: Call,
    group: GroupPath,
    data: JSONBody[Members],
    wiring: NamedDependency[Wiring],
) -> Response[MembersView]:
    return await _change(request, wiring, group, data, add_member)


@post(
    "/groups/{group:str}/members/remove",
    status_code=200,
    summary="Remove members from a group",
    description="Up to 1,000 learners, a result each. What they have done and earned stays theirs; "
    "the group's staff see it no longer. Safe to repeat.",
    answers=command(*_REFUSALS),
    roles=ENROLLERS,
)
async def remove_group_members(
    request: Call,
    group: GroupPath,
    data: JSONBody[Members],
    wiring: NamedDependency[Wiring],
) -> Response[MembersView]:
    return await _change(request, wiring, group, data, remove_member)


HANDLERS = (add_group_members, remove_group_members)


async def _change(
    request: Call, wiring: Wiring, group: str, data: Members, decide: Decide
) -> Response[MembersView]:
    """Each membership is a stream of its own, so that no command reads all members."""
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    keys = {membership_key(group, learner): learner for learner in data.learners}

    async def prepare(key: str) -> tuple[Sequence[Stream[Any, Any]], Callable[..., Any]]:
        decided = partial(decide, group=group, learner=keys[key], occurred_at=at)
        streams = (GROUP.of(group), MEMBERSHIP.of(key, likely_new=decide is add_member))
        return streams, lambda state, since: ([], decided(state, since))

    position, results = await run_commands(
        request,
        wiring.transactor,
        MEMBERSHIP,
        list(keys),
        prepare=prepare,
        answer=lambda key, outcome: _result(keys[key], key, outcome),
        at_once=SIDE_BY_SIDE,
    )
    changed = sum(one.changed for one in results)
    return positioned(MembersView(group=group, changed=changed, results=results), position)


def _result(learner: str, key: str, outcome: Outcome[Any] | Refused) -> MemberResult:
    if isinstance(outcome, Refused):
        raise outcome  # the group's, not the learner's: the same for all
    since = outcome.state(MEMBERSHIP.of(key))
    return MemberResult(learner=learner, member=since is not None, changed=bool(outcome.events))
