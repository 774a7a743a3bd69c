"""By deploy/ each process gets the secrets that it needs and no others, and speaks TLS alone."""

import os
import re
import shutil
import subprocess
from collections import defaultdict
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are not worth a dependency
from tests.certificates import Authority
from tests.docs.pages import DOCS, run
from tests.house.deployed import (
    DEPLOY,
    by_compose,
    by_kubernetes,
    by_systemd,
    compose,
    parsed,
    prepare,
)

from milepost.web.auth.signing_key import SigningKey
from milepost.web.settings import Settings

pytestmark = [
    pytest.mark.servers,  # they start processes
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]

LOGINS = {
    "postgres": "milepost_service_login",
    "postgres_owner": "milepost",
    "postgres_enrollment": "milepost_enrollment_login",
}
SERVICE = {"postgres", "nats"}
# What others than services need; services need SERVICE.
NEEDS = {
    "migrate": {*LOGINS},
    "serve enrollment": {*SERVICE, "postgres_enrollment"},
    "project": {"postgres"},
    "doctor": {*LOGINS, "nats"},  # people's commands, in compose
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deploy")
    ended = prepare(folder)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.mark.parametrize("place", [by_compose, by_kubernetes, by_systemd])
def test_each_process_takes_what_it_is_given_and_is_given_what_it_needs(place, prepared):
    processes = list(place(prepared))
    assert processes
    for one in processes:
        settings = Settings.from_environment(one.environment)
        given = {name for name in (*LOGINS, "nats") if getattr(settings, name)}
        assert given == NEEDS.get(one.command, SERVICE), one.command
        for name in LOGINS.keys() & given:
            address = urlsplit(getattr(settings, name))
            tls = parse_qs(address.query)
            assert address.username == LOGINS[name]
            assert tls["sslmode"] == ["verify-full"]
            assert tls["sslrootcert"][0] in one.files, "it can read the CA's certificate"
        if "nats" in given:
            assert settings.nats.startswith("tls://")
            assert settings.nats_ca_file == str(prepared / "secrets" / "ca.pem")


@pytest.mark.parametrize("place", [by_kubernetes, by_systemd])
def test_the_vaults_keys_are_enrollments_alone(place, prepared):
    given = [
        one.command
        for one in place(prepared)
        if {"MILEPOST_MASTER_KEY", "MILEPOST_MASTER_KEY_FILE"} & one.variables.keys()
    ]
    assert given == ["serve enrollment"]


@pytest.mark.parametrize("place", [by_compose, by_kubernetes, by_systemd])
def test_the_key_of_issuers_goes_to_credentials_alone(place, prepared):
    settings = [
        (one.command, Settings.from_environment(one.environment)) for one in place(prepared)
    ]
    given = {command for command, one in settings if one.issuer_key}
    assert given - {"doctor"} == {"serve credentials"}
    assert all(one.public_url for command, one in settings if command == "serve credentials")


@pytest.mark.parametrize("place", [by_compose, by_kubernetes, by_systemd])
def test_the_key_of_webhooks_goes_to_subscriptions_alone(place, prepared):
    processes = [
        (one.command, Settings.from_environment(one.environment)) for one in place(prepared)
    ]
    given = {command for command, one in processes if one.webhook_key}
    assert given - {"doctor"} == {"serve subscriptions"}


@pytest.mark.parametrize("place", [by_compose, by_kubernetes, by_systemd])
def test_the_key_of_sessions_goes_to_services_alone(place, prepared):
    processes = [
        (one.command, Settings.from_environment(one.environment)) for one in place(prepared)
    ]
    given = {command for command, one in processes if one.session_key}
    assert given == {command for command, _ in processes if command.startswith("serve ")}


def test_no_variable_of_compose_or_systemd_holds_a_secret(prepared):
    for one in (*by_compose(prepared), *by_systemd(prepared)):
        assert not [value for value in one.variables.values() if "@" in value], one.command


def test_compose_mounts_each_secret_and_folder_only_where_it_is_needed():
    holders = defaultdict(set)
    for name, service in compose()["services"].items():
        for secret in service.get("secrets", ()):
            holders[secret if isinstance(secret, str) else secret["source"]].add(name)
        for volume in service.get("volumes", ()):
            holders[volume.split(":")[0]].add(name)
    assert holders["token.key"] == {"operator"}
    assert holders["issuer.key"] == {"credentials", "operator"}
    assert holders["webhook.key"] == {"subscriptions", "operator"}
    assert "operator" not in holders["session.key"]
    assert holders["superuser.password"] == holders["owner.password"] == {"postgres"}
    assert holders["postgres.key"] == holders["postgres"] == {"postgres"}
    assert holders["nats.key"] == holders["nats-passwords.conf"] == {"nats"}
    assert holders["./state/nats"] == {"nats"}
    assert holders["./state/vault"] == {"enrollment", "operator"}
    assert holders["./state/heads"] == holders["./state/backups"] == {"operator"}
    assert not {name for name in holders if name.startswith("ca.") and name != "ca.pem"}
    assert compose()["services"]["operator"]["profiles"], "it does not run unless it is asked to"
    assert holders.keys() >= compose()["secrets"].keys()


def test_compose_confines_every_container():
    found = compose()
    assert found["networks"]["data"] == {"internal": True}
    for name, one in found["services"].items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert not {"cap_add", "privileged", "network_mode", "pid", "ipc"} & one.keys(), name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one["pids_limit"], name
        assert one["mem_limit"], name
        user, _, group = one["user"].partition(":")
        assert min(int(user), int(group)) > 0, name
        healthy = one["healthcheck"].get("test") is not None
        assert healthy == (one["restart"] == "unless-stopped"), name


def test_compose_opens_the_services_alone_and_to_this_machine_alone():
    for name, one in compose()["services"].items():
        edge = one["command"][0] == "serve"
        assert one["networks"] == (["data", "edge"] if edge else ["data"]), name
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", ())), name
        assert bool(one.get("ports")) == edge, name


def test_postgres_takes_three_logins_over_tls_with_a_password():
    text = (DEPLOY / "pg_hba.conf").read_text("utf-8")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    assert all(words[-1] == "scram-sha-256" for words in lines)
    (over_network,) = (words for words in lines if words[0] != "local")
    kind, database, users, *_ = over_network
    assert (kind, database) == ("hostssl", "milepost")
    assert set(users.split(",")) == set(LOGINS.values())
    given = (DEPLOY / "postgresql.conf").read_text("utf-8")
    settings = dict(re.findall(r"^(\w+) = '?([^'\s]+)", given, re.MULTILINE))
    assert (settings["ssl"], settings["password_encryption"]) == ("on", "scram-sha-256")
    mounted = [one for one in compose()["services"]["postgres"]["secrets"] if "target" in one]
    targets = {one["target"]: one["source"] for one in mounted}
    assert targets[settings["ssl_cert_file"]] == "postgres.pem"
    assert targets[settings["ssl_key_file"]] == "postgres.key"
    assert (
        f"./pg_hba.conf:{settings['hba_file']}:ro" in compose()["services"]["postgres"]["volumes"]
    )


def test_pods_reach_and_are_reached_as_far_as_they_need():
    every, nats, services = parsed("kubernetes/network-policy.yaml")
    assert every["spec"]["podSelector"] == {}
    assert every["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert ports(every) == {"ingress": {"probes"}, "egress": {53, 5432}}
    (selected,) = nats["spec"]["podSelector"]["matchExpressions"]
    assert selected["values"] == ["service", "relay"]
    assert ports(nats) == {"ingress": set(), "egress": {4222}}
    assert services["spec"]["podSelector"]["matchLabels"] == {selected["key"]: "service"}
    assert ports(services) == {"ingress": {"http"}, "egress": {443}}


def ports(policy):
    return {
        way: {port["port"] for rule in policy["spec"].get(way, ()) for port in rule["ports"]}
        for way in ("ingress", "egress")
    }


def test_each_unit_is_a_user_of_its_own_that_may_nothing():
    units = [path.read_text("utf-8") for path in (DEPLOY / "systemd").glob("*.service")]
    users = [re.findall(r"^User=(.+)$", text, re.MULTILINE) for text in units]
    assert len({*map(str, users)}) == len(units)
    for text in units:
        for line in ("DynamicUser=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet="):
            assert f"\n{line}\n" in text
        assert "StateDirectory" not in text, "else they would share it"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_lays_over_what_we_think_it_does(prepared):
    said = subprocess.run(
        ["kubectl", "kustomize", DEPLOY / "kubernetes"], check=True, capture_output=True, text=True
    )
    made = [one["spec"]["template"]["spec"] for one in yaml.safe_load_all(said.stdout) if runs(one)]
    given = {" ".join(one["containers"][0]["args"]): one["containers"][0] for one in made}
    for one in by_kubernetes(prepared):
        container = given.pop(one.command)
        assert {env["name"] for env in container.get("env", ())} <= one.variables.keys()
        assert ("MILEPOST_NATS" in one.variables) == ("MILEPOST_NATS" in str(container))
        assert container["securityContext"]["readOnlyRootFilesystem"], one.command
        assert container["resources"]["limits"]["memory"], one.command
    assert not given
    assert all(pod["securityContext"]["runAsNonRoot"] for pod in made)
    assert all(pod["automountServiceAccountToken"] is False for pod in made)


def runs(document):
    return document["kind"] in {"Deployment", "Job"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_units(tmp_path):
    units = shutil.copytree(DEPLOY / "systemd", tmp_path / "units")
    shutil.copy(units / "milepost@.service", units / "milepost@enrollment.service")
    for path in units.glob("*.service"):
        text = path.read_text("utf-8").replace("/opt/milepost/bin/milepost", "/bin/true")
        path.write_text(text, "utf-8")
    names = [*map(str, units.glob("*.service")), str(units / "milepost.target")]
    said = subprocess.run(
        ["systemd-analyze", "verify", *names], check=False, capture_output=True, text=True
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_prepare_keeps_what_is_there(prepared):
    secrets = prepared / "secrets"
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    ended = prepare(prepared)
    assert ended.returncode == 0, ended.stderr
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before
    open_to_others = [path.name for path in secrets.iterdir() if path.stat().st_mode & 0o077]
    assert open_to_others == ["ca.pem"]
    given = {one["file"] for one in compose()["secrets"].values()}
    assert {name.removeprefix("./secrets/") for name in given} <= before.keys()


def test_prepare_makes_certificates_for_the_names_of_the_servers(prepared):
    for name in ("postgres", "nats"):
        assert verified(prepared, name, name), name
        assert verified(prepared, name, "localhost"), name
        assert not verified(prepared, name, "elsewhere"), name


def verified(folder, name, host):
    secrets = folder / "secrets"
    asked = ["-x509_strict", "-purpose", "sslserver", "-verify_hostname", host]
    ended = subprocess.run(
        ["openssl", "verify", *asked, "-CAfile", secrets / "ca.pem", secrets / f"{name}.pem"],
        check=False,
        capture_output=True,
    )
    return ended.returncode == 0


def test_prepare_renews_a_certificate_that_ends_soon(tmp_path):
    assert prepare(tmp_path).returncode == 0
    secrets = tmp_path / "secrets"
    ends_tomorrow, _ = Authority(tmp_path / "other-ca").sign("nats")
    (secrets / "nats.pem").chmod(0o600)
    shutil.copy(ends_tomorrow, secrets / "nats.pem")
    (secrets / "ca.key").rename(tmp_path / "ca.key")
    ended = prepare(tmp_path)
    assert (ended.returncode, "secrets/ca.key is not here" in ended.stderr) == (1, True)
    (tmp_path / "ca.key").rename(secrets / "ca.key")
    kept = (secrets / "postgres.pem").read_bytes()
    assert prepare(tmp_path, NATS_NAME="nats.school.example").returncode == 0
    assert verified(tmp_path, "nats", "nats.school.example")
    assert (secrets / "postgres.pem").read_bytes() == kept


def test_prepare_makes_the_development_issuers_key(prepared, tmp_path):
    secrets = prepared / "secrets"
    shutil.copy(secrets / "token.key", tmp_path / "key.pem")
    assert SigningKey(tmp_path).publish().read_bytes() == (secrets / "token-keys.json").read_bytes()


def test_the_page_about_tls_does_what_it_says(tmp_path):
    (tmp_path / "deploy").mkdir()
    shutil.copy(DEPLOY / "prepare.sh", tmp_path / "deploy")
    run(DOCS / "how-to" / "tls.md", tmp_path, os.environ)


def test_images_are_pinned_or_none_is(tmp_path):
    shutil.copy(DEPLOY / "pin-images.sh", tmp_path)
    (tmp_path / ".env").write_text("KEPT=1\nNATS_IMAGE=old\n")
    (tmp_path / ".env").chmod(0o600)
    docker = tmp_path / "docker"

    def pin(says):
        docker.write_text(f"#!/bin/sh\n{says}\n")
        docker.chmod(0o755)
        command = ["/bin/sh", tmp_path / "pin-images.sh"]
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        ended = subprocess.run(command, check=False, capture_output=True, env=env)
        return ended.returncode, (tmp_path / ".env").read_text().splitlines()

    assert pin("exit 1") == (1, ["KEPT=1", "NATS_IMAGE=old"])
    assert pin("echo not a digest") == (1, ["KEPT=1", "NATS_IMAGE=old"])
    code, (kept, *pinned) = pin('echo "sha256:$(echo $4 | tr -d :/.-)"')
    assert (code, kept) == (0, "KEPT=1")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    default = re.compile(r"\$\{(\w+_IMAGE):-([^}]+)\}")
    defaults = set(default.findall((DEPLOY / "compose.yaml").read_text("utf-8")))
    assert {tuple(line.partition("@")[0].split("=")) for line in pinned} == defaults
