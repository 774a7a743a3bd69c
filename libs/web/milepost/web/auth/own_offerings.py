"""Instructors see, score and report on the offerings that they are assigned to, and no others.

    caller                              what is another offering's
    ----------------------------------  --------------------------------------------
    has another of the route's roles    theirs to see: their other role says so
    is an instructor, assigned          theirs
    is an instructor, not assigned      answered like what is not there (404, empty)
    is the learner                      theirs, whatever else they are

A removed instructor is out with the next request: the log is asked each time.
"""

from collections.abc import Iterable
from typing import Final

from milepost.contracts.offerings import INSTRUCTORS
from milepost.events.commands.transact import Transactor
from milepost.web.auth.tokens import Caller

INSTRUCTOR: Final = "instructor"


def is_limited(caller: Caller, roles: Iterable[str]) -> bool:
    """Whether, of the roles that a route allows, the caller has `instructor` alone."""
    return INSTRUCTOR in caller.roles and caller.roles.isdisjoint({*roles} - {INSTRUCTOR})


async def has_access(
    transactor: Transactor,
    caller: Caller,
    roles: Iterable[str],
    *,
    offering: str,
    learner: str | None = None,
) -> bool:
    """Whether what belongs to `offering` is the caller's business, by one of the route's `roles`.

    `learner`: whose it is, if anybody's; that learner needs none of the roles. Whoever is told
    False shall not learn that it exists.
    """
    if learner == caller.subject and "learner" in caller.roles:
        return True
    allowed = {*roles}
    if not caller.roles.isdisjoint(allowed - {INSTRUCTOR}):
        return True
    if INSTRUCTOR not in caller.roles & allowed:
        return False
    _, assigned = await transactor.load(caller.tenant, INSTRUCTORS.of(offering))
    return caller.subject in assigned.subjects
