"""The recipes for contributors, followed to the letter on a copy of this tree."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, run, write_files

pytestmark = pytest.mark.servers  # they start processes


HOUSE = DOCS.parent
RECIPES = ("add-a-command", "add-an-event", "add-a-read-model", "add-a-page", "add-a-room")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "dist")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What a contributor has cloned and set up."""
    copy = tmp_path / "milepost"
    shutil.copytree(HOUSE, copy, ignore=LEFT_OUT)
    (copy / ".venv").symlink_to(Path(sys.prefix))
    return copy


def contributor(tree: Path) -> Mapping[str, str]:
    """The tree's own rooms come before those that are installed."""
    rooms = [
        str(path.parent) for top in ("libs", "services") for path in tree.glob(f"{top}/*/milepost")
    ]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(rooms), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_fits_the_tree_as_it_is(recipe: str, tree: Path):
    """Quick, so that whoever moves a file hears of it at once."""
    written = write_files(DOCS / "how-to" / f"{recipe}.md", tree)
    assert written
    for path in written:
        if path.suffix == ".py":
            compile(path.read_text("utf-8"), path, "exec")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_ends_in_green_checks(recipe: str, tree: Path):
    page = DOCS / "how-to" / f"{recipe}.md"
    write_files(page, tree)
    if (HOUSE / ".mypy_cache").exists():  # saves a minute
        shutil.copytree(HOUSE / ".mypy_cache", tree / ".mypy_cache")
    run(page, tree, contributor(tree), seconds=280)
