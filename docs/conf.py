"""How Sphinx builds these pages. Nothing in them is fetched from anywhere."""

from importlib.metadata import version as version_of
from typing import Any

from sphinx.application import Sphinx

from milepost.operations.documentation.tables.places import with_tables

project = "Milepost"
author = "the Milepost contributors"
copyright = "the Milepost contributors, Apache-2.0"  # noqa: A001 - Sphinx calls it so
release = version = version_of("milepost")

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = "Milepost"
html_static_path = ["static"]
html_css_files = ["milepost.css"]
html_copy_source = False
html_show_sphinx = False


def insert_tables(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Sphinx hands over a page's text as the only item of a list, to be changed in place."""
    source[0] = with_tables(source[0])


def own_branch(
    _app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Beside a page stands the branch that it is on. All branches on all pages would be more than
    half of what is built, and of what is read. Decisions stand in their index, by what they are of.
    """
    tree, depth = context["toctree"], 1 if page.startswith("decisions/") else -1
    context["toctree"] = lambda **usual: tree(**{**usual, "collapse": True, "maxdepth": depth})


def setup(app: Sphinx) -> None:
    app.connect("source-read", insert_tables)
    app.connect("html-page-context", own_branch, priority=400)  # before the theme draws it
