"""A course moves from one school to another as a file, with the commands an operator has."""

import asyncio
import json
import os

import pytest
from tests.clients import PLAN, Running
from tests.commands.forked import forked
from tests.enrollment.test_courses_http import RICH

PATH = "/enrollment/courses/DATA-101"


async def courses(school: Running | None, *arguments: object, code: int = 0) -> str:
    """What the command prints, warnings of an import after it; or what it says went wrong."""
    process = await asyncio.create_subprocess_exec(
        *(*forked(), "courses", *map(str, arguments)),
        *(("--data-dir", str(school.data_dir)) if school else ()),
        env={**os.environ, "COLUMNS": "80"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    told = out + err if arguments[0] == "import" else out
    return (err if code else told).decode()


@pytest.fixture
async def published(school, tenant):
    """The school's client, and a course of two versions."""
    async with school.client(tenant=tenant) as client:
        for plan in (PLAN, RICH):
            answer = await client.post(f"{PATH}/versions", json=plan)
            assert answer.status_code == 201
        yield client


async def test_a_course_moves_to_another_school_as_a_file(school, tenant, published, tmp_path):
    file, other = tmp_path / "data.json", f"{tenant}-b"
    assert await courses(school, "export", "DATA-101", "-o", file, "--tenant", tenant) == ""
    exported = json.loads(file.read_text())
    assert exported == (await published.get(f"{PATH}/export")).json()
    dry = await courses(school, "import", file, "--tenant", other, "--dry-run")
    assert dry == "DATA-101: version 1 published, version 2 published. Nothing was written.\n"
    told = json.loads(await courses(school, "import", file, "--tenant", other, "--json"))
    assert (told["published"], told["written"]) == ([1, 2], True)
    again = await courses(school, "import", file, "--tenant", other)
    assert again == "DATA-101: all of it is here already.\n"
    assert json.loads(await courses(school, "export", "DATA-101", "--tenant", other)) == exported


async def test_an_import_warns_of_what_the_plan_hardly_means(school, tenant, published, tmp_path):
    exported = (await published.get(f"{PATH}/export")).json()
    exported["versions"][1]["passing_rule"] = {}
    file = tmp_path / "data.json"
    file.write_text(json.dumps(exported))
    assert await courses(school, "import", file, "--tenant", f"{tenant}-b", "--dry-run") == (
        "DATA-101: version 1 published, version 2 published. Nothing was written.\n"
        "Warning: $.passing_rule.passing_grade: weights_without_passing_grade\n"
    )


@pytest.mark.usefixtures("published")
async def test_the_diff_says_what_a_version_changed(school, tenant):
    shown = await courses(school, "diff", "DATA-101", "--tenant", tenant)
    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert "DATA-101: from version 1 to 2" in rows
    assert "title changed Data Data II" in rows
    assert "lesson exam moved place 2 place 1" in rows
    assert "lesson exam weight changed 1.0 2.0" in rows
    assert "lesson lab added Lab" in rows
    assert "prerequisite course DATA-100 added grade 0.5" in rows
    assert max(map(len, shown.splitlines())) <= 80
    of_both = ("diff", "DATA-101", "--from", 2, "--to", 2, "--tenant", tenant)
    assert await courses(school, *of_both) == "DATA-101: versions 2 and 2 are the same.\n"
    assert json.loads(await courses(school, *of_both, "--json"))["differences"] == []


async def test_what_cannot_be_is_said_in_words(school, tenant, published, tmp_path):
    asked = ("--tenant", tenant)
    unknown = await courses(school, "export", "NONE", *asked, code=1)
    assert unknown == "milepost: Unknown course. (course: NONE)\n"
    for command in ("export", "diff"):
        nowhere = await courses(school, command, "DATA-101", "--tenant", "nowhere", code=1)
        assert "No school 'nowhere' has any events. There are: " in nowhere
    exported = (await published.get(f"{PATH}/export")).json()
    exported["versions"][0]["lessons"][1]["weight"] = 7
    file = tmp_path / "data.json"
    file.write_text(json.dumps(exported))
    assert await courses(school, "import", file, *asked, code=1) == (
        "milepost: Course differs:\n  $.versions[0].lessons[1].weight: differs\n"
    )
    file.write_text("[]")
    assert "is not a course file" in await courses(school, "import", file, *asked, code=1)
    absent = await courses(school, "import", tmp_path / "none.json", *asked, code=1)
    assert "No such file" in absent


async def test_a_draft_has_nothing_to_compare(school, tenant):
    async with school.client(tenant=tenant) as client:
        await client.put(PATH, json={"title": "Data"})
    said = await courses(school, "diff", "DATA-101", "--tenant", tenant, code=1)
    assert "nothing has been published" in said


@pytest.mark.usefixtures("published")
async def test_a_token_of_ones_own_is_used_where_milepost_is_named(school, tenant, tmp_path):
    token = school.headers(tenant=tenant)["Authorization"].removeprefix("Bearer ")
    named = ("export", "DATA-101", "--http", school.http, "--data-dir", tmp_path)
    assert json.loads(await courses(None, *named, "--token", token))["course"] == "DATA-101"
    assert "There is no key" in await courses(None, *named, code=1)
    assert "Nothing runs" in await courses(None, "export", "X", "--data-dir", tmp_path, code=1)


@pytest.mark.parametrize("field", ["title", "lesson", "translation", "name", "url", "framework"])
async def test_text_that_postgres_cannot_hold_is_refused(school, tenant, field):
    text = "Da\x00ta"
    skill = {"name": "SQL", "url": "https://skills.example/sql"}
    changed: dict[str, dict[str, object]] = {
        "title": {"title": text},
        "lesson": {"lessons": [{"id": "a", "title": text}], "passing_rule": {}},
        "translation": {"titles": {"de": text}},
        "name": {"skills": [{**skill, "name": text}]},
        "url": {"skills": [{**skill, "url": f"https://{text}"}]},
        "framework": {"skills": [{**skill, "framework": text}]},
    }
    async with school.client(tenant=tenant) as client:
        answer = await client.post(f"{PATH}/versions", json=PLAN | changed[field])
    assert answer.status_code == 400, answer.text


@pytest.mark.servers
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"course": "DATA-\xff"}', "it is not UTF-8"),
        (b'{"course": ' + b"[" * 100_000, "it is nested too deeply"),
    ],
)
async def test_a_file_that_cannot_be_decoded_is_explained(tmp_path, content, reason):
    file = tmp_path / "data.json"
    file.write_bytes(content)
    said = " ".join((await courses(None, "import", file, "--token", "none", code=1)).split())
    assert "Traceback" not in said
    assert said.endswith(f"is not a course file: {reason}.")
