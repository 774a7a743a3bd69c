"""Options that many commands take, said once."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="The folder in which `milepost up` keeps everything.",
        show_default="MILEPOST_DATA_DIR, else .milepost",
    ),
]
Tenant = Annotated[str, typer.Option(help="The school.")]
OneTenant = Annotated[str | None, typer.Option(help="This school only.", show_default="all")]
AsJson = Annotated[
    bool, typer.Option("--json", help="For scripts: standard output is JSON, on one line.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")]
