"""What `milepost up` hands to each process that it starts: no secret that it does not need."""

import pytest

from milepost.operations.installation.data_directory import Runtime
from milepost.operations.local.supervisor import PROCESSES, _environment, _needed
from milepost.operations.serving.serve import HOLDS_KEYS
from milepost.web.settings import Settings

SECRET = {
    "MILEPOST_MASTER_KEY_FILE": "/keys/master",
    "MILEPOST_ISSUER_KEY_FILE": "/keys/issuer",
    "MILEPOST_WEBHOOK_KEY_FILE": "/keys/webhook",
    "MILEPOST_SESSION_KEY_FILE": "/keys/session",
    "MILEPOST_SIGN_IN_CLIENT_SECRET_FILE": "/keys/client",
    "MILEPOST_POSTGRES_FILE": "/keys/postgres",
}


def test_keys_go_to_who_serves_alone(monkeypatch: pytest.MonkeyPatch):
    for name, value in SECRET.items():
        monkeypatch.setenv(name, value)
    made = Runtime(postgres="p", nats="n", http="h", owner="o", enrollment="e")
    env = _environment(Settings(issuer_key="of the file"), made, 8400)
    holders = {
        name: [process[0] for process in PROCESSES if name in _needed(process[0], env)]
        for name in SECRET
    }
    assert holders == {
        "MILEPOST_MASTER_KEY_FILE": ["serve"],
        "MILEPOST_ISSUER_KEY_FILE": ["serve"],
        "MILEPOST_WEBHOOK_KEY_FILE": ["serve"],
        "MILEPOST_SESSION_KEY_FILE": ["serve"],
        "MILEPOST_SIGN_IN_CLIENT_SECRET_FILE": ["serve"],
        "MILEPOST_POSTGRES_FILE": [],  # its content goes instead
    }
    assert "MILEPOST_ISSUER_KEY" not in env, "a process refuses both"
    for name in ("MILEPOST_ISSUER_KEY", "MILEPOST_WEBHOOK_KEY", "MILEPOST_SESSION_KEY"):
        assert name not in _needed("relay", {name: "x"})


def test_who_holds_keys_leaves_no_core():
    assert set(HOLDS_KEYS) == {"enrollment", "credentials", "subscriptions", "all"}
