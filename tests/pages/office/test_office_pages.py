"""The registrar's pages: what they show, and that their forms are commands of the API."""

from tests.pages.campus import Campus


async def test_the_home_shows_who_waits_and_what_runs(campus: Campus):
    text = (await campus.read("/office")).text
    assert "1 learner waits for your decision" in text
    assert "2 of 2" in text
    assert "/office/offerings/spring" in text


async def test_an_offering_shows_its_waitlist_in_order(campus: Campus):
    text = (await campus.read("/office/offerings/spring")).text
    assert text.index(">cem<") < text.index(">dora<")
    assert 'data-command="POST /enrollment/offerings/spring/enrollments"' in text


async def test_nothing_is_there_of_what_is_not(campus: Campus):
    assert (await campus.read("/office/offerings/winter")).status_code == 404
