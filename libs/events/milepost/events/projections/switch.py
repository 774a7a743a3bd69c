"""Which generation is live: the switch between two of them, in one transaction.

    step            holds                                        so that
    ──────────────  ───────────────────────────────────────────  ────────────────────────────────
    `stand_still`   the row of the live generation, and those    the live one moves no further
                    of its positions
    (catch up)      —                                            the new one has read all of that
    `take_over`     the generations of the model (advisory)      nobody makes or drops one
                    epoch + 1 in the live one's positions        who waits to move it is refused
                    the views, for 100 ms at most                readers see one or the other

Queries see the old one before, the new one after, and never an earlier position. Rolled back at any
step, the old one is live. A rebuild of one tenant puts rows in the live tables instead of views.
"""

from milepost.events.errors import EventsError
from milepost.events.parking.parked import consumer_of, move_tenant
from milepost.events.projections.generations import Generation, locked, show
from milepost.events.projections.positions import Overtaken
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.tables import LONG_SECONDS, Connection, differing

STATUS = """update dashboards.generations
    set status = $3, live_at = case $3 when 'live' then now() else live_at end
    where name = $1 and generation = $2"""
# The generation's row keeps new tenants out, those of its positions the others.
STAND_STILL = "select from dashboards.generations where name = $1 and status = 'live' for update"
STAND_STILL_TENANTS = """select from dashboards.positions p
    join dashboards.generations g using (name, generation)
    where name = $1 and status = 'live' and ($2::text is null or tenant = $2) for update of p"""
POSITIONS = """select tenant, position from dashboards.positions
    join dashboards.generations using (name, generation)
    where name = $1 and status = 'live' and ($2::text is null or tenant = $2)"""
# Who still waits to move what was live until now.
FENCE = "update dashboards.positions set epoch = epoch + 1 where name = $1 and generation = $2"
GONE_BACK = """select count(*) from dashboards.positions l
    left join dashboards.positions n
      on n.name = l.name and n.generation = $3 and n.tenant = l.tenant
    where l.name = $1 and l.generation = $2 and l.position > coalesce(n.position, 0)
      and ($4::text is null or l.tenant = $4)"""
PARKS_MORE = """select count(*) from consumer.parked n
    where n.consumer = $1 and n.generation = $3 and n.status not in ('done', 'skipped')
      and n.attempts > 0 and not exists (
        select from consumer.parked l where l.consumer = $1 and l.generation = $2
           and l.tenant = n.tenant and l.position = n.position
           and l.status not in ('done', 'skipped'))"""
REPLACE_POSITION = """insert into dashboards.positions as live
        (name, generation, tenant, position, recorded_at)
    select name, $2, tenant, position, recorded_at
      from dashboards.positions where name = $1 and generation = $3 and tenant = $4
    on conflict (name, generation, tenant) do update set
        position = excluded.position, recorded_at = excluded.recorded_at, epoch = live.epoch + 1"""


class BehindLive(EventsError):
    """The new generation has not read all that the live one has: reads would go back."""


class ParksMore(EventsError):
    """The new generation could not fold events that the live one has folded."""

    def __init__(self, name: str, events: int) -> None:
        super().__init__(name, events)
        self.name = name
        self.events = events


async def stand_still(
    connection: Connection, name: str, only_tenant: str | None = None
) -> dict[str, int]:
    """Until the transaction ends, the live generation does not move. Answers its positions."""
    await connection.execute("set local lock_timeout = '2s'")
    await connection.execute(STAND_STILL, name)
    await connection.execute(STAND_STILL_TENANTS, name, only_tenant)
    return await live_positions(connection, name, only_tenant)


async def live_positions(
    connection: Connection, name: str, only_tenant: str | None = None
) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.fetch(POSITIONS, name, only_tenant)}


async def refuse_parking_more(connection: Connection, new: Generation) -> None:
    """Raises `ParksMore`."""
    live = (await locked(connection, new.name))["live"]
    numbers = (consumer_of(new.name), live.generation, new.generation)
    if events := await connection.fetchval(PARKS_MORE, *numbers):
        raise ParksMore(new.name, events)


async def take_over(connection: Connection, new: Generation) -> None:
    """Point the views at `new`, building or retired; the live one is retired.

    In a transaction that made the live one stand still. Raises `BehindLive`, `Overtaken`,
    `asyncpg.LockNotAvailableError` when readers do not let go of the views.
    """
    known = await locked(connection, new.name)
    live = known["live"]
    _refuse_changed(known, new)
    await _refuse_going_back(connection, live, new)
    if "retired" in known and known["retired"] != new:
        await _set(connection, known["retired"], "discarded")
    await connection.execute(FENCE, live.name, live.generation)
    await _set(connection, live, "retired")
    await _set(connection, new, "live")
    # Whoever waits for a view keeps all that come after waiting.
    await connection.execute("set local lock_timeout = '100ms'")
    for table in live.tables:
        await connection.execute(f"drop view dashboards.{table}")
    await show(connection, new)


async def take_over_tenant(connection: Connection, model: ReadModel, new: Generation) -> None:
    """Put one tenant's rows, built beside, in the place of the live ones. As `take_over`.

    Only what differs is written. `new` is discarded.
    """
    tenant = new.only_tenant
    assert tenant is not None, "built for one tenant"
    known = await locked(connection, new.name)
    live = known["live"]
    _refuse_changed(known, new)
    await _refuse_going_back(connection, live, new)
    for table in model.tables:
        names = (live.table(table.name), new.table(table.name))
        for statement in differing(*names, table):
            await connection.execute(statement, tenant, timeout=LONG_SECONDS)
    numbers = (live.generation, new.generation)
    await connection.execute(REPLACE_POSITION, new.name, *numbers, tenant)
    await move_tenant(connection, consumer_of(new.name), *numbers, tenant)
    await _set(connection, new, "discarded")


def _refuse_changed(known: dict[str, Generation], new: Generation) -> None:
    if known.get(new.status) != new:
        raise Overtaken(new.name)


async def _set(connection: Connection, generation: Generation, status: str) -> None:
    await connection.execute(STATUS, generation.name, generation.generation, status)


async def _refuse_going_back(connection: Connection, live: Generation, new: Generation) -> None:
    numbers = (live.name, live.generation, new.generation, new.only_tenant)
    if await connection.fetchval(GONE_BACK, *numbers):
        raise BehindLive(live.name)
