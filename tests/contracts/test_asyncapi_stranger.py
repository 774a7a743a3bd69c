"""AsyncAPI's own parser, asked as it is published. Skips without node or npm."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.npm import installed

pytestmark = [pytest.mark.slow, pytest.mark.servers]  # it starts npm and node

SCRIPTS = Path(__file__).parent / "strangers"


def parsed(place: Path, document: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        ["node", "parse.mjs"],
        cwd=place,
        input=json.dumps(document).encode(),
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_parser_of_asyncapi_finds_no_fault(asyncapi: dict[str, Any]):
    place = installed(SCRIPTS)
    shutil.copy(SCRIPTS / "parse.mjs", place)
    told = parsed(place, asyncapi)
    assert told["faults"] == []
    assert told["version"] == "3.1.0"
    assert told["channels"] == len(asyncapi["channels"])
    assert told["messages"] == len(asyncapi["components"]["messages"])
    spoilt = {**asyncapi, "topics": {}}
    assert "topics" in " ".join(parsed(place, spoilt)["faults"])
