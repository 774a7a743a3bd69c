"""What all pages share: templates that cannot leak markup, static files, languages."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from litestar import Litestar
from tests.clients import connection_to

from milepost.pages import locales as locales_of_ours
from milepost.pages.locales import Locales, UnknownText
from milepost.pages.pages import Pages, page
from milepost.pages.static_files import StaticFiles

TEMPLATE = """{% extends "layout.html" %}
{% block title %}{{ title }}{% endblock %}
{% block content %}<h1>{{ title }}</h1>{% endblock %}
"""


@pytest.fixture
def locales() -> Locales:
    return Locales(locales_of_ours.OURS)


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "one.html").write_text(TEMPLATE)
    return Pages(StaticFiles("/static"), tmp_path)


def test_what_people_typed_is_text_and_never_markup(pages, locales):
    html = pages.render("one.html", locales.choose("en"), title='<script>"x"</script>')
    assert "<script" not in html
    assert "&lt;script&gt;&#34;x&#34;" in html


def test_what_a_template_lacks_is_a_fault_and_not_a_blank(pages, locales):
    with pytest.raises(UndefinedError):
        pages.render("one.html", locales.choose("en"))
    with pytest.raises(UnknownText):
        locales.choose("en").text("no such text")


def test_a_page_says_its_language_and_its_direction(pages, locales):
    html = pages.render("one.html", locales.choose("ar"), title="x")
    assert '<html lang="ar" dir="rtl">' in html
    answer = page(html, locales.choose("ar"), status=404)
    assert answer.status_code == 404
    assert answer.headers["Content-Language"] == "ar"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr, ar;q=0.5, de;q=0.7", "de"),
        (None, "de;q=0, ar;q=0.1", "ar"),
        (None, "*;q=1, ;q=x, de;q=oops", "en"),
        ("de", "ar", "de"),
        ("tlh", "ar-EG", "ar"),
        ("../de", "", "en"),
    ],
)
def test_the_best_language_that_there_is(locales, wanted, accepted, language):
    assert locales.choose(wanted, accepted).language == language


def test_dates_and_shares_are_in_words_of_the_language(locales):
    at = datetime(2026, 3, 4, 23, tzinfo=UTC)
    assert locales.choose("en").date(at) == "4 March 2026"
    assert locales.choose("de").date(at) == "4. März 2026"
    assert locales.choose("ar").date(at) == "4 مارس 2026"
    assert locales.choose("de").percent(0.875) == "87,5 %"
    assert locales.choose("en").percent(1) == "100 %"
    assert locales.choose("en").percent(0.9996) == "99.9 %", "not all of it"
    assert locales.choose("de").number(12_345.678) == "12.345,7"


async def test_static_files_are_kept_for_ever_under_the_name_of_their_content():
    static = StaticFiles("/static")
    async with connection_to(Litestar([static.route()])) as connection:
        plain = await connection.get(static.url("milepost.css"), headers={"Accept-Encoding": ""})
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert plain.headers["content-type"] == "text/css; charset=utf-8"
        assert plain.text.startswith("/* The one style sheet")
        zipped = await connection.get(static.url("milepost.css"))
        assert zipped.headers["content-encoding"] == "gzip"
        assert zipped.content == plain.content
        assert (await connection.get("/static/milepost.css")).status_code == 404
        assert (await connection.get("/static/..%2fpages.py")).status_code == 404


def test_the_style_sheet_is_small_and_asks_for_nothing_elsewhere():
    content = (Path(locales_of_ours.__file__).parent / "static" / "milepost.css").read_bytes()
    assert len(gzip.compress(content)) < 4_000
    assert b"url(" not in content
    assert b"@import" not in content
