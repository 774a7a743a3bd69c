"""`milepost simulate`: a small school's term, sent to a running Milepost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import httpx2
import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from milepost.events.runtime.event_loop import run
from milepost.operations.client.front_end import FrontEnd, Token
from milepost.operations.client.http import Http, address
from milepost.operations.installation.connection import load_settings
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.simulation.plan import School, plan_school
from milepost.operations.simulation.players import Simulator
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.options import AsJson, DataDir
from milepost.operations.terminal.tables import print_table
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.settings import Settings

app = typer.Typer()


@app.command()
def simulate(
    *,
    learners: Annotated[int, typer.Option(help="How many there are.", min=1, max=100_000)] = 300,
    seed: Annotated[int, typer.Option(help="The same seed, the same school.")] = 1,
    tenant: Annotated[str, typer.Option(help="The school; a new one is made.")] = "default",
    seconds: Annotated[
        float, typer.Option(help="How many seconds it takes; 0: as few as possible.", min=0)
    ] = 0,
    as_json: AsJson = False,
    http: Http = None,
    data_dir: DataDir = None,
) -> None:
    """Let a small school live through ten weeks that end now."""
    settings = load_settings(data_dir)
    where, token = address(http, settings), issuing(settings, tenant)
    school = plan_school(learners, seed, datetime.now(UTC))
    with _bar(len(school.actions)) as tell:
        simulator = run(play(where, token, school, seconds, tell))
    if as_json:
        typer.echo(msgspec.json.encode({**simulator.counts, "refused": simulator.refused}))
    else:
        print_table(_table(simulator))


async def play(
    http: str, token: Token, school: School, seconds: float, tell: Callable[[int], object]
) -> Simulator:
    limits = httpx2.Limits(max_connections=32)
    # A proxy that the environment names is not for this.
    async with httpx2.AsyncClient(
        base_url=http, timeout=30, limits=limits, trust_env=False
    ) as client:
        simulator = Simulator(FrontEnd(client, token), tell)
        await simulator.set_up(school)
        await simulator.play(school, seconds)
        return simulator


def issuing(settings: Settings, tenant: str) -> Token:
    """Tokens of the development issuer. Raises `Trouble` where others' tokens are asked for."""
    require_tenant(tenant)
    if settings.token_keys:
        raise Trouble("Simulated learners have tokens of the development issuer only.")
    issuer = DevelopmentIssuer(
        settings.data_dir, issuer=settings.token_issuer, audience=settings.token_audience
    )
    issuer.ensure_keys()
    return lambda subject, role: issuer.issue(subject, tenant, [role])


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], object]]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("simulating", total=total)
        yield lambda count: progress.advance(task, count)


def _table(simulator: Simulator) -> Table:
    table = Table("what", "count")
    for name, count in simulator.counts.items():
        table.add_row(name, f"{count:,}")
    for name, count in simulator.refused.items():
        table.add_row(f"refused: {name}", f"{count:,}")
    return table
