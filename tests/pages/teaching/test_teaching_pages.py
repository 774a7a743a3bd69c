"""The instructor's pages: every number leads to its learners, and every learner to the events."""

import re
from html import unescape

import pytest
from tests.pages.campus import Campus

INES = {"by": "instructor", "subject": "ines"}
IVO = {"by": "instructor", "subject": "ivo"}


def listed(text: str) -> list[str]:
    """The learners of a page's table."""
    return re.findall(r'<th scope="row"><a href="/teach/enrollments/[^"]+"><bdi>(\w+)</bdi>', text)


async def test_instructors_see_their_own_offerings(campus: Campus):
    text = (await campus.read("/teach", **INES)).text
    assert "/teach/offerings/spring" in text
    assert "autumn" not in text
    everything = (await campus.read("/teach")).text
    assert "spring" in everything
    assert "autumn" in everything


@pytest.mark.parametrize(
    "address",
    [
        "/teach/offerings/spring",
        "/teach/offerings/spring/learners",
        "/teach/offerings/spring/at-risk",
        "/teach/offerings/spring/gradebook",
        "/teach/enrollments/{ann}",
        "/teach/enrollments/{ann}/lessons/quiz",
    ],
)
async def test_what_is_another_offerings_is_not_there(campus: Campus, address: str):
    address = address.format(**campus.seats)
    assert (await campus.read(address, **INES)).status_code == 200
    assert (await campus.read(address)).status_code == 200
    hidden = await campus.read(address, **IVO)
    assert hidden.status_code == 404
    assert "<bdi>ann" not in hidden.text


async def test_each_figure_leads_to_so_many_learners(campus: Campus):
    text = (await campus.read("/teach", **INES)).text
    text += (await campus.read("/teach/offerings/spring", **INES)).text
    figures = re.findall(r'href="(/teach/offerings/spring/learners\?[^"]+)">(?:of )?(\d+)', text)
    for filters in (r"show=active", r"lesson_state=dropped", r"lesson_state=scored"):
        assert [address for address, _ in figures if filters in address], filters
    assert len([address for address, _ in figures if "score_bucket" in address]) == 3
    for address, number in figures:
        page = await campus.read(unescape(address), **INES)
        assert len(listed(page.text)) == int(number), address


async def test_a_list_behind_a_lessons_figure_says_of_whom_it_is(campus: Campus):
    address = "/teach/offerings/spring/learners?lesson=quiz"
    failed = await campus.read(f"{address}&score_bucket=4", **INES)
    assert "<h1>Learners: 40 to 50 % in “Quiz: reading a chart”</h1>" in failed.text
    assert listed(failed.text) == ["ben"]
    begun = await campus.read(f"{address}&lesson_state=dropped", **INES)
    assert "<h1>Learners: began “Quiz: reading a chart” and have not done it</h1>" in begun.text


async def test_the_gradebook_shows_the_scores_that_count(campus: Campus):
    text = (await campus.read("/teach/offerings/spring/gradebook", **INES)).text
    assert listed(text) == ["ann", "ben", "cem", "dora"]
    assert 'aria-label="ben, Quiz: reading a chart: 40 %"' in text
    [cell] = re.findall(r'aria-label="cem, Essay: no score yet">(.*?)</a>', text)
    assert cell == '<span class="soft">–</span>'


async def test_a_learner_is_explained_by_the_events(campus: Campus):
    text = (await campus.read(f"/teach/enrollments/{campus.seats['ben']}", **INES)).text
    assert "Attempt 2 at “Quiz: reading a chart”: 40 %" in text
    assert "Enrolled in spring: DATA-101, version 1 (audit)" in text
    german = await campus.read(f"/teach/enrollments/{campus.seats['ben']}?lang=de", **INES)
    assert "Daten für alle" in german.text
    campus.connection.cookies.clear()


async def test_an_unknown_lesson_is_not_there(campus: Campus):
    address = f"/teach/enrollments/{campus.seats['ann']}/lessons/nothing"
    assert (await campus.read(address, **INES)).status_code == 404
