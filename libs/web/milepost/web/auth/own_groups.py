"""Access to groups: roles that see all of them, and the staff of each.

    caller                                   what a group is to them
    ---------------------------------------  ------------------------------------------
    registrar, operator, service, auditor    theirs to see, archived or not
    staff of the group, by the log           theirs, until it is archived
    anybody else, whatever their role        answered like what is not there (404, empty)

Being staff is no role of a token: the log is asked with each request, so who was removed is out.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from milepost.contracts.groups.group import GROUP
from milepost.events.commands.transact import Transactor
from milepost.web.auth.tokens import Caller

GROUP_READERS: Final = ("registrar", "operator", "service", "auditor")


def sees_all_groups(caller: Caller) -> bool:
    return not caller.roles.isdisjoint(GROUP_READERS)


async def has_group_access(transactor: Transactor, caller: Caller, group: str) -> bool:
    """Whoever is told False shall not learn that it exists."""
    if sees_all_groups(caller):
        return True
    _, state = await transactor.load(caller.tenant, GROUP.of(group))
    return state.archived_at is None and caller.subject in state.staff


async def own_groups(
    transactor: Transactor, caller: Caller, groups: Sequence[str]
) -> Sequence[str]:
    """Those of them that the caller may see now, in order."""
    seen = await asyncio.gather(*(has_group_access(transactor, caller, one) for one in groups))
    return [one for one, is_seen in zip(groups, seen, strict=True) if is_seen]
