"""Whether a job may be asked for, before it is: what could only fail is refused at once."""

from collections.abc import Mapping

from milepost.events.projections.generations import Generation, generations
from milepost.events.projections.tables import Connection
from milepost.operations.console.jobs.job import (
    CONFIRMED,
    Action,
    GenerationMissing,
    ModelJob,
    NotConfirmed,
    RebuildOfOthers,
    SharedInstallation,
    UnknownReadModel,
)
from milepost.operations.console.jobs.store import add
from milepost.operations.console.scope import is_alone
from milepost.operations.rooms import read_models


async def ask(
    connection: Connection,
    tenant: str,
    action: Action,
    model: str,
    *,
    actor: str,
    confirm: str | None = None,
) -> ModelJob:
    """Raises `UnknownReadModel`, `NotConfirmed`, `SharedInstallation`, `RebuildOfOthers`,
    `GenerationMissing`, `TooManyModelJobs`.
    """
    names = tuple(sorted(one.name for one in read_models()))
    if model not in names:
        raise UnknownReadModel(model, names)
    if action in CONFIRMED and confirm != model:
        raise NotConfirmed(model)
    alone = await is_alone(connection, tenant)
    known = (await generations(connection, [model]))[model]
    meant = _meant(action, model, known)
    _refuse_others(action, model, tenant, known, alone=alone)
    return await add(connection, tenant, action, model, generation=meant, whole=alone, actor=actor)


def _meant(action: Action, model: str, known: Mapping[str, Generation]) -> int | None:
    """The generation that the job is about; None: one is made. Raises `GenerationMissing`."""
    if action in {"rebuild", "build"}:
        return None
    if action == "compare":
        wanted = "building" if "building" in known else "retired"
    else:
        wanted = "retired" if action == "rollback" else "building"
    if wanted not in known:
        raise GenerationMissing(model, wanted)
    return known[wanted].generation


def _refuse_others(
    action: Action, model: str, tenant: str, known: Mapping[str, Generation], *, alone: bool
) -> None:
    """A school's own rows are its own. Raises `SharedInstallation`, `RebuildOfOthers`."""
    if alone:
        return
    if action == "rollback":
        raise SharedInstallation(action)
    building = known.get("building")
    if building is not None and building.only_tenant != tenant:
        raise RebuildOfOthers(model)
