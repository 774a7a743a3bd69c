"""`milepost up` and `milepost migrate`."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import typer

from milepost.events.runtime.event_loop import run
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.data_directory import Runtime
from milepost.operations.installation.logins import migrate_and_ensure
from milepost.operations.installation.named_servers import named
from milepost.operations.local.supervisor import up, up_servers
from milepost.operations.serving.lifecycle import stop_signal
from milepost.operations.sign_in.rules import TOKENS, VARIABLE, why_not
from milepost.operations.terminal.errors import WrongUsage
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging


def run_up(
    data_dir: Path | None,
    host: str | None,
    port: int | None,
    log_format: str | None,
    only: Sequence[str] = (),
    *,
    sign_in: bool = False,
) -> None:
    settings = load_settings(data_dir)
    asked = {"host": host, "port": port, "log_format": log_format}
    asked = {name: value for name, value in asked.items() if value is not None}
    settings = msgspec.structs.replace(settings, **asked)
    set_sign_in(settings, asked=sign_in)
    configure_logging(settings, service="up", routine=("ready",))
    with reachable():
        run(_servers(settings, tuple(dict.fromkeys(only))) if only else _up(settings))


def set_sign_in(settings: Settings, *, asked: bool) -> None:
    """For the process that serves; only this command may say so. Raises `WrongUsage`.

    Pages have it wherever nobody else reaches it; tokens for front ends are to be asked for.
    """
    os.environ.pop(VARIABLE, None)
    why = why_not(settings)
    if why and asked:
        raise WrongUsage(f"--sign-in: {why}.")
    if not why:
        os.environ[VARIABLE] = TOKENS if asked else "pages"


async def _servers(settings: Settings, only: Sequence[str]) -> None:
    given = {"postgres": settings.postgres, "nats": settings.nats}
    if elsewhere := [f"MILEPOST_{name.upper()}" for name in only if given[name]]:
        raise WrongUsage(f"{', '.join(elsewhere)} names another server: unset it, to start one.")

    def announce(_: Runtime) -> None:
        typer.echo(f"\nRunning: {', '.join(only)}\n")
        typer.echo(
            f"  Type  export MILEPOST_DATA_DIR={shlex.quote(str(settings.data_dir.resolve()))}"
        )
        for name in only:
            typer.echo(f"        {_program()} address {name}")
        typer.echo("  Stop  Ctrl-C\n")

    await up_servers(settings, only, await stop_signal(), announce)


async def _up(settings: Settings) -> None:
    await up(settings, await stop_signal(), lambda runtime: _announce(settings, runtime))


def _announce(settings: Settings, runtime: Runtime) -> None:
    typer.echo(f"\nMilepost is up at {runtime.http}\n")
    for head, line in _what_to_do(settings, runtime):
        typer.echo(f"  {head:<5} {line}")
    typer.echo()


def _what_to_do(settings: Settings, runtime: Runtime) -> Iterator[tuple[str, str]]:
    """The lines to type are right in any terminal, folder and environment."""
    yield "Open", f"{runtime.http}/  (the pages: sign in and look around)"
    yield "", f"{runtime.http}/docs  (guides, the API, events, problems)"
    yield "", f"{runtime.http}/health/ready  (its health)"
    if os.environ.get(VARIABLE) == TOKENS:
        yield "", f"{runtime.http}/sign-in  (a token for a front end of yours)"
    for variable, address in named(settings).items():
        yield "Uses", f"{address}, which {variable} names"
    yield "Type", f"export MILEPOST_DATA_DIR={shlex.quote(str(settings.data_dir.resolve()))}"
    if settings.token_keys:
        yield "", f"TOKEN=…  (of the issuer {settings.token_issuer})"
    else:
        yield "", f"TOKEN=$({_program()} token --role operator)"
    yield "", f'curl -H "Authorization: Bearer $TOKEN" {runtime.http}/dashboards/operations'
    yield "Stop", "Ctrl-C"


def _program() -> str:
    """As a shell finds it: the one that was installed beside this Python."""
    here = Path(sys.executable).with_name("milepost")
    found = shutil.which("milepost")
    return "milepost" if found and Path(found) == here else shlex.quote(str(here))


def run_migrate(data_dir: Path | None, *, as_json: bool) -> None:
    settings = connected(load_settings(data_dir), without_nats=True)
    with reachable():
        names = run(
            migrate_and_ensure(
                settings.owner_login, settings.postgres, settings.postgres_enrollment
            )
        )
    if as_json:
        typer.echo(msgspec.json.encode({"applied": names}))
        return
    for name in names:
        typer.echo(f"applied {name}")
    if not names:
        typer.echo("The database is up to date: nothing was to be done.")
