"""Every offering's figures, asked for in every way there is, against the CSV files alone."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from tests.clients import Client, Running
from tests.oulad.arrival import answer_of, command
from tests.oulad.lists import listed
from tests.oulad.office import require_office
from tests.oulad.reference import Presentation, day_of
from tests.oulad.risk_reference import History, at_risk, histories, reasons_of
from tests.oulad.sponsor import require_sponsor
from tests.oulad.standing import awards_by_day, computed
from tests.oulad.waitlist import require_waitlist

# A row of the funnel: its stage, and the number beside the bar.
BAR = re.compile(r'show=(\w+)">[^<]*</a></th>.*?class="bar-value">([\d,]+)<', re.DOTALL)
STAGES = ("enrolled", "started", "completed", "withdrawn", "awarded")


def name_of(presentation: Presentation) -> str:
    return "-".join(presentation)


def changes_by_day(history: History) -> dict[str, Counter[int]]:
    """How many enrolled, … and were active, by day of the presentation."""
    began = {student: min(days) for student, days in history.active.items() if days}
    return {
        "enrolled": Counter(history.entered.values()),
        "started": Counter(began.values()),
        "completed": Counter(history.completed.values()),
        "withdrawn": Counter(history.left.values()),
        "active": Counter(day for days in history.active.values() for day in set(days)),
    }


def figures_of(changes: Mapping[str, Counter[int]], upto: int = 10_000) -> dict[str, int]:
    """Where it stood at the end of a day."""
    return {
        name: sum(count for day, count in changes[name].items() if day <= upto)
        for name in changes
        if name != "active"
    }


async def require_figures(school: Running, tenant: str, folder: Path, at: int) -> None:
    """Pages of all who are shown them, lists, files, past days, days: all as computed."""
    of = computed(folder)
    awards = awards_by_day(of)
    everything = {
        presentation: changes_by_day(history) | {"awarded": awards.get(presentation, Counter())}
        for presentation, history in of.known.items()
    }
    async with school.client("operator", tenant=tenant) as client:
        final = {name_of(one): figures_of(changes) for one, changes in everything.items()}
        await require_lists(client, final, at)
        for number, (presentation, changes) in enumerate(sorted(everything.items())):
            await require_lessons(client, presentation, of.known[presentation], at)
            await require_page(client, presentation, final[name_of(presentation)], at)
            await require_days(client, presentation, changes, at)
            await require_past(client, presentation, changes, (30, 60, 90)[number % 3])
        await require_office(client, of, at)
    require_report(school, tenant, final)
    async with school.client("registrar", tenant=tenant) as client:
        await require_sponsor(client, of)
        await require_waitlist(client, of)


async def require_lists(client: Client, final: Mapping[str, Mapping[str, int]], at: int) -> None:
    """The list, that of today as a past day, their files, and each offering by itself."""
    path = "/dashboards/offerings"
    assert by_offering(await listed(client, path, "offerings", at=at)) == final
    past = await listed(client, "/dashboards/past/offerings", "offerings", at=at)
    assert by_offering(past) == final
    for offering, figures in final.items():
        page = (await client.get(f"{path}/{offering}", at=at)).json()["offering"]
        assert by_offering([page]) == {offering: figures}


def by_offering(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Credentials: awards, revoked ones included, of which there are none."""
    columns = {"credentials" if name == "awarded" else name: name for name in STAGES}
    return {
        row["offering"]: {name: row[column] for column, name in columns.items()} for row in rows
    }


async def require_lessons(
    client: Client, presentation: Presentation, history: History, at: int
) -> None:
    """Of each assessment: who has done it, and the mean of the scores."""
    path = f"/dashboards/offerings/{name_of(presentation)}/lessons"
    lessons = {one["lesson"]: one for one in (await client.get(path, at=at)).json()["lessons"]}
    scores: dict[str, list[float]] = defaultdict(list)
    done: Counter[str] = Counter()
    for results in history.handed_in.values():
        for _, assessment, score in results:
            done[assessment] += 1
            scores[assessment] += [] if score is None else [score / 100]
    for assessment in done:
        shown, given = lessons[assessment], scores[assessment]
        assert (shown["done"], shown["scored"]) == (done[assessment], len(given))
        mean = fmean(given) if given else None
        assert shown["mean_score"] == (mean if mean is None else pytest.approx(mean, abs=1e-8))


