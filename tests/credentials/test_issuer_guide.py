"""The page for issuers names every field, every element and every reason that there is."""

import inspect
import re
from pathlib import Path
from typing import get_args

from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.achievements.european import Element
from milepost.credentials.images import raster

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "define-an-achievement.md"


def table(head: str) -> set[str]:
    """The first column of the table whose first column is called that."""
    text = PAGE.read_text("utf-8")
    rows = text.split(f"\n| {head} |", 1)[1].split("\n\n", 1)[0]
    return set(re.findall(r"^\| `([a-z_]+)` \|", rows, re.MULTILINE))


def test_every_field_of_a_definition_is_explained():
    assert table("field") == set(Definition.__struct_fields__)


def test_every_european_element_is_explained():
    assert table("element") == set(get_args(Element))


def test_every_reason_to_refuse_a_picture_is_explained():
    assert table("because") == set(
        re.findall(r'ImageRefused\("(\w+)"\)', inspect.getsource(raster))
    )
