"""What each process gets by the files in deploy/: its variables, and the files that it can read."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]  # its stubs are not worth a dependency

DEPLOY = Path(__file__).parents[2] / "deploy"
TLS = "?sslmode=verify-full&sslrootcert="
# As whoever installs the units writes them: README.md.
CREDENTIALS = {
    "postgres": "postgresql://milepost_service_login:x@db/milepost",
    "postgres-owner": "postgresql://milepost:x@db/milepost",
    "postgres-enrollment": "postgresql://milepost_enrollment_login:x@db/milepost",
    "nats": "tls://milepost:x@nats:4222",
    "master.keys": "",
    "issuer.key": "c2VhbHM=",
    "webhook.key": "c2VhbHM=",
    "session.key": "c2VhbHM=",
}


class Process(NamedTuple):
    """`files`: where each file stands that it can read, by the path under which it does."""

    place: str
    command: str
    variables: dict[str, str]
    files: dict[str, Path]

    @property
    def environment(self) -> dict[str, str]:
        """With the files' places in the test for the paths. Raises `KeyError` for no such file."""
        return {
            name: str(self.files[value]) if name.endswith("_FILE") else value
            for name, value in self.variables.items()
        }


def parsed(path: str) -> Iterator[Any]:
    yield from yaml.safe_load_all((DEPLOY / path).read_text("utf-8"))


def compose() -> Any:
    (found,) = parsed("compose.yaml")
    return found


def prepare(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run deploy/prepare.sh as if `folder` were deploy."""
    shutil.copy(DEPLOY / "prepare.sh", folder)
    return subprocess.run(
        ["/bin/sh", folder / "prepare.sh"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **variables},
    )


def by_compose(prepared: Path) -> Iterator[Process]:
    found = compose()
    for service in found["services"].values():
        if str(service["image"]).startswith("milepost"):
            mounted = dict(map(_mounted, service["secrets"]))
            files = {
                path: prepared / found["secrets"][name]["file"] for path, name in mounted.items()
            }
            variables = {name: _default(value) for name, value in service["environment"].items()}
            yield Process("compose", " ".join(service["command"]), variables, files)


def _default(value: str) -> str:
    """As compose reads it where nothing else is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def _mounted(secret: Any) -> tuple[str, str]:
    if isinstance(secret, str):
        return f"/run/secrets/{secret}", secret
    return secret["target"], secret["source"]


def by_kubernetes(prepared: Path) -> Iterator[Process]:
    folder = "kubernetes/"
    (config,), secrets = parsed(folder + "config.yaml"), parsed(folder + "secret.example.yaml")
    data = {one["metadata"]["name"]: one["stringData"] for one in secrets}
    data[config["metadata"]["name"] + " by ConfigMap"] = config["data"]
    (house,) = parsed(folder + "kustomization.yaml")
    for name in house["resources"]:
        for one in parsed(folder + name):
            if one["kind"] in {"Deployment", "Job"}:
                yield _process(_patched(one, house["patches"]), data, prepared)


def _patched(one: Any, patches: Any) -> Any:
    """The pod's specification, with what kustomize lays over it."""
    spec = one["spec"]["template"]["spec"]
    merged, (container,) = {**spec}, spec["containers"]
    for patch in patches:
        if patch["target"]["kind"] == one["kind"] and _selects(patch["target"], one):
            (more,) = parsed("kubernetes/" + patch["path"])
            pod = more["spec"]["template"]["spec"]
            (added,) = pod["containers"]
            env = {"env": [*container.get("env", ()), *added.get("env", ())]}
            container = {**container, **added, **env, "args": container["args"]}
            merged |= pod
    return {**merged, "containers": [container]}


def _selects(target: Any, one: Any) -> bool:
    selector = target.get("labelSelector")
    if selector is None:
        return True
    label, listed = re.fullmatch(r"(\S+) in \((.+)\)", selector).groups()  # type: ignore[union-attr]
    return one["metadata"]["labels"][label] in listed.split(", ")


def _process(pod: Any, data: Mapping[str, Any], prepared: Path) -> Process:
    (container,) = pod["containers"]
    variables: dict[str, str] = {}
    for source in container["envFrom"]:
        if "secretRef" in source:
            variables |= data[source["secretRef"]["name"]]
        else:
            variables |= data[source["configMapRef"]["name"] + " by ConfigMap"]
    for one in container.get("env", ()):
        reference = one.get("valueFrom", {}).get("secretKeyRef")
        variables[one["name"]] = (
            data[reference["name"]][reference["key"]] if reference else one["value"]
        )
    (mount,) = (one["mountPath"] for one in container["volumeMounts"] if one["name"] == "ca")
    files = {f"{mount}/ca.pem": prepared / "secrets" / "ca.pem"}
    return Process("kubernetes", " ".join(container["args"]), variables, files)


def by_systemd(prepared: Path) -> Iterator[Process]:
    folder = DEPLOY / "systemd"
    target = (folder / "milepost.target").read_text("utf-8")
    for unit in sorted(folder.glob("*.service")):
        text = unit.read_text("utf-8")
        names = re.findall(r"milepost@(\w+)\.service", target) if "@" in unit.name else [""]
        for name in names:
            more = folder / f"milepost@{name}.service.d" / "credentials.conf"
            whole = text + (more.read_text("utf-8") if more.exists() else "")
            yield _unit(whole.replace("%i", name), prepared)


def _unit(text: str, prepared: Path) -> Process:
    (command,) = re.findall(r"^ExecStart=/opt/milepost/bin/milepost (.+)$", text, re.MULTILINE)
    credentials = re.findall(r"^LoadCredential=([\w.-]+):(\S+)$", text, re.MULTILINE)
    lines = re.findall(r"^Environment=(\S+)$", text, re.MULTILINE)
    for name in re.findall(r"^EnvironmentFile=-?/etc/milepost/(\S+)$", text, re.MULTILINE):
        shipped = DEPLOY / "systemd" / name
        lines += re.findall(r"^(\w+=\S+)$", shipped.read_text("utf-8"), re.MULTILINE)
    variables = dict(line.split("=", 1) for line in lines)
    ca = "/etc/milepost/tls/ca.pem"
    files = {ca: prepared / "secrets" / "ca.pem"}
    for name, source in credentials:
        assert source == f"/etc/milepost/credentials/{name}"
        files[f"%d/{name}"] = place = prepared / "credentials" / name
        place.parent.mkdir(exist_ok=True)
        address = CREDENTIALS[name]
        place.write_text(address + (f"{TLS}{ca}" if address.startswith("postgresql") else ""))
    return Process("systemd", command.partition(" --")[0], variables, files)
