"""What `milepost projections rebuild` is asked for."""

from typing import Annotated

import typer

AsOf = Annotated[
    str | None,
    typer.Option(
        help="Build, beside and never to be live, what was known at a past moment: what the log had"
        " recorded by a position of --tenant, a time (2026-03-01T09:30, UTC) or a day (its end)."
    ),
]
AsHappened = Annotated[
    str | None,
    typer.Option(
        help="As --as-of, of what had happened by a time or a day, whenever it was recorded: for a"
        " school whose history was imported."
    ),
]
OneOrAll = Annotated[
    str | None,
    typer.Argument(help="A read model; or, of all of them, --all.", show_default=False),
]
Everything = Annotated[bool, typer.Option("--all", help="All read models, in one pass.")]
Switching = Annotated[
    bool | None,
    typer.Option(
        "--switch/--no-switch",
        help="Let it take over, or not.",
        show_default="when it is identical to the live one, or of a newer version",
    ),
]
Rest = Annotated[
    float,
    typer.Option(
        help="Rest this many times as long as was worked, for the others on the machine.",
        min=0,
    ),
]
Processes = Annotated[
    int,
    typer.Option(
        help="Fold in so many processes: each uses a core, and reads the log for its own models.",
        min=1,
        max=8,
    ),
]
