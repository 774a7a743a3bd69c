"""Who may open a group's page, and whether members are shown to them by name."""

import asyncio
from collections.abc import Mapping, Sequence

from milepost.contracts.groups.group import GROUP
from milepost.dashboards.queries.groups.group import UnknownGroup
from milepost.events.commands.transact import Transactor
from milepost.web.auth.own_groups import has_group_access
from milepost.web.auth.tokens import Caller
from milepost.web.room import Context, PersonalName


class Access:
    """What the log says of groups at this moment, and the vault of names."""

    def __init__(self, context: Context) -> None:
        self.pool = context.pool
        self.transactor: Transactor = context.transactor
        self.clock = context.clock
        self._name: PersonalName | None = context.personal_name

    async def staff(self, caller: Caller, group: str) -> Sequence[str]:
        """Who is staff of it, in the order in which they were assigned. Raises `UnknownGroup`."""
        if not await has_group_access(self.transactor, caller, group):
            raise UnknownGroup(group)
        _, state = await self.transactor.load(caller.tenant, GROUP.of(group))
        if state.described is None:
            raise UnknownGroup(group)
        return state.staff

    async def names(
        self, caller: Caller, staff: Sequence[str], learners: Sequence[str]
    ) -> Mapping[str, str]:
        """What those of them are called who have a name: told to staff and to the registrar."""
        allowed = "registrar" in caller.roles or caller.subject in staff
        if self._name is None or not allowed:
            return {}
        found = await asyncio.gather(*(self._name(caller.tenant, one) for one in learners))
        return {one: name for one, name in zip(learners, found, strict=True) if name}
