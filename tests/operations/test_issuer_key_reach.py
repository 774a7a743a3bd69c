"""Which processes of `milepost up` are given the key that seals the issuers' keys."""

from pathlib import Path

import pytest

from milepost.operations.installation.data_directory import Runtime
from milepost.operations.local import supervisor
from milepost.web.settings import Settings


@pytest.mark.parametrize("name", ["MILEPOST_ISSUER_KEY", "MILEPOST_ISSUER_KEY_FILE"])
def test_only_who_serves_is_given_the_issuer_key(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "given")
    runtime = Runtime(postgres="", enrollment="", owner="", nats="", http="")
    env = supervisor._environment(Settings(data_dir=tmp_path), runtime, 1)

    given = {one for one in ("serve", "relay", "project") if name in supervisor._needed(one, env)}

    assert given == {"serve"}