async def require_page(
    client: Client, presentation: Presentation, figures: Mapping[str, int], at: int
) -> None:
    """What the instructor's page draws, and whom each of its figures leads to."""
    offering = name_of(presentation)
    page = await client.get(f"/teach/offerings/{offering}", by="registrar")
    drawn = {stage: int(number.replace(",", "")) for stage, number in BAR.findall(page.text)}
    stages = [name for name in STAGES if name != "withdrawn"]
    assert {name: drawn[name] for name in stages} == {name: figures[name] for name in stages}
    for stage in stages:
        query: dict[str, Any] = {"offering": offering, "stage": stage}
        rows = await listed(client, "/dashboards/enrollments", "enrollments", at=at, **query)
        learners = [row["learner"] for row in rows]
        assert len(set(learners)) == len(learners) == figures[stage]


async def require_days(
    client: Client, presentation: Presentation, changes: Mapping[str, Counter[int]], at: int
) -> None:
    answer = await client.get(f"/dashboards/offerings/{name_of(presentation)}/days", at=at)
    days = sorted({day for counts in changes.values() for day in counts})
    expected = [
        {
            "day": day_of(presentation, day).isoformat(),
            **{name: counts[day] for name, counts in changes.items()},
            **{f"total_{name}": count for name, count in figures_of(changes, day).items()},
        }
        for day in days
    ]
    assert answer.json()["days"] == expected


async def require_past(
    client: Client, presentation: Presentation, changes: Mapping[str, Counter[int]], day: int
) -> None:
    path = f"/dashboards/past/offerings/{name_of(presentation)}"
    then = day_of(presentation, day).isoformat()
    shown = (await client.get(path, happened_by=then)).json()["offering"]
    assert by_offering([shown]) == {name_of(presentation): figures_of(changes, day)}
    assert (await client.get(path, as_of=then)).status_code == 404  # nobody knew of it then


def require_report(school: Running, tenant: str, final: Mapping[str, Mapping[str, int]]) -> None:
    told = answer_of(command(school, "report", "offerings", "--tenant", tenant, "--json"))
    columns = {"credentials": "awarded", "enrolled": "enrolled", "withdrawn": "withdrawn"}
    found = {
        line["offering"]: {name: line[column] for column, name in columns.items()} for line in told
    }
    assert found == {
        offering: {name: figures[name] for name in columns.values()}
        for offering, figures in final.items()
    }


async def require_at_risk(
    school: Running, tenant: str, folder: Path, days: Iterable[int]
) -> Counter[str]:
    """Who had which reason on these days of each presentation; how often each was found."""
    seen: Counter[str] = Counter()
    async with school.client("operator", tenant=tenant) as client:
        for presentation, history in histories(folder).items():
            for day in days:
                reasons = reasons_of(history.as_of(day), history.due, day)
                page = await at_risk_page(client, presentation, day)
                assert page["judged"] == len(reasons)
                told = {
                    one["learner"]: {why["reason"] for why in one["reasons"]}
                    for one in page["learners"]
                }
                assert told == {learner: why for learner, why in reasons.items() if why}
                assert page["at_risk"] == sum(map(at_risk, reasons.values()))
                seen.update(why for one in told.values() for why in one)
    return seen


async def at_risk_page(client: Client, presentation: Presentation, day: int) -> Any:
    path = f"/dashboards/offerings/{name_of(presentation)}/at-risk"
    then = day_of(presentation, day).isoformat()
    query = {"happened_by": then, "limit": 500}
    page = (await client.get(path, **query)).json()
    while page["next"]:
        more = (await client.get(path, **query, cursor=page["next"])).json()
        page["learners"] += more["learners"]
        page["next"] = more["next"]
    return page
