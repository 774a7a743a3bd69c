"""The `milepost` command: a list of what it can do. What is asked for is loaded, nothing else."""

import importlib
import importlib.metadata
import sys
from enum import StrEnum
from typing import Annotated

import typer

from milepost.operations.rooms import NAMES
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.options import AsJson, DataDir, OneTenant, Tenant
from milepost.operations.terminal.whole_output import whole

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},  # of every command below it too
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 refused, failed or different, 2 wrong usage.",
)

# Commands that stand in files of their own, `<file>.app`, under the name they are called by.
ROOMS = {
    "import": ("history.command", "Bring a school's history in."),
    "courses": ("commands.school.courses", "Export and import courses; compare their versions."),
    "instructors": (
        "commands.school.instructors",
        "Assign and remove instructors, who see own offerings only.",
    ),
    "groups": (
        "commands.groups.groups",
        "Create groups; add and remove members; see how they stand.",
    ),
    "keys": ("commands.school.keys", "List, rotate and retire the keys that issuers sign with."),
    "report": ("commands.school.report", "Print figures from the read models."),
    "projections": (
        "commands.events.projections",
        "List, rebuild, compare and switch read models.",
    ),
    "log": ("commands.events.log", "Check that the log is whole; sign where it ends."),
    "parked": (
        "commands.events.parked",
        "List, retry or skip events that a consumer could not take.",
    ),
    "stream": ("commands.events.stream", "Make the stream in NATS anew from the log."),
    "subscribers": (
        "commands.events.subscribers",
        "Give partners on NATS what they may read, and nothing else.",
    ),
    "jobs": ("commands.school.jobs", "Submit bulk jobs, look at them, read their results, cancel."),
    "webhooks": (
        "commands.subscriptions.webhooks",
        "Send events to an endpoint: add, verify, rotate, pause, deliver again.",
    ),
    "timers": ("commands.events.timers", "List what will go off, and when."),
    "vault": (
        "commands.installation.vault",
        "Renew, retire and destroy the vault's keys.",
    ),
    "bench": ("bench.command", "Measure this machine with Milepost on it."),
}
SINGLE = {
    "enroll": ("commands.school.enroll", "Enroll many from a file, and say what came of each."),
    "what-if": (
        "commands.school.what_if",
        "Say what a changed rule would mean, before it is changed.",
    ),
    "impact": (
        "commands.school.impact",
        "Say who would gain or lose by an achievement's definition, before it is published.",
    ),
    "audit": (
        "commands.school.audit",
        "Check that whoever has earned an achievement holds it, and nobody else.",
    ),
    "simulate": ("simulation.command", "Let a small school live through a term."),
    "demo": ("demo.command", "Start everything and watch a small school."),
    "verify": ("commands.school.verify", "Verify a badge in a file, without a network."),
    "republish": (
        "commands.events.republish",
        "Publish events again for one subscriber's catch-up.",
    ),
    "backup": ("commands.installation.backup", "Back up the database while people work."),
    "restore": (
        "commands.installation.restore",
        "Restore a backup into an empty database; name what is lost.",
    ),
    "tail": ("commands.events.tail", "Follow published events as they happen."),
}


class Role(StrEnum):
    learner = "learner"
    instructor = "instructor"
    registrar = "registrar"
    issuer = "issuer"
    operator = "operator"
    service = "service"
    auditor = "auditor"


class Server(StrEnum):
    http = "http"
    postgres = "postgres"
    nats = "nats"


class OwnServer(StrEnum):
    postgres = "postgres"
    nats = "nats"


class LogFormat(StrEnum):
    auto = "auto"
    text = "text"
    json = "json"


Host = Annotated[
    str | None,
    typer.Option(help="The address to listen on.", show_default="MILEPOST_HOST, else 127.0.0.1"),
]
Port = Annotated[
    int | None,
    typer.Option(
        help="The port to listen on; 0 takes any.",
        show_default="MILEPOST_PORT, else 8400",
        min=0,
        max=65_535,
    ),
]
HealthPort = Annotated[
    int | None,
    typer.Option(
        help="Answer /health and /metrics on this port.",
        show_default="on none",
        min=0,
        max=65_535,
    ),
]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"milepost {importlib.metadata.version('milepost')}")
        raise typer.Exit


def _one_of_the_rooms(name: str) -> str:
    if name not in NAMES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(NAMES)}.")
    return name


@app.callback()
def milepost(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
) -> None:
    """The open system of record for micro-credentials."""


