"""Which erasures the master keys of today can still open, and when those keys are to go.

    key 1   wraps ana, ben ── retired ──────────────── destroyed
    key 2                  wraps ana, ben ── ✗ ben ── retired ───────── destroyed
                                             └─ dead rows, WAL and backups hold what key 1 and
                                                key 2 have wrapped of ben: gone when both are

The row of an erased learner says which key wrapped it last. Whatever wrapped it before is older, so
no erasure outlives the keys with this number or a lower one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from milepost.events.projections.tables import Connection

# Erasures of so long go together: each rotation wraps every learner's key anew.
GATHER_AT_MOST = timedelta(days=1)
# Whoever looks now and then is not late.
EARLY = timedelta(hours=1)

KEYS = """select k.key_id, k.number, k.since, k.retired_at, k.number = 0 or k.retired_at is not null
           as retired, count(l.learner) as erasures, min(l.erased_at) as oldest
      from (select key_id, number, since, null::timestamptz as retired_at from vault.master_keys
            union all select key_id, number, since, retired_at from vault.retired_keys) k
      left join vault.learners l on l.erased_key = k.key_id
     group by k.key_id, k.number, k.since, k.retired_at order by k.number desc, k.key_id"""


class KeyStanding(msgspec.Struct, frozen=True, kw_only=True):
    """`erasures`: of how many learners it wrapped the key last, the first of them at `oldest`.

    `here`: whether this process has it. `retired` at None: before anybody kept when.
    """

    key_id: str
    number: int
    since: datetime | None
    retired_at: datetime | None
    retired: bool
    erasures: int
    oldest: datetime | None
    here: bool


class Term(msgspec.Struct, frozen=True):
    """How long after an erasure its key is retired, and how long after that destroyed.

    Until then a backup's names can be restored.
    """

    retire_after: timedelta
    destroy_after: timedelta

    @classmethod
    def of(cls, erasure_days: int, *, by_hand: bool) -> "Term":
        """An operator has half of the time for either step."""
        whole = timedelta(days=erasure_days)
        retire = whole / 2 if by_hand else min(GATHER_AT_MOST, whole / 2)
        return cls(retire, whole - retire - EARLY)


class Openable(msgspec.Struct, frozen=True):
    """So many erasures, since then, can be opened by these keys, the newest first."""

    erasures: int
    since: datetime
    keys: Sequence[str]


async def standings(connection: Connection, here: Collection[str]) -> list[KeyStanding]:
    """The newest first. `here` are the keys of this process, the newest first as well."""
    rows = await connection.fetch(KEYS)
    known = [KeyStanding(**row, here=row["key_id"] in here) for row in rows]
    return [*known, *map(_never_registered, unregistered(here, [one.key_id for one in known]))]


def unregistered(here: Iterable[str], known: Collection[str]) -> list[str]:
    """Keys behind one that is in use: they were used when nobody kept which ones are retired.

    What stands in front is yet to be used.
    """
    ordered = list(here)
    first = next((n for n, key in enumerate(ordered) if key in known), len(ordered))
    return [key for key in ordered[first:] if key not in known]


def _never_registered(key_id: str) -> KeyStanding:
    return KeyStanding(
        key_id=key_id, number=0, since=None, retired_at=None, retired=True, erasures=0,
        oldest=None, here=True,
    )  # fmt: skip


def openable(keys: Sequence[KeyStanding]) -> Openable | None:
    """Erasures that have not reached everything yet; None when all have."""
    first = min((key.number for key in keys if key.here), default=None)
    left = [key for key in keys if first is not None and key.number >= first and key.oldest]
    if not left:
        return None
    last = max(key.number for key in left)
    return Openable(
        erasures=sum(key.erasures for key in left),
        since=min(key.oldest for key in left if key.oldest),
        keys=[key.key_id for key in keys if key.here and key.number <= last],
    )


def rotation_due(keys: Sequence[KeyStanding], now: datetime, term: Term) -> bool:
    """Whether a key in use has waited long enough, or a rotation was stopped."""
    in_use = [key for key in keys if not key.retired]
    return len(in_use) > 1 or any(
        key.oldest and key.oldest + term.retire_after <= now for key in in_use
    )


def destroy_by(keys: Sequence[KeyStanding], term: Term) -> Mapping[str, datetime]:
    """When each retired key that is here and opens an erasure is to be destroyed."""
    return {
        key.key_id: key.retired_at + term.destroy_after
        for key in keys
        if key.here and key.retired_at and any(o.oldest and o.number >= key.number for o in keys)
    }


def step_due(
    keys: Sequence[KeyStanding], now: datetime, term: Term
) -> Literal["rotate", "destroy"] | None:
    """What is to be done next, for erasures to reach further."""
    if rotation_due(keys, now, term):
        return "rotate"
    unknown = [key for key in keys if key.here and key.retired and not key.retired_at]
    if (unknown and openable(keys)) or any(by <= now for by in destroy_by(keys, term).values()):
        return "destroy"
    return None
