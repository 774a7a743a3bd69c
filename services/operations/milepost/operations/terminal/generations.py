"""What `milepost projections` says of generations, in words and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg
import msgspec
from rich.box import SIMPLE
from rich.table import Table

from milepost.events.projections.as_of import AsOf, AsOfInvalid, parse_as_happened, parse_as_of
from milepost.events.projections.compare import Comparison, LiveStands
from milepost.events.projections.generations import (
    Live,
    NoGeneration,
    OtherVersion,
    RebuildUnderWay,
)
from milepost.events.projections.positions import ModelStatus, Overtaken
from milepost.events.projections.rebuild import Rebuilt, Switch
from milepost.operations.terminal.errors import Trouble, WrongUsage

WHAT_TO_DO = {
    "building generation": ": `milepost projections rebuild` makes one.",
    "retired generation": ": `milepost projections rebuild` leaves one when it takes over.",
}


@contextmanager
def in_words() -> Iterator[None]:
    try:
        yield
    except RebuildUnderWay as other:
        raise Trouble(
            f"A rebuild of {other} for other tenants was begun: finish it, or"
            f" `milepost projections cancel {other}`."
        ) from other
    except OtherVersion as other:
        raise Trouble(
            f"Version {other.version} of {other.name} is at work: only its code can do this."
        ) from other
    except Overtaken as error:
        raise Trouble(f"The rebuild of {error} was given up, or done, by somebody else.") from error
    except NoGeneration as none:
        raise Trouble(f"{none}{WHAT_TO_DO.get(none.which, '.')}") from none
    except Live as error:
        raise Trouble(f"That generation of {error} is live.") from error
    except LiveStands as stands:
        raise Trouble(
            f"The live generation of {stands} is behind the other, and stands:"
            " does `milepost project` run?"
        ) from stands
    except AsOfInvalid as error:
        raise Trouble(f"{error}.") from error
    except asyncpg.LockNotAvailableError as error:
        raise Trouble("Somebody reads for too long to let go of the views. Try again.") from error


def past_option(as_of: str | None, as_happened: str | None) -> AsOf | None:
    """None when neither is asked for. Raises `WrongUsage`."""
    if as_of is not None and as_happened is not None:
        raise WrongUsage("--as-of is what was known then, --as-happened what had happened: one.")
    try:
        if as_happened is not None:
            return parse_as_happened(as_happened)
        return None if as_of is None else parse_as_of(as_of)
    except AsOfInvalid as error:
        name = "--as-of" if as_of is not None else "--as-happened"
        raise WrongUsage(f"{name}: {error}.") from error


def figures(
    rebuilt: Sequence[Rebuilt], tenant: str | None, events: int, seconds: float
) -> Mapping[str, Any]:
    return {
        "models": [one.name for one in rebuilt],
        "tenant": tenant,
        "events": events,
        "seconds": round(seconds, 3),
        "events_per_second": round(events / seconds),
        "rebuilt": [
            {
                "name": one.name,
                "generation": one.generation,
                "switched": one.switched,
                "parks_more": one.parks_more,
                "comparison": one.comparison and comparison_figures(one.comparison),
            }
            for one in rebuilt
        ],
    }


def outcome(one: Rebuilt, asked: Switch, tenant: str | None) -> str:
    said = lines(one.comparison) if one.comparison else []
    if one.switched and tenant:
        said.append(f"{one.name}: the rows of {tenant} are live, as they were built anew.")
    else:
        status = "live" if one.switched else "built"
        said.append(f"{one.name}: generation {one.generation} is {status}.")
    if one.parks_more:
        said.append(
            f"  It could not fold {one.parks_more:,} events that the live one has:"
            f" `milepost parked list --consumer projection/{one.name}` says why."
        )
    if asked != "never" and not one.switched:
        said.append(
            f"  It did not take over: `milepost projections switch {one.name}` lets it,"
            f" `cancel {one.name}` drops it."
        )
    return "\n".join(said)


def comparison_figures(found: Comparison) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(found)
    return {"identical": found.identical, **facts}


def lines(found: Comparison) -> list[str]:
    verdict = "identical" if found.identical else "different"
    pair = f"generations {found.live} (live) and {found.other}"
    said = [f"{found.name}: {pair} are {verdict} at position {found.position:,}."]
    for table in found.tables:
        same = table.checksums[0] if table.identical else " and ".join(table.checksums)
        counts = " and ".join(f"{count:,}" for count in sorted(set(table.rows)))
        said.append(f"  {table.table}: {counts} rows, checksum {same}")
    said += [f"  only in one of them: {name}" for name in found.only_in_one]
    for one in found.differences:
        key = ", ".join(f"{name} {value}" for name, value in one.key.items())
        what = one.column or "the row"
        said.append(f"  {one.table}, {key}: {what} is {one.live!r} and {one.other!r}")
    return said


def table(found: Sequence[ModelStatus]) -> Table:
    shown = Table(box=SIMPLE, padding=(0, 1, 0, 0), show_edge=False)
    shown.add_column("model")
    for column in ("no.", "status", "lag", "parked"):
        shown.add_column(column, justify="left" if column == "status" else "right")
    shown.add_column("school / moment")
    for one in found:
        only = "\n".join(part for part in (one.only_tenant, one.as_of) if part)
        # What is kept as it was is not behind; one of a past moment may be unfinished.
        kept = one.status == "retired" or (one.status == "past" and one.lag == 0)
        lag = "-" if kept else f"{one.lag:,}"
        # Nobody feeds what was built and does not take over: `switch` or `cancel` is next.
        status = "built" if one.status == "building" and one.built else one.status
        numbers = (str(one.generation), status, lag, f"{one.parked:,}")
        shown.add_row(one.name, *numbers, only)
    return shown
