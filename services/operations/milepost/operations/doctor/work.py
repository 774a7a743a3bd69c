"""What Milepost's own processes do: relay, stream, read models, policies, timers, the parked."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from milepost.events.commands.transact import Transactor
from milepost.events.projections.positions import ModelStatus, model_status
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.doctor import lag, stream
from milepost.operations.doctor.finding import Consumers, Patient, Says, worst, wrong
from milepost.operations.doctor.leaders import holders, leadership, some
from milepost.operations.rooms import read_models, services_of
from milepost.web.room import Context, Service
from milepost.web.settings import Settings

OVERDUE = """select timer, tenant, count(*) as due,
        extract(epoch from clock_timestamp() - min(due_at))::float8 as seconds
    from consumer.timers where due_at <= clock_timestamp() group by timer, tenant
    order by min(due_at) limit 1"""
PARKED = """select consumer, count(*) filter (where status = 'parked') as failed, count(*) as events
    from consumer.parked p where status not in ('done', 'skipped')
      and (generation = 0 or exists (select from dashboards.generations g
            where 'projection/' || g.name = p.consumer and g.generation = p.generation
              and g.status in ('live', 'building')))
    group by consumer order by 2 desc, 1"""


async def relay(patient: Patient) -> Says:
    runs = leadership(await holders(patient.postgres, ["relay"]), patient.bounds, "milepost relay")
    messages = await stream.last_messages(patient.postgres, patient.client.jetstream())
    unsent = await stream.unsent(patient.postgres, messages, patient.bounds)
    return runs if runs.verdict == "wrong" else unsent


async def stream_and_log(patient: Patient) -> Says:
    messages = await stream.last_messages(patient.postgres, patient.client.jetstream())
    agreement = await stream.agreement(patient.postgres, messages)
    return worst(await stream.strays(patient.postgres), agreement)


async def models(patient: Patient) -> Says:
    names = [model.name for model in read_models()]
    found = await model_status(patient.postgres)
    # Old code feeds what is live until new code has built its own version.
    leads = [f"projection/{one.name}/{one.version}" for one in found if one.status == "live"]
    runs = leadership(await holders(patient.postgres, leads), patient.bounds, "milepost project")
    late = lag.said(
        await lag.of_models(patient.postgres, names),
        patient.bounds,
        "look at the log of `milepost project`, and at `milepost projections list`",
    )
    return worst(_live(found, names), runs, late, _building(found, names))


def _live(found: Sequence[ModelStatus], names: Sequence[str]) -> Says:
    live = {one.name for one in found if one.status == "live"}
    if missing := [name for name in names if name not in live]:
        return wrong(f"not built yet: {some(missing)}", "start `milepost project`, which builds it")
    return Says("")


def _building(found: Sequence[ModelStatus], names: Sequence[str]) -> Says:
    building = [one.name for one in found if one.status == "building"]
    under_way = f"; under way: {some(building)}" if building else ""
    return Says(f"{len(names)} live{under_way}")


async def policies(patient: Patient) -> Says:
    return await _at_work(patient, patient.consumers.policies)


async def timers(patient: Patient) -> Says:
    return worst(await _at_work(patient, patient.consumers.timers), await _overdue(patient))


async def _at_work(patient: Patient, names: Sequence[str]) -> Says:
    leads = [f"policy/{name}" for name in names]
    runs = leadership(await holders(patient.postgres, leads), patient.bounds, "milepost serve all")
    late = lag.said(
        await lag.of_consumers(patient.postgres, names),
        patient.bounds,
        "look at the log of `milepost serve`",
    )
    return worst(runs, late)


async def _overdue(patient: Patient) -> Says:
    row = await patient.postgres.fetchrow(OVERDUE)
    if row is None:
        return Says("nothing is overdue")
    grave = lag.verdict(row["seconds"], patient.bounds)
    says = f"{row['timer']} of {row['tenant']} is {row['seconds']:,.0f} s overdue ({row['due']:,})"
    return Says(says, grave, "" if grave == "ok" else "`milepost timers list`; is `serve` at work?")


async def parked(patient: Patient) -> Says:
    rows = await patient.postgres.fetch(PARKED)
    if not rows:
        return Says("nothing")
    each = [f"{row['events']:,} in {row['consumer']}" for row in rows]
    return wrong(
        f"events that failed, or wait behind one: {some(each)}",
        "`milepost parked list` says why; mend the cause, then retry or skip",
    )


async def consumers_here(settings: Settings) -> Consumers:
    """Of all rooms, which are asked for names and never run; so without keys, and elsewhere."""
    with TemporaryDirectory() as nowhere:
        keyless = Settings(postgres=settings.postgres, data_dir=Path(nowhere))
        pool = await connect_pool(settings.postgres, name="milepost doctor", size=1)
        try:
            context = Context(Transactor(PostgresLog(pool)), keyless, pool)
            return consumers_of(services_of("all", context))
        finally:
            await pool.close()


def consumers_of(services: Sequence[Service]) -> Consumers:
    policies = [policy.name for one in services for policy in one.policies]
    handlers = [handler.name for one in services for handler in one.handlers]
    timers = [f"timer/{timer.name}" for one in services for timer in one.timers]
    return Consumers((*policies, *handlers), tuple(timers))
