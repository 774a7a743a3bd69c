"""Schemathesis reads the OpenAPI document and tries whatever it allows, and what it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.clients import Running

HERE = Path(__file__).parent
ROLES = ("learner", "instructor", "registrar", "issuer", "operator", "service")
# Always the same cases, so that a change is what makes it fail; another number looks further.
SEED = os.environ.get("MILEPOST_SEED", "4")
EXAMPLES = os.environ.get("MILEPOST_EXAMPLES", "25")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_schemathesis_finds_nothing_in_the_whole_document(school: Running, tenant: str):
    tried = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(HERE / "schemathesis.toml")),
            *("run", f"{school.http}/schema/openapi.json"),
            *(
                "--header",
                f"Authorization: {school.headers(*ROLES, tenant=tenant)['Authorization']}",
            ),
            *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"),
            *("--max-examples", EXAMPLES, "--seed", SEED, "--warnings", "off"),
        ],
        cwd=school.data_dir,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "No issues found" in tried.stdout
