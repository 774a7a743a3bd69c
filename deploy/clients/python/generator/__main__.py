"""Writes the generated part of the client: `python -m generator openapi.json asyncapi.json`."""

import json
import subprocess
import sys
from pathlib import Path

from generator.operations import operations
from generator.problems import problems
from generator.structs import event_data, structs
from generator.types import Schema

PACKAGE = Path(__file__).parents[1] / "milepost_client"
WRITERS = {"structs.py": structs, "problems.py": problems, "operations.py": operations}
RUFF = [sys.executable, "-m", "ruff"]


def generated(openapi: Schema, asyncapi: Schema) -> dict[str, str]:
    """The text of each file, by its name. Raises `Unknown`."""
    written = {name: writer(openapi) for name, writer in WRITERS.items()}
    written["event_data.py"] = event_data(asyncapi)
    return {name: formatted(text) for name, text in written.items()}


def formatted(text: str) -> str:
    """Without the imports that nothing needs."""
    for command in (["check", "--fix", "--select", "F401,I"], ["format"]):
        text = subprocess.run(  # noqa: S603 - nothing from outside is in the command
            [*RUFF, *command, "--quiet", "--stdin-filename", str(PACKAGE / "structs.py"), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return text


def main() -> None:
    openapi, asyncapi = (json.loads(Path(one).read_text("utf-8")) for one in sys.argv[1:])
    for name, text in generated(openapi, asyncapi).items():
        (PACKAGE / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
