"""The areas of the pages and whose they are: one bar on top of each page, the same everywhere."""

from collections.abc import Collection
from typing import Final, NamedTuple


class Area(NamedTuple):
    """`name` is the key of its text, `area.<name>`; `address` where it begins, which is the home of
    who has one of `roles`. Who has one of `also` may open it, too.
    """

    name: str
    address: str
    roles: frozenset[str]
    also: frozenset[str] = frozenset()


# From the role that changes most to the one that changes least: the first is a person's home.
AREAS: Final = (
    Area("office", "/office", frozenset({"registrar"})),
    Area("issue", "/issue", frozenset({"issuer"}), frozenset({"registrar", "operator", "auditor"})),
    Area("teach", "/teach", frozenset({"instructor"}), frozenset({"registrar"})),
    Area("console", "/console", frozenset({"operator", "auditor"})),
    Area("my", "/my", frozenset({"learner"})),
    Area("catalog", "/catalog", frozenset(), frozenset({"learner", "instructor", "registrar"})),
)
# Nobody's by role: the log says who is staff of a group.
SPONSOR: Final = Area("sponsor", "/sponsor", frozenset())


def areas_of(roles: Collection[str], current: str = "") -> tuple[Area, ...]:
    """Those that these roles may open, and the one that is open."""
    own = tuple(one for one in AREAS if not (one.roles | one.also).isdisjoint(roles))
    return (*own, SPONSOR) if current == SPONSOR.name else own


def home_of(roles: Collection[str]) -> str | None:
    """Where somebody with these roles begins; None: nowhere."""
    return next((one.address for one in AREAS if not one.roles.isdisjoint(roles)), None)
