"""`milepost address`."""

from pathlib import Path

import typer

from milepost.operations.installation.connection import load_settings
from milepost.operations.installation.data_directory import running
from milepost.operations.terminal.errors import Trouble


def print_address(server: str, data_dir: Path | None) -> None:
    given = load_settings(data_dir)
    runtime = running(given.data_dir)
    if runtime is None:
        raise Trouble(
            f"Nothing runs in {given.data_dir.resolve()}: start it with `milepost up`,"
            " or name the folder of what runs in MILEPOST_DATA_DIR."
        )
    addresses = {"http": runtime.http, "postgres": runtime.postgres, "nats": runtime.nats}
    if not addresses[server]:
        raise Trouble(f"`milepost up` was told not to start {server}: see its --only.")
    typer.echo(addresses[server])
