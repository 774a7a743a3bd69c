"""READMEs stay short, links lead somewhere, files that are named exist, and pages build."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are not worth a dependency

pytestmark = pytest.mark.servers  # they start processes


HOUSE = Path(__file__).parents[2]
WRITTEN_BY_READERS = {
    *("subscribers.conf", "accounts/subscribers.conf"),
    *("subscriber.py", "passwords.conf", "verify_webhook.py", "receiver.py"),
    *("congratulate_sqlite.py", "congratulate_postgres.py"),
}
ROOM_LINES = 45
ROOT_LINES = 150
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
FILE = re.compile(r"`([\w./-]+\.(?:py|sql|conf|yaml))`")
LOADED = re.compile(r"""<(?:script|link|img|iframe|source)[^>]+(?:src|href)=["'](?:https?:)?//""")
FETCHED = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//""")

FILES = [
    path.relative_to(HOUSE).as_posix()
    for top in ("deploy", "docs", "libs", "services", "tests")
    for path in HOUSE.glob(f"{top}/**/*")
] + [path.name for path in HOUSE.iterdir()]
READMES = [HOUSE / "README.md", *HOUSE.glob("*/*/README.md"), HOUSE / "deploy" / "README.md"]
PAGES = [*HOUSE.glob("*.md"), *READMES[1:], *HOUSE.glob("docs/**/*.md")]


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(HOUSE)) for path in paths]


@pytest.mark.parametrize("path", READMES, ids=names(READMES))
def test_a_readme_fits_one_screen(path: Path):
    bound = ROOT_LINES if path.parent == HOUSE else ROOM_LINES
    assert len(path.read_text("utf-8").splitlines()) <= bound


def test_every_room_has_a_readme():
    rooms = {
        path.parent for path in (*HOUSE.glob("libs/*/milepost"), *HOUSE.glob("services/*/milepost"))
    }
    assert rooms
    assert rooms <= {path.parent for path in READMES}


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_links_and_files_are_there(path: Path):
    text = path.read_text("utf-8")
    assert not [link for link in LINK.findall(text) if not (path.parent / link).exists()]
    if path.name.startswith("add-a"):  # it names files that are to be made
        return
    named = set(FILE.findall(text)) - WRITTEN_BY_READERS
    assert not [file for file in named if not exists(file)]


def exists(file: str) -> bool:
    """A part of a path is enough: a room's README names files as seen from there."""
    return any(f"/{path}".endswith(f"/{file}") for path in FILES)


def test_hooks_run_what_is_locked():
    config = yaml.safe_load((HOUSE / ".pre-commit-config.yaml").read_text("utf-8"))
    targets = re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    for hook in (hook for repo in config["repos"] for hook in repo["hooks"]):
        assert hook["language"] == "system"
        make, target = hook["entry"].split()
        assert make == "make"
        assert target in targets


def test_pages_build_without_a_warning_and_fetch_nothing(tmp_path: Path):
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-W", "--keep-going"]
    built = subprocess.run(
        [*command, "-d", tmp_path / "doctrees", HOUSE / "docs", tmp_path / "pages"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    pages = [*(tmp_path / "pages").rglob("*.html"), *(tmp_path / "pages").rglob("*.css")]
    assert len(pages) > 50
    for page in pages:
        text = page.read_text("utf-8")
        assert not LOADED.search(text), page
        assert not FETCHED.search(text), page


@pytest.mark.parametrize(
    "text", ['<script async src="https://x.org/a.js">', "<link href='//x.org/a.css'>"]
)
def test_what_is_fetched_is_noticed(text: str):
    assert LOADED.search(text)
    assert FETCHED.search("@import 'https://x.org/font.css'")
    assert not LOADED.search('<a href="https://x.org">')
