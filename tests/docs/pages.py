"""A page's fenced blocks, and how they are run: as a reader would, in order, from top to bottom.

sh      run by one shell for the whole page; a `text` block after it is what it prints, where `…`
        stands for anything and a line of `…` alone for any lines
python  and others under a line that is a path in backticks: a file to write
diff    under such a line: a change to a file, told by its context; `…` separates its places
console, sql and text elsewhere: to read

The port that a page names is one of our own: two suites may run beside each other.
"""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from milepost.operations.local.embedded import free_port

DOCS = Path(__file__).parents[2] / "docs"
NAMED_PORT, OWN_PORT = "8499", str(free_port(0))
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"^`([\w./~-]+)`$")
SEAM = "----- end of a block -----"


class Block(NamedTuple):
    language: str
    text: str
    path: str | None
    prints: str | None


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8").replace(NAMED_PORT, OWN_PORT)
    fences = list(FENCED.finditer(text))
    return [
        Block(
            one[1], one[2], _path(text[: one.start()]), _printed(text, one, fences[n + 1 : n + 2])
        )
        for n, one in enumerate(fences)
    ]


def _path(before: str) -> str | None:
    found = NAMED.match(before.rstrip().rpartition("\n")[2])
    return found[1] if found else None


def _printed(text: str, block: re.Match[str], after: list[re.Match[str]]) -> str | None:
    following = after and after[0][1] == "text" and not text[block.end() : after[0].start()].strip()
    return after[0][2] if following else None


def write(folder: Path, block: Block) -> None:
    """Makes a file, or changes it when the block is a diff."""
    assert block.path
    path = folder / block.path
    if block.language == "diff":
        path.write_text(changed(path.read_text("utf-8"), block.text), "utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, "utf-8")


def changed(text: str, diff: str) -> str:
    for place in re.split(r"^…\n", diff, flags=re.MULTILINE):
        lines = [(line[:1] or " ", line[1:]) for line in place.splitlines()]
        old = "".join(f"{line}\n" for mark, line in lines if mark != "+")
        new = "".join(f"{line}\n" for mark, line in lines if mark != "-")
        places = list(re.finditer(f"^{re.escape(old)}", text, re.MULTILINE))
        assert len(places) == 1, f"not in one place:\n{old}"
        text = text[: places[0].start()] + new + text[places[0].end() :]
    return text


def write_files(page: Path, folder: Path) -> list[Path]:
    """All that the page tells to write or to change; which they are."""
    named = [one for one in blocks(page) if one.path]
    for one in named:
        write(folder, one)
    return [folder / str(one.path) for one in named]


def run(page: Path, folder: Path, env: Mapping[str, str], seconds: float = 240) -> None:
    """Raises `AssertionError` when a block fails, or prints something else than the page says."""
    shell = [one for one in blocks(page) if one.language == "sh"]
    assert shell, f"{page.name} has nothing to run"
    script = "".join(f"{one.text}echo '{SEAM}'\n" for one in shell)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    printed = done.stdout.split(f"{SEAM}\n")
    for block, output in zip(shell, printed, strict=False):
        if block.prints is not None:
            assert matches(output, block.prints), f"{block.text}\nprints\n{output}{done.stderr}"
    assert done.returncode == 0, f"{shell[len(printed) - 1].text}\n{printed[-1]}{done.stderr}"


def matches(output: str, wanted: str) -> bool:
    parts = [
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r" *\n"
        for line in wanted.splitlines()
    ]
    return re.fullmatch("".join(parts), output) is not None
