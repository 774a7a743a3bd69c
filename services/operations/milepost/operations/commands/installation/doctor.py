"""`milepost doctor`: looks at everything that Milepost needs and does, and changes nothing."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import typer

from milepost.events.runtime.event_loop import run
from milepost.operations.doctor.examination import findings_of
from milepost.operations.doctor.finding import Finding
from milepost.operations.doctor.work import consumers_here
from milepost.operations.installation.connection import connected, load_settings
from milepost.web.settings import Settings

COLORS = {"ok": None, "warning": typer.colors.YELLOW, "wrong": typer.colors.RED}


def run_doctor(data_dir: Path | None, *, as_json: bool) -> None:
    settings = connected(load_settings(data_dir))
    report = (lambda _: None) if as_json else _print
    findings = run(_findings(settings, report))
    if as_json:
        typer.echo(msgspec.json.encode(findings))
    if not all(one.ok for one in findings):
        raise typer.Exit(1)


async def _findings(settings: Settings, report: Callable[[Finding], object]) -> list[Finding]:
    return await findings_of(settings, await consumers_here(settings), report=report)


def _print(finding: Finding) -> None:
    next_step = f": {finding.remedy}" if finding.remedy else ""
    line = f"{finding.verdict:<7} {finding.name:11} {finding.says}{next_step}"
    typer.secho(line, fg=COLORS[finding.verdict])
