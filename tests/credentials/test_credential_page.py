"""The page of a credential, read as anybody reads it: without an account, without a browser."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from tests.credentials.page_scenes import ANA, BASE, Pages, school

from milepost.contracts.achievements import (
    AchievementHeld,
    Approved,
    CoursePassed,
    Criterion,
    HoursLearned,
    LessonScored,
    NOf,
    ProgramCompleted,
    SkillShown,
)
from milepost.contracts.records import (
    CredentialAwarded,
    CredentialDeclined,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
)
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.public.api import LOCALES
from milepost.credentials.public.certificate import MAX_WAITING
from milepost.credentials.public.criteria_words import Wording

__all__ = ["school"]  # a fixture


async def test_it_says_what_is_attested_by_whom_and_why(school: Pages):
    await school.award()
    await school.share()
    text = await school.text()
    for said in (
        "Data analyst <of> year one",
        "School of Data",
        "Awarded on 4 March 2026",
        "Valid until no end date",
        "60 hours · 2 ECTS credits",
        "Level 5 (European Qualifications Framework)",
        "Learning outcomes Cleans a data set.",
        "data analysis",
        "Two courses and an exam.",
        "All of these:",
        "Pass the course “Reading data” with at least 60 %",
        "Pass the course “SQL”",
        "Reading data · 87.5 %",
        "The issuer stands by this credential.",
    ):
        assert said in text
    assert "<of>" not in (await school.read()).text


async def test_the_name_is_the_vaults_and_only_as_the_holder_allows(school: Pages):
    await school.award()
    await school.share()
    assert "Ćirić" not in (await school.read()).text
    await school.share(shows_name=True)
    assert "Awarded to Ana Ćirić" in await school.text()
    school.names.clear()  # erased: gone with the next look
    assert "Awarded to" not in await school.text()
    assert (await school.read()).headers["cache-control"] == "private, no-store"


async def test_an_award_tells_its_address(school: Pages):
    path, body = "/credentials/learners/ben/credentials", {"achievement": "data-analyst"}
    given = await school.post(path, {**body, "reason": "prior_learning"}, by="issuer")
    assert given.status_code == 201, given.text
    recorded = (await school.transactor.log.read_stream("default", "record-ben"))[0]
    event = RECORD.codec.read(recorded)
    assert isinstance(event, CredentialAwarded)
    assert event.url == f"{BASE}/c/{event.credential}"


async def test_hidden_and_unknown_are_one_and_the_same_answer(school: Pages):
    await school.award()

    async def answers(credential: str) -> list[tuple[int, str, str]]:
        found = []
        for accept in ("text/html", "application/json", "*/*"):
            for suffix in ("", ".json", ".png", ".jwt", ".odd", ".image"):
                for query in ("", "?k=guessed", "?lang=de"):
                    got = await school.read(f"/c/{credential}{suffix}{query}", Accept=accept)
                    body = re.sub(r'"correlation":"[^"]*"', "", got.text)
                    kind = got.headers["content-type"]
                    found.append((got.status_code, kind, body.replace(credential, "<id>")))
        return found

    hidden = await answers("c-1")
    assert {status for status, *_ in hidden} == {404}
    assert {kind for _, kind, _ in hidden} == {
        "text/html; charset=utf-8",
        "application/problem+json",
    }
    assert await answers("c-2") == hidden
    assert "Nothing to see here" in hidden[0][2]
    assert '"type":"urn:milepost:problem:unknown_credential"' in hidden[3][2]


async def test_a_link_shows_it_to_who_has_it_until_it_ends_or_is_taken_back(school: Pages):
    await school.award()
    ends = Pages.now + timedelta(days=7)
    first = await school.share(kind="link", shows_name=True, ends=ends.isoformat())
    second = await school.share(kind="link")
    assert "Awarded to Ana Ćirić" in await school.text(first)
    html = (await school.read(first)).text
    assert '<meta name="robots" content="noindex">' in html
    assert f"{BASE}{first}" in html, "what is shared further is the link"
    assert "Ćirić" not in await school.text(second)
    assert (await school.read(first + "x")).status_code == 404
    assert (await school.read("/c/c-1?k=" + "x" * 5_000)).status_code == 404
    shown = await school.get("/credentials/learners/ana/credentials/c-1/shares", **ANA)
    links = [one["link"] for one in shown.json()["links"]]
    assert all(first.partition("k=")[2] not in link for link in links)
    path = f"/credentials/learners/ana/credentials/c-1/shares/{links[1]}"
    assert (await school.ask("DELETE", path, **ANA)).status_code == 200
    assert (await school.read(second)).status_code == 404
    school.__class__.now = ends
    try:
        assert (await school.read(first)).status_code == 404
    finally:
        school.__class__.now = ends - timedelta(days=7)


async def test_what_the_achievement_says_holds_until_the_holder_decides(school: Pages):
    await school.define(version=2, visibility="public")
    await school.award(achievement_version=2)
    assert "Data analyst" in await school.text()
    hidden = await school.post("/credentials/learners/ana/credentials/c-1/hide", **ANA)
    assert hidden.json()["public"] is False
    assert (await school.read()).status_code == 404


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        (CredentialRevoked, {"reason": "fraud"}, "revoked this credential on 9 April 2026"),
        (CredentialSuspended, {"reason": "fees"}, "suspended this credential on 9 April 2026"),
    ],
)
async def test_it_says_how_it_stands_and_not_why(school: Pages, kind, facts, said):
    await school.award()
    await school.share()
    await school.steps(kind, datetime(2026, 4, 9, tzinfo=UTC), **facts)
    text = await school.text()
    assert said in text
    assert facts["reason"] not in text
    assert "linkedin.com" not in (await school.read()).text, "nobody boasts of it"


async def test_a_revoked_one_promises_no_last_day(school: Pages):
    await school.award(valid_until=datetime(2028, 3, 4, tzinfo=UTC))
    await school.share()
    assert "Valid until 4 March 2028" in await school.text()
    await school.steps(CredentialRevoked, datetime(2026, 4, 9, tzinfo=UTC), reason="fraud")
    assert "2028" not in await school.text()


async def test_an_expired_one_says_until_when_it_held(school: Pages):
    await school.award(valid_until=datetime(2026, 5, 1, tzinfo=UTC))
    await school.share()
    assert "Expired This credential ended on 1 May 2026" in await school.text()


async def test_a_superseded_one_leads_to_its_successor_if_that_may_be_seen(school: Pages):
    await school.award()
    await school.award("c-2", supersedes="c-1")
    await school.share()
    at = datetime(2026, 4, 9, tzinfo=UTC)
    await school.steps(CredentialSuperseded, at, by="c-2", reason="name_changed")
    assert "/c/c-2" not in (await school.read()).text
    await school.share("c-2")
    assert f'<a href="{BASE}/c/c-2">' in (await school.read()).text


async def test_what_is_withheld_or_declined_is_shown_to_nobody(school: Pages):
    await school.award(held_for_release=True)
    shares = "/credentials/learners/ana/credentials/c-1/shares"
    told = [
        await school.post(shares, {"kind": "public"}, **ANA),
        await school.get(shares, **ANA),
        await school.post(shares.replace("shares", "hide"), {}, **ANA),
    ]
    assert [one.status_code for one in told] == [404] * 3
    assert (await school.get(shares, by="issuer")).status_code == 200
    refused = await school.post(shares, {"kind": "public"}, by="service")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:milepost:problem:not_shareable"
    await school.award("c-2")
    await school.share("c-2")
    about = {"credential": "c-2", "learner": "ana", "achievement": "data-analyst"}
    declined = CredentialDeclined(**about, occurred_at=datetime(2026, 4, 9, tzinfo=UTC))
    await school.happens(RECORD.of("ana"), declined)
    assert (await school.read("/c/c-2")).status_code == 404


async def test_what_was_revoked_before_its_release_is_shown_to_nobody(school: Pages):
    await school.define(version=2, visibility="public")
    await school.award(achievement_version=2, held_for_release=True)
    at = datetime(2026, 4, 9, tzinfo=UTC)
    await school.steps(CredentialRevoked, at, reason="issued_in_error")
    assert (await school.read()).status_code == 404
    record = "/credentials/learners/ana/record"
    assert (await school.get(record, **ANA)).json()["credentials"] == []
    [seen] = (await school.get(record, by="issuer")).json()["credentials"]
    assert seen["status"] == "revoked"


@pytest.mark.parametrize(
    ("rule", "shown", "hidden"),
    [
        ("results", ["Reading data · 87.5 %"], ["event 7"]),
        ("positions", ["Reading data · 87.5 %", "event 7 in the school’s log"], []),
        ("none", [], ["Reading data ·", "Evidence"]),
    ],
)
async def test_evidence_is_shown_as_the_evidence_rule_has_it(school: Pages, rule, shown, hidden):
    await school.define(version=2, evidence_rule=rule)
    await school.award(achievement_version=2)
    await school.share()
    text = await school.text()
    assert all(one in text for one in shown)
    assert not any(one in text for one in hidden)


async def test_it_speaks_the_readers_language(school: Pages):
    await school.award()
    await school.share()
    german = await school.text(Accept_Language="de-AT")
    assert "Datenanalyst" in german
    assert "Verliehen am 4. März 2026" in german
    assert "Den Kurs „Daten lesen“ mit mindestens 60 % bestehen" in german
    arabic = (await school.read("/c/c-1?lang=ar", Accept_Language="de")).text
    assert '<html lang="ar" dir="rtl">' in arabic


async def test_it_can_be_shared_and_previewed(school: Pages):
    await school.award(valid_until=datetime(2028, 3, 4, tzinfo=UTC))
    await school.share()
    html = unescape((await school.read()).text)
    assert f'<meta property="og:image" content="{BASE}/c/c-1.card.png">' in html
    assert '<meta property="og:title" content="Data analyst <of> year one">' in html
    assert "https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME" in html
    assert "organizationName=School+of+Data&issueYear=2026&issueMonth=3" in html
    assert "expirationYear=2028&expirationMonth=3" in html
    assert "certUrl=https%3A%2F%2Fschool.example%2Fc%2Fc-1&certId=c-1" in html
    card = await school.read("/c/c-1.card.png")
    assert card.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(card.content[16:20]), int.from_bytes(card.content[20:24])) == (1200, 630)
    emblem = await school.read("/c/c-1.image")
    assert emblem.headers["content-type"] == "image/svg+xml"
    assert emblem.content == (await school.read("/c/c-1.image")).content


async def test_nothing_of_it_comes_from_elsewhere_or_stands_inline(school: Pages):
    await school.award()
    await school.share()
    answer = await school.read()
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.findall(r'\s(?:style|on\w+)="', answer.text)
    assert not re.findall(r"<(?:script|style)>", answer.text)
    loaded = re.findall(
        r'<(?:script|img|link rel="(?:stylesheet|icon)")[^>]*(?:src|href)="([^"]+)"', answer.text
    )
    assert len(loaded) == 5
    assert all(one.startswith("/c/") for one in loaded)
    for one in loaded:
        assert (await school.read(one)).status_code == 200


async def test_it_is_printed_to_a_pdf_where_typst_is_installed(school: Pages):
    pytest.importorskip("typst")
    await school.award()
    await school.share(shows_name=True)
    for language in ("en", "ar"):
        made = await school.read(f"/c/c-1.pdf?lang={language}")
        assert made.headers["content-type"] == "application/pdf"
        assert made.content.startswith(b"%PDF-")
        assert made.content == (await school.read(f"/c/c-1.pdf?lang={language}")).content
    crowd = await asyncio.gather(*(school.read("/c/c-1.pdf") for _ in range(MAX_WAITING + 10)))
    assert {one.status_code for one in crowd} == {200, 503}


async def test_the_holder_has_a_hidden_one_as_a_file_and_nobody_else(school: Pages):
    pytest.importorskip("typst")
    await school.award()
    path = "/credentials/learners/ana/credentials/c-1/document"
    made = await school.get(path, format="pdf", **ANA)
    assert made.headers["content-type"] == "application/pdf"
    assert made.headers["content-disposition"] == 'attachment; filename="data-analyst.pdf"'
    assert "private" in made.headers["cache-control"]
    other = await school.get(path, format="pdf", by="learner", subject="ben")
    assert other.status_code == 403
    assert (await school.get(path, format="docx", **ANA)).status_code == 400
    await school.award("c-2", held_for_release=True)
    withheld = path.replace("c-1", "c-2")
    assert (await school.get(withheld, format="pdf", **ANA)).status_code == 404
    assert (await school.get(withheld, format="pdf", by="issuer")).status_code == 200


PLURALS = (".zero", ".one", ".two", ".few", ".many", ".other")


def test_every_language_says_the_same_with_the_same_facts():
    facts = {
        one.language: {
            key: sorted(re.findall(r"\{(\w+)\}", text))
            for key, text in one.texts.items()
            if not key.endswith(PLURALS)  # a language has those it needs
        }
        for one in LOCALES.all()
    }
    assert set(facts) == {"en", "de", "ar"}
    assert facts["de"] == facts["en"]
    assert facts["ar"] == facts["en"]


def test_every_kind_of_criterion_has_words():
    locale = LOCALES.choose("en")
    wording = Wording(locale, {"SQL": "Queries"}, {"badge": "Badge"}, {"http://s": "reading"})
    at = datetime(2026, 3, 4, tzinfo=UTC)
    parts: dict[Criterion, str] = {
        CoursePassed(course="SQL", mode="verified"): (
            "Pass the course “Queries”, with identity verified"
        ),
        CoursePassed(course="X", not_before=at, not_after=at): (
            "Pass the course “X”, on 4 March 2026 or later, by 4 March 2026"
        ),
        AchievementHeld(achievement="badge"): "Hold the credential “Badge”",
        LessonScored(course="SQL", lesson="exam", min_score=0.5): (
            "Score at least 50 % in an assessment of “Queries”"
        ),
        SkillShown(skill="http://s", min_grade=0.7): (
            "Pass a course that teaches “reading” with at least 70 %"
        ),
        HoursLearned(hours=40): "Pass courses of 40 hours in all",
        ProgramCompleted(program="analyst"): "Complete the program “analyst”",
        Approved(): "Approved by a person at the school",
        Approved(persons=2): "Approved by two persons at the school",
    }
    clause = wording.clause(NOf(n=2, criteria=tuple(parts)))
    assert clause.text == "At least 2 of these:"
    assert [part.text for part in clause.parts] == list(parts.values())
