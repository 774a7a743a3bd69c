"""Each `milepost` command: its usage, its words and its options, as `--help` has them."""

from collections.abc import Iterator
from typing import Any

import typer

from milepost.operations import cli
from milepost.operations.documentation.tables.markdown import code, table


def commands() -> str:
    main: Any = typer.main.get_group(cli.app)
    found = {name: main.get_command(None, name) for name in main.list_commands(None)}
    for name, (file, _) in cli.ROOMS.items():
        found[name] = typer.main.get_group(cli._loaded(file))  # noqa: SLF001
    for name, (file, _) in cli.SINGLE.items():
        found[name] = typer.main.get_command(cli._loaded(file))  # noqa: SLF001
    return "\n\n".join(part for name in sorted(found) for part in _command(name, found[name]))


def _command(name: str, command: Any) -> Iterator[str]:
    if hasattr(command, "list_commands"):
        for inner in command.list_commands(None):
            yield from _command(f"{name} {inner}", command.get_command(None, inner))
        return
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    yield f"## milepost {name}"
    yield code(" ".join(["milepost", name, *(_argument(one) for one in arguments)]))
    yield "\n\n".join(_paragraphs(command.help or ""))
    if options:
        rows = [
            (", ".join(map(code, (*one.opts, *one.secondary_opts))), one.help or "")
            for one in options
        ]
        yield table(("option", "is"), rows)


def _argument(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return f"{name}{'…' if argument.nargs == -1 else ''}"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.replace("\b", "").strip().split("\n\n"):
        yield " ".join(paragraph.split()).replace("<", r"\<")