@app.command()
def up(
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            help="Log lines for people (text) or for machines (json).",
            show_default="MILEPOST_LOG_FORMAT, else text on a terminal, json elsewhere",
        ),
    ] = None,
    only: Annotated[
        list[OwnServer] | None,
        typer.Option(
            help="Start this server alone, for processes of your own; may be given twice.",
            show_default="everything",
        ),
    ] = None,
    *,
    sign_in: Annotated[
        bool,
        typer.Option(
            "--sign-in",
            help="Give tokens at /sign-in to this machine's browser: to develop a front end.",
        ),
    ] = False,
) -> None:
    """Start Postgres, NATS and every service on one port; Ctrl-C stops them.

    MILEPOST_POSTGRES and MILEPOST_NATS name servers to use instead of own ones.
    """
    from milepost.operations.commands.installation.up import run_up

    run_up(data_dir, host, port, log_format, [str(one) for one in only or ()], sign_in=sign_in)


@app.command()
def serve(
    name: Annotated[
        str,
        typer.Argument(
            help=f"One of {', '.join(NAMES)}.", metavar="SERVICE", callback=_one_of_the_rooms
        ),
    ],
    data_dir: DataDir = None,
) -> None:
    """Serve one service, or all, over HTTP, and run its policies.

    It listens on MILEPOST_HOST (127.0.0.1) and MILEPOST_PORT (8400).
    """
    from milepost.operations.serving.serve import run_serve

    run_serve(name, data_dir)


@app.command()
def relay(
    *,
    health_port: HealthPort = None,
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="Find and mend what JetStream lost, then end.")
    ] = False,
    tenant: OneTenant = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Find, but mend nothing.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Publish the log to NATS JetStream. Of any number, one leads.

    --reconcile may run beside them; --tenant, --dry-run and --json go with it.
    """
    if reconcile:
        from milepost.operations.commands.events.reconcile import run_reconcile

        run_reconcile(tenant, data_dir, dry_run=dry_run, as_json=as_json)
        return
    if tenant or dry_run or as_json:
        raise WrongUsage("--tenant, --dry-run and --json go with --reconcile.")
    from milepost.operations.serving.relay import run_relay

    run_relay(health_port, data_dir)


@app.command()
def project(health_port: HealthPort = None, data_dir: DataDir = None) -> None:
    """Keep the read models up to date. Of any number, one leads each."""
    from milepost.operations.serving.project import run_project

    run_project(health_port, data_dir)


@app.command()
def token(
    role: Annotated[
        list[Role],
        typer.Option(help=f"One of {', '.join(Role)}; may be given several times.", metavar="ROLE"),
    ],
    tenant: Tenant = "default",
    subject: Annotated[
        str, typer.Option(help="For whom it speaks; for a learner, the learner's id.")
    ] = "operator",
    lifetime: Annotated[int, typer.Option(help="Seconds until it expires.", min=1)] = 3600,
    data_dir: DataDir = None,
) -> None:
    """Print a token of the development issuer.

    A request carries it as `Authorization: Bearer TOKEN`.

    Example: milepost token --role learner --subject ann
    """
    from milepost.operations.commands.installation.token import print_token

    print_token([str(one) for one in role], tenant, subject, lifetime, data_dir)


@app.command()
def address(
    server: Annotated[
        Server, typer.Argument(help=f"One of {', '.join(Server)}.", metavar="[SERVER]")
    ] = Server.http,
    data_dir: DataDir = None,
) -> None:
    """Print where `milepost up` is reached, or a server of its: that one with its password."""
    from milepost.operations.commands.installation.address import print_address

    print_address(server, data_dir)


@app.command()
def migrate(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Bring the database to this version's tables. `milepost up` does so by itself."""
    from milepost.operations.commands.installation.up import run_migrate

    run_migrate(data_dir, as_json=as_json)


@app.command()
def doctor(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Look for what is missing or wrong; exit code 1 when there is anything. Changes nothing."""
    from milepost.operations.commands.installation.doctor import run_doctor

    run_doctor(data_dir, as_json=as_json)


def main() -> None:
    sys.stdout = whole(sys.stdout)
    _add_rooms(next((word for word in sys.argv[1:] if not word.startswith("-")), ""))
    try:
        app()
    except Trouble as trouble:
        typer.echo(f"milepost: {trouble}", err=True)
        sys.exit(trouble.exit_code)


def _add_rooms(asked: str) -> None:
    for name, (file, words) in ROOMS.items():
        app.add_typer(_loaded(file) if name == asked else typer.Typer(), name=name, help=words)
    for name, (file, words) in SINGLE.items():
        command = _loaded(file).registered_commands[0].callback if name == asked else _unloaded
        assert command is not None
        app.command(name, help=None if name == asked else words)(command)


def _loaded(file: str) -> typer.Typer:
    found: typer.Typer = importlib.import_module(f"milepost.operations.{file}").app
    return found


def _unloaded() -> None:
    """Only to be listed by --help."""
