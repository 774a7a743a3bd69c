"""Every list as a file: the same rows as the JSON answer, read back by other readers."""

import csv
import io
import re
import sys

import pyarrow.parquet
import pytest
from tests.dashboards.desk import all_pages, happens
from tests.dashboards.files import as_in_json, as_in_parquet, csv_rows, says
from tests.dashboards.history import Life, defined, offered, teaches
from tests.dashboards.test_lists_http import published
from tests.dashboards.test_projections_command import Command
from tests.no_read_models import NO_READ_MODELS

from milepost.dashboards.exports.columns import columns_of
from milepost.dashboards.exports.csv_file import guarded, write_csv
from milepost.dashboards.exports.spool import ListTooLong, spooled
from milepost.dashboards.queries.lists import whole
from milepost.dashboards.queries.lists.enrollments import ENROLLMENTS, EnrollmentsQuery
from milepost.dashboards.queries.lists.whole import read_whole
from milepost.events.commands.transact import Transactor
from milepost.events.projections.shared_scan import heads
from milepost.events.store.memory import MemoryLog
from milepost.operations.commands.school.list_file import query_of
from milepost.operations.rooms import services_of
from milepost.operations.terminal.errors import WrongUsage
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.openapi.published import document
from milepost.web.room import Context
from milepost.web.settings import Settings

PARQUET = "application/vnd.apache.parquet"
LISTS = {
    "/dashboards/catalog/courses": "courses",
    "/dashboards/catalog/programs": "programs",
    "/dashboards/catalog/offerings": "offerings",
    "/dashboards/enrollments": "enrollments",
    "/dashboards/offerings": "offerings",
    "/dashboards/credentials": "credentials",
}


@pytest.fixture
async def school(pool, tenant):
    """With three rows at least of everything, and texts that a spreadsheet would run."""
    lives = [Life(offering, learner) for offering in ("red", "blue") for learner in "abc"]
    await happens(
        pool,
        tenant,
        [published("ART", '=HYPERLINK("https://x.example"), "Sehen"\r\nund mehr', de="Kunst")],
        [published("BIO", "Leben", "de"), published("CHE", "-1+1")],
        [offered("red", seats=9), offered("blue"), offered("gray", course="BIO")],
        [teaches("ines", "red")],
        [defined("p", "sql", "safety"), defined("q", "sql"), defined("r", "x", n=1, rule="n_of")],
        *(life.enrolls() for life in lives),
        *(life.completes(grade=0.1 + 0.2) for life in lives[:2]),
        *(life.earns() for life in lives[:3]),
    )


@pytest.mark.usefixtures("school")
@pytest.mark.parametrize("path", LISTS)
async def test_files_hold_the_whole_list_as_the_json_has_it(desk, path):
    pages = await all_pages(desk, path, LISTS[path], limit=1)
    listed = [row for page in pages for row in page]
    assert len(listed) >= 3
    answer = await desk.get(path, format="csv")
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    lines = csv_rows(answer.text)
    assert [list(line) for line in lines] == [list(row) for row in listed]
    for line, row in zip(lines, listed, strict=True):
        assert [name for name in row if not says(line[name], row[name])] == []
    written = await desk.get(path, headers={"Accept": f"{PARQUET}, text/csv;q=0.5"})
    file = pyarrow.parquet.ParquetFile(io.BytesIO(written.content))
    rows = [as_in_parquet(row) for row in listed]
    assert [as_in_json(row) for row in file.read().to_pylist()] == rows
    position = written.headers["milepost-position"]
    assert answer.headers["content-disposition"].endswith(f'-{position}.csv"')
    assert file.metadata.metadata[b"milepost.position"] == position.encode()


@pytest.mark.usefixtures("school")
async def test_filters_and_roles_are_those_of_the_json(desk):
    async def learners(**query_of):
        answer = await desk.get("/dashboards/enrollments", format="csv", **query_of)
        return [
            (one["offering"], one["learner"]) for one in csv.DictReader(answer.text.split("\n"))
        ]

    assert await learners(by="learner", subject="a") == [("blue", "a"), ("red", "a")]
    taught = await learners(by="instructor", subject="ines", sort="learner", order="asc")
    assert taught == [("red", "a"), ("red", "b"), ("red", "c")]
    assert await learners(by="instructor", subject="ivo") == []
    assert len(await learners(offering="blue")) == 3
    refused = await desk.get(
        "/dashboards/enrollments", by="learner", subject="a", learner="b", format="csv"
    )
    assert (refused.status_code, refused.json()["title"]) == (403, "Not your own")


