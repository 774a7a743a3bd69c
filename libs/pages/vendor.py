"""`make vendor`: takes the scripts of others from npm, as the manifest names them, into the pages.

    python libs/pages/vendor.py          write what the manifest says
    python libs/pages/vendor.py --check  only compare what is there with the manifest

Nothing is taken but the release that is named, and only with the digest that stands beside it.
Needs npm; who uses Milepost does not, for what it writes is committed.
"""

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parent / "milepost" / "pages"
MANIFEST = PAGES / "vendor" / "manifest.json"
LICENCES = PAGES / "vendor" / "licences"
STATIC = PAGES / "static"
TIMEOUT_SECONDS = 120


def main(arguments: list[str]) -> int:
    packages = json.loads(MANIFEST.read_text("utf-8"))
    if arguments != ["--check"]:
        for package in packages:
            write(package)
    wrong = [package["file"] for package in packages if digest_of(package) != package["digest"]]
    for name in wrong:
        print(f"{name} is not what the manifest says")  # noqa: T201
    return len(wrong)


def write(package: dict[str, Any]) -> None:
    """One file of all that the package gives, its licence above it. Raises `SystemExit`."""
    files = taken(package)
    name, version, licence = (package[one] for one in ("name", "version", "licence"))
    head = f"/*! {name} {version}, {licence} (see vendor/licences) */\n"
    parts = [files[f"package/{one}"].decode().rstrip() for one in package["parts"]]
    (STATIC / package["file"]).write_text(head + ";\n".join(parts) + "\n", "utf-8")
    LICENCES.mkdir(exist_ok=True)
    (LICENCES / f"{package['name']}.txt").write_bytes(files[f"package/{package['licence_file']}"])


def taken(package: dict[str, Any]) -> dict[str, bytes]:
    """The files of the release. npm takes another one silently unless the version is named."""
    release = f"{package['name']}@{package['version']}"
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", release, "--ignore-scripts", "--silent"]
        subprocess.run(  # noqa: S603
            command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS
        )
        packed = next(Path(folder).glob("*.tgz")).read_bytes()
    digest = base64.b64encode(hashlib.sha512(packed).digest()).decode()
    if f"sha512-{digest}" != package["integrity"]:
        raise SystemExit(f"{release}: sha512-{digest} is not what the manifest says")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {one.name: read(archive, one) for one in archive if one.isfile()}


def read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    found = archive.extractfile(member)
    assert found is not None, "it is a file"
    return found.read()


def digest_of(package: dict[str, Any]) -> str:
    content = (STATIC / package["file"]).read_bytes()
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
