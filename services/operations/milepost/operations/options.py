"""Options that many commands take, said once."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where everything is kept.",
        show_default="MILEPOST_DATA_DIR, else .milepost",
    ),
]
