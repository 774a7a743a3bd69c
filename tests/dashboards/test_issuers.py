"""An issuer's figures: each credential in one standing, week by week, and what ends soon."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from tests.dashboards.desk import happens
from tests.dashboards.history import DAY

from milepost.contracts.achievements import AchievementDefined, CoursePassed
from milepost.contracts.issuers import IssuerDefined
from milepost.contracts.records import (
    CredentialAccepted,
    CredentialAwarded,
    CredentialDeclined,
    CredentialExpired,
    CredentialReinstated,
    CredentialReleased,
    CredentialRenewed,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
)
from milepost.contracts.sharing import CredentialHidden, CredentialShared
from milepost.dashboards.pages.issuing import overview
from milepost.dashboards.pages.issuing.overview import overview_of
from milepost.dashboards.pages.office.learner import learner_facts
from milepost.dashboards.queries.issuing.issuers import (
    IssuedAchievement,
    IssuedCounts,
    IssuerFigures,
    read_issuer,
)
from milepost.dashboards.queries.lists.credentials import CredentialsQuery, read_credentials
from milepost.pages.locales import Locales

NOW = datetime.now(UTC)
WORDS = Locales(Path(overview.__file__).parent / "catalogs")
WEEK = timedelta(weeks=1)
STANDINGS = ("active", "withheld", "suspended", "expired", "declined", "superseded", "revoked")


def defined(achievement, **facts):
    facts = {"name": achievement.title(), "criteria": CoursePassed(course="ART"), **facts}
    event = AchievementDefined(achievement=achievement, version=1, **facts)
    return f"achievement-{achievement}", event


def award(name, *, issuer="guild", days=None, **facts):
    until = None if days is None else NOW + timedelta(days=days)
    event = CredentialAwarded(
        credential=f"weld.{name}",
        learner=name,
        achievement="weld",
        achievement_version=1,
        evidence=(),
        valid_from=DAY,
        valid_until=until,
        issuer=issuer,
        **facts,
    )
    return f"record-{name}", event


def then(name, kind, **facts):
    return f"record-{name}", kind(
        credential=f"weld.{name}", learner=name, achievement="weld", **facts
    )


async def test_titles_are_in_the_readers_language_in_a_learners_register(pool, tenant):
    await happens(pool, tenant, [defined("weld", names={"de": "Schweißen"}), award("zoe")])
    facts = await learner_facts(pool, tenant, "zoe", language="de")
    assert [one.achievement_title for one in facts.credentials.rows] == ["Schweißen"]


def test_a_bar_leads_to_that_achievement_of_that_issuer():
    counts = dict.fromkeys(IssuedCounts.__struct_fields__, 1)
    one = IssuedAchievement(achievement="a+b&c#d", title=None, retired_at=None, **counts)
    figures = IssuerFigures(
        position=1,
        as_of=None,
        etag="",
        issuer="guild",
        name=None,
        total=IssuedCounts(**counts),
        achievements=[one],
        weeks=[],
        ending=[],
    )
    [bar] = overview_of(figures, WORDS.choose("en")).achievements
    assert parse_qs(bar.href.partition("?")[2]) == {"issuer": ["guild"], "achievement": ["a+b&c#d"]}


@pytest.fixture
async def guild(pool, tenant):
    """One credential or two in each standing, among them some that were elsewhere before."""
    await happens(
        pool,
        tenant,
        [
            ("issuer-guild", IssuerDefined(issuer="guild", version=1, name="Guild of Welders")),
            defined("weld", name="Welding", issuer="guild", names={"de": "Schweißen"}),
        ],
        [award("ann", days=10), then("ann", CredentialAccepted)],
        [award("ben", days=60), award("cem"), award("dee", days=-2)],
        [then("dee", CredentialExpired), award("eva", days=-3), then("eva", CredentialExpired)],
        [
            then("eva", CredentialRenewed, achievement_version=1, valid_from=DAY, valid_until=None),
            award("fay", held_for_release=True),
            award("gus", days=5, held_for_release=True),
            then("gus", CredentialReleased),
            then("gus", CredentialShared, link="a" * 64),
            then("gus", CredentialShared),
            then("gus", CredentialHidden),
        ],
        [award("hal", days=5), then("hal", CredentialSuspended, reason="inquiry")],
        [award("ida", days=5), then("ida", CredentialSuspended, reason="inquiry")],
        [then("ida", CredentialReinstated, reason="cleared")],
        [award("jan", days=5), then("jan", CredentialRevoked, reason="misconduct")],
        [award("kim", days=5), then("kim", CredentialDeclined)],
        [award("lea", days=5), then("lea", CredentialSuperseded, by="weld.ann", reason="name")],
        [award("max", issuer=None)],
    )


@pytest.mark.usefixtures("guild")
async def test_each_credential_is_counted_in_one_standing(desk):
    answer = await desk.get("/dashboards/issuers/guild", by="issuer", language="de-AT")
    page = answer.json()
    total = page["total"]
    assert (page["name"], total["awarded"], total["accepted"], total["shared"]) == (
        "Guild of Welders",
        12,
        1,
        1,
    )
    assert {name: total[name] for name in STANDINGS} == {
        "active": 6,  # ann, ben, cem, eva, gus, ida
        "withheld": 1,
        "suspended": 1,
        "expired": 1,
        "declined": 1,
        "superseded": 1,
        "revoked": 1,
    }
    assert (total["ends_in_30_days"], total["ends_in_90_days"]) == (4, 5)
    [weld] = page["achievements"]
    assert (weld["achievement"], weld["title"]) == ("weld", "Schweißen")
    assert {name: weld[name] for name in total} == total
    assert sum(one["ending"] for one in page["ending"]) == 5


@pytest.mark.usefixtures("guild")
async def test_the_register_counts_alike(pool, tenant):
    """By a plain count of the rows: what is shown and what is counted are one."""
    figures = await read_issuer(pool, tenant, "guild")
    register = await read_credentials(pool, tenant, CredentialsQuery(issuer="guild"))
    for name in STANDINGS:
        rows = [row for row in register.rows if row.status == name]
        assert len(rows) == getattr(figures.total, name), name
    soon = NOW + timedelta(days=29)
    ending = [
        row
        for row in register.rows
        if row.status in {"active", "withheld", "suspended"}
        and row.valid_until
        and row.valid_until < soon
    ]
    assert len(ending) == figures.total.ends_in_30_days


@pytest.mark.usefixtures("guild")
async def test_weeks_have_no_gaps_and_count_what_happened(pool, tenant):
    figures = await read_issuer(pool, tenant, "guild", weeks=3, now=DAY + WEEK)
    assert [one.week.isoformat() for one in figures.weeks] == [
        "2026-02-23",
        "2026-03-02",
        "2026-03-09",
    ]
    before, then_, after = figures.weeks
    counts = (then_.awarded, then_.accepted, then_.expired, then_.renewed, then_.suspended)
    assert counts == (12, 1, 2, 1, 2)
    assert (then_.reinstated, then_.declined, then_.superseded, then_.revoked) == (1, 1, 1, 1)
    assert (before.awarded, after.awarded) == (0, 0)


@pytest.mark.usefixtures("guild")
async def test_issuers_are_listed_and_others_unknown(desk):
    listed = (await desk.get("/dashboards/issuers", by="auditor")).json()["issuers"]
    assert [(one["issuer"], one["name"], one["awarded"]) for one in listed] == [
        ("default", None, 1),
        ("guild", "Guild of Welders", 12),
    ]
    unknown = await desk.get("/dashboards/issuers/nobody", by="issuer")
    assert (unknown.status_code, unknown.json()["title"]) == (404, "Unknown issuer")
    assert (await desk.get("/dashboards/issuers/guild", by="instructor")).status_code == 403
