"""The tutorial and the how-to pages do what they say, beside a Milepost that runs."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, Block, blocks, changed, matches, run, write_files
from tests.pages.test_roles import PAGES

PAGE = re.compile(r"`(/(?:office|teach|sponsor)(?:/[^`]*)?)`")

pytestmark = pytest.mark.servers  # they start processes


@pytest.mark.parametrize(
    "page",
    [
        "tutorial",
        "how-to/front-end",
        "how-to/registrar",
        "how-to/instructor",
        "how-to/subscriber",
        "how-to/receive-webhooks",
        "how-to/follow-the-feed",
        "how-to/verify",
        "how-to/define-an-achievement",
        "how-to/operator",
        "../deploy/clients/python/README",
    ],
)
def test_a_page_does_what_it_says(page: str, reader: Mapping[str, str], tmp_path: Path):
    write_files(DOCS / f"{page}.md", tmp_path)
    run(DOCS / f"{page}.md", tmp_path, reader)


@pytest.mark.parametrize("role", ["registrar", "instructor"])
def test_the_addresses_that_it_names_are_pages_of_its_reader(role: str):
    named = PAGE.findall((DOCS / "how-to" / f"{role}.md").read_text("utf-8"))
    assert len(named) > 5
    assert [one for one in named if role not in PAGES.get(one, ())] == []


def test_another_output_is_noticed(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("```sh\necho one\n```\n\n```text\ntwo\n```\n")
    with pytest.raises(AssertionError, match="prints"):
        run(page, tmp_path, os.environ)


def test_a_command_that_fails_is_noticed(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("```sh\necho one\nfalse\n```\n")
    with pytest.raises(AssertionError, match="one"):
        run(page, tmp_path, os.environ)


@pytest.mark.parametrize(
    ("output", "wanted", "right"),
    [
        ("a b c\n", "a…c\n", True),
        ("a b\n", "a…c\n", False),
        ("a\nb\nc\n", "…\nc\n", True),
        ("a\nb\nc\n", "…\nb\n", False),
        ("", "…\n", True),
    ],
)
def test_an_ellipsis_is_anything(output: str, wanted: str, right: bool):
    assert matches(output, wanted) is right


def test_a_block_knows_its_file_and_what_it_prints(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("Write\n\n`a/b.py`\n\n```python\n1\n```\n\n```sh\nls\n```\n\n```text\nb\n```\n")
    assert blocks(page) == [
        Block("python", "1\n", "a/b.py", None),
        Block("sh", "ls\n", None, "b\n"),
        Block("text", "b\n", None, None),
    ]


def test_a_change_is_told_by_its_context():
    assert changed("a\nb\nc\nd\n", " a\n-b\n+B\n…\n d\n+e\n") == "a\nB\nc\nd\ne\n"
    with pytest.raises(AssertionError, match="not in one place"):
        changed("a\na\n", " a\n+b\n")