@pytest.mark.usefixtures("school")
async def test_an_operator_writes_the_same_file(desk, tenant, postgres, nats_url, tmp_path):
    servers = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}
    target = tmp_path / "enrollments.csv"
    words = ("report", "list", "enrollments", "--where", "offering=red", "--csv", str(target))
    code, said, error = await Command(servers)(*words, "--tenant", tenant)
    assert (code, error) == (0, "")
    answer = await desk.get("/dashboards/enrollments", offering="red", format="csv")
    assert target.read_bytes() == answer.content
    assert f"true for position {answer.headers['milepost-position']}" in said


@pytest.mark.parametrize(
    ("name", "where", "said"),
    [
        ("people", [], "There is no list 'people'"),
        ("courses", ["state"], "--where is NAME=VALUE"),
        ("courses", ["cursor=x"], "--where is NAME=VALUE"),
        ("courses", ["state=lost"], "Invalid enum value 'lost'"),
    ],
)
def test_what_an_operator_mistypes_is_named(name, where, said):
    with pytest.raises(WrongUsage, match=re.escape(said)):
        query_of(name, where)


@pytest.mark.usefixtures("school")
async def test_what_cannot_be_is_said(desk, monkeypatch):
    path = "/dashboards/catalog/courses"
    page = await desk.get(path, limit=1)
    assert (await desk.get(path, headers={"Accept": "text/html, */*"})).json() != page.json()
    cursor = page.json()["next"]
    assert (await desk.get(path, format="csv", cursor=cursor)).status_code == 400
    marked = await desk.get(path, format="csv_with_bom")
    assert marked.content.startswith("\ufeffcourse,".encode())
    monkeypatch.setitem(sys.modules, "arro3", None)
    missing = await desk.get(path, format="parquet")
    assert (missing.status_code, missing.json()["title"]) == (501, "No Parquet here")


@pytest.mark.usefixtures("school")
async def test_a_file_is_true_for_one_moment(pool, tenant, monkeypatch):
    monkeypatch.setattr(whole, "ROWS_AT_A_TIME", 2)
    before, found = (await heads(pool, tenant))[tenant], []
    async with read_whole(pool, tenant, ENROLLMENTS, EnrollmentsQuery()) as read:
        async for rows in read.chunks:
            found += [row.learner for row in rows]
            await happens(pool, tenant, Life("gray", f"d{len(found)}").enrolls())
        assert (read.position, found) == (before, ["c", "b", "a", "c", "b", "a"])


@pytest.mark.usefixtures("school")
async def test_a_list_that_is_too_long_is_no_half_a_file(pool, tenant):
    async with read_whole(pool, tenant, ENROLLMENTS, EnrollmentsQuery()) as read:
        with pytest.raises(ListTooLong):
            await spooled(read.chunks, columns_of(ENROLLMENTS.row), write_csv, most_bytes=10)


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1+1", "'=1+1"), ("-", "'-"), ("'=x", "''=x"), ("'tis", "'tis"), ("a=1", "a=1"), ("", "")],
)
def test_no_cell_is_run_by_a_spreadsheet(text, cell):
    assert guarded(text) == cell


async def test_who_has_the_file_is_told_so(pool, tenant, desk):
    await happens(pool, tenant, [published("ART", "Seeing")])
    path = "/dashboards/catalog/courses"
    etag = (await desk.get(path, format="csv")).headers["etag"]
    again = await desk.get(path, format="csv", headers={"If-None-Match": etag})
    assert again.status_code == 304


def test_every_list_comes_as_a_file(tmp_path):
    """Also those that will be written: who has pages has files."""
    settings = Settings(data_dir=tmp_path)
    services = services_of("dashboards", Context(Transactor(MemoryLog()), settings, NO_READ_MODELS))
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    listed = 0
    for path, item in document(app)["paths"].items():
        if not any(one["name"] == "cursor" for one in item.get("get", {}).get("parameters", ())):
            continue
        listed += 1
        kinds = list(item["get"]["responses"]["200"]["content"])
        assert kinds == ["application/json", "text/csv", PARQUET], path
    assert listed >= len(LISTS)
