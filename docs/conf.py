"""How Sphinx builds these pages. Nothing in them is fetched from anywhere."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parents[1]))

from docs.tables import insert_tables

project = "Milepost"
author = "the Milepost contributors"
copyright = "the Milepost contributors, Apache-2.0"  # noqa: A001 - Sphinx calls it so
release = version = version_of("milepost")

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
exclude_patterns = ["tables"]
nitpicky = True

html_theme = "furo"
html_title = "Milepost"
html_static_path = ["static"]
html_css_files = ["milepost.css"]
html_copy_source = False
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    app.connect("source-read", insert_tables)
