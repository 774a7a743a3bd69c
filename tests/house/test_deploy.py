"""What stands in deploy/ is what the code has: its commands, its settings, its metrics."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml  # type: ignore[import-untyped]  # its stubs are not worth a dependency

from milepost.operations.cli import app
from milepost.operations.doctor.examination import CHECKS
from milepost.operations.doctor.watch import ONLY_TYPED
from milepost.operations.rooms import WHERE
from milepost.web.settings import PREFIX, Settings

HOUSE = Path(__file__).parents[2]
DEPLOY = HOUSE / "deploy"
COMMANDS: Any = typer.main.get_command(app)
METRIC = re.compile(r'\b(Counter|Gauge|Histogram)(?:MetricFamily)?\(\s*"(milepost_\w+)"')
SUFFIXES = {"Counter": ("_total",), "Gauge": ("",), "Histogram": ("_bucket", "_count", "_sum")}


def deployed_files() -> list[Path]:
    """Without what others install to speak to a Milepost."""
    found = (path for path in DEPLOY.rglob("*") if path.is_file())
    return sorted(path for path in found if DEPLOY / "clients" not in path.parents)


def files(*suffixes: str) -> list[Path]:
    return [path for path in deployed_files() if path.suffix in suffixes]


def documents() -> Iterator[Any]:
    for path in files(".yaml"):
        yield from yaml.safe_load_all(path.read_text("utf-8"))


def containers(document: Any) -> Iterator[Any]:
    """Of Kubernetes manifests, wherever they are nested."""
    if isinstance(document, dict):
        yield from document.get("containers") or ()
        for value in document.values():
            yield from containers(value)


def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def units() -> dict[str, str]:
    """Each unit's ExecStart, the template once for every instance that the target wants."""
    target = (DEPLOY / "systemd" / "milepost.target").read_text("utf-8")
    wanted = re.findall(r"milepost@(\w+)\.service", target)
    started = {}
    for path in files(".service"):
        (line,) = re.findall(
            r"^ExecStart=/opt/milepost/bin/milepost (.+)$", path.read_text("utf-8"), re.MULTILINE
        )
        for name in wanted if "%i" in line else (path.stem,):
            started[name] = line.replace("%i", name)
    return started


def commands() -> Iterator[list[str]]:
    for service in compose()["services"].values():
        if service.get("image") == "milepost:local":
            yield service["command"]
    for document in documents():
        yield from (one["args"] for one in containers(document) if "args" in one)
    yield from (line.split() for line in units().values())


@pytest.mark.parametrize("path", files(".yaml", ".json"), ids=lambda path: path.name)
def test_every_file_can_be_read(path):
    text = path.read_text("utf-8")
    found = json.loads(text) if path.suffix == ".json" else list(yaml.safe_load_all(text))
    assert found


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_exists_and_takes_these_arguments(command):
    name, *arguments = command
    COMMANDS.commands[name].make_context(name, arguments)  # refuses what it does not take


def test_every_process_is_deployed_everywhere():
    roles = {f"serve {name}" for name in WHERE} | {
        "migrate",
        "relay",
        "project",
    }
    for place in (compose_commands(), kubernetes_commands(), set(units().values())):
        assert {one.partition(" --")[0] for one in place} == roles


def compose_commands() -> set[str]:
    services = compose()["services"].values()
    return {" ".join(one["command"]) for one in services if one.get("image") == "milepost:local"}


def kubernetes_commands() -> set[str]:
    found = [one for document in documents() for one in containers(document)]
    return {" ".join(one["args"]) for one in found if "args" in one}


def test_every_variable_is_a_setting():
    known = {PREFIX + field.upper() for field in Settings.__struct_fields__}
    texts = {path: path.read_text("utf-8") for path in deployed_files()}
    named = {
        (path, one)
        for path, text in texts.items()
        for one in re.findall(r"(?<!\.)MILEPOST_[A-Z_]+", text)
    }
    assert named
    assert not [(path.name, one) for path, one in named if one not in known]


def exposed() -> set[str]:
    sources = [path for room in ("libs", "services") for path in (HOUSE / room).rglob("*.py")]
    found = [pair for path in sources for pair in METRIC.findall(path.read_text("utf-8"))]
    return {name + suffix for kind, name in found for suffix in SUFFIXES[kind]}


def expressions() -> Iterator[str]:
    (rules,) = yaml.safe_load_all(
        (DEPLOY / "prometheus" / "milepost.rules.yaml").read_text("utf-8")
    )
    yield from (rule["expr"] for group in rules["groups"] for rule in group["rules"])
    board = json.loads((DEPLOY / "grafana" / "milepost.json").read_text("utf-8"))
    yield from (target["expr"] for panel in board["panels"] for target in panel["targets"])


def test_every_metric_is_measured():
    asked = {name for one in expressions() for name in re.findall(r"\bmilepost_\w+", one)}
    assert "milepost_leads" in asked
    assert asked <= exposed()


def test_every_finding_of_the_doctor_has_an_alert():
    wrong = re.compile(r'milepost_finding\{finding="(\w+)"\}\) == 2')
    alerts = [name for one in expressions() for name in wrong.findall(one)]
    assert sorted(alerts) == sorted(CHECKS.keys() - ONLY_TYPED)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.servers
def test_prometheus_takes_the_alerts():
    rules = str(DEPLOY / "prometheus" / "milepost.rules.yaml")
    checked = subprocess.run(
        ["promtool", "check", "rules", rules], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_board_shows_everything_that_is_measured():
    board = (DEPLOY / "grafana" / "milepost.json").read_text("utf-8")
    families = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in exposed()}
    assert not [name for name in families if name not in board]


def test_every_deployment_is_probed_and_bounded():
    patch = yaml.safe_load((DEPLOY / "kubernetes" / "every-process.yaml").read_text("utf-8"))
    (container,) = patch["spec"]["template"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert container["resources"]["limits"]["memory"]
    deployments = [one for one in documents() if one.get("kind") == "Deployment"]
    for one in deployments:
        (container,) = one["spec"]["template"]["spec"]["containers"]
        assert container["name"] == "milepost", "else the patch would not reach it"


def test_all_manifests_are_listed():
    folder = DEPLOY / "kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    named = {*listed["resources"], *(patch["path"] for patch in listed["patches"])}
    assert "secret.example.yaml" not in named, "it would overwrite a real one"
    named.add("secret.example.yaml")
    assert named | {"kustomization.yaml"} == {path.name for path in folder.iterdir()}


def test_no_alert_compares_twice():
    """`a and b == 1 > 10` asks whether `b == 1` is above ten: what is meant stands before `and`."""
    twice = re.compile(r"(==|[<>]=?)\s*[\d.]+\s*(==|[<>]=?)\s*[\d.]+")
    assert not [one for one in expressions() if twice.search(one)]
