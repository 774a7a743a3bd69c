"""What a sponsor is shown of groups of students, by page, API and file: all as computed."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from tests.clients import Client
from tests.eventually import eventually
from tests.oulad.lists import listed
from tests.oulad.office import first_cells
from tests.oulad.standing import Computed, state_of
from tests.pages.markup import Markup, number_in

SAM: Final[Mapping[str, Any]] = {"by": "learner", "subject": "sam"}
IN_EVERYTHING, IN_ONE_COURSE = 1_000, 200
PATIENCE_SECONDS = 60
# What the page calls a figure; its field; the list behind it.
FIGURES: Final = (
    ("Enrolled", "enrolled", "enrolled"),
    ("Started", "started", "started"),
    ("Completed", "completed", "completed"),
    ("Hold a credential", "holders", "holds"),
)
CARD: Final = re.compile(r'/sponsor/groups/([\w-]+)">.*?<p>([\d,]+) members?</p>', re.DOTALL)

# By student: the modules of which a word is true.
Words: TypeAlias = Mapping[str, Mapping[str, set[str]]]


class Group(NamedTuple):
    """`courses`: those it shows; none: all."""

    name: str
    courses: Sequence[str]
    members: Sequence[str]


def groups_of(of: Computed) -> list[Group]:
    """One of everything, and one a module, of whom some never were in it."""
    students = sorted({student for history in of.known.values() for student in history.entered})
    modules = sorted({module for module, _ in of.known})
    return [
        Group("everything", (), students[:IN_EVERYTHING]),
        *(
            Group(f"only-{module}", (module,), students[number :: len(modules)][:IN_ONE_COURSE])
            for number, module in enumerate(modules)
        ),
    ]


def words_of(of: Computed) -> Words:
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for (module, _), history in of.known.items():
        for student in history.entered:
            found[student]["was_in"].add(module)
            state = state_of(history, student)
            if state != "withdrawn":
                found[student]["enrolled"].add(module)
                if history.active.get(student):
                    found[student]["started"].add(module)
            if state == "completed":
                found[student]["completed"].add(module)
    for module, student in of.earned:
        found[student]["holds"].add(module)
    return found


class Expected:
    """How a group stands: of its members, the modules that it shows, by word."""

    def __init__(self, group: Group, words: Words) -> None:
        self.members = {
            student: {
                word: {one for one in modules if not group.courses or one in group.courses}
                for word, modules in words.get(student, {}).items()
            }
            for student in group.members
        }

    def who(self, word: str, module: str | None = None) -> set[str]:
        """Those of whom it is true, of this module or of any."""
        return {
            student
            for student, words in self.members.items()
            if (module in words.get(word, ()) if module else words.get(word))
        }

    def modules(self) -> set[str]:
        """Those in which any of them is, or was."""
        return {one for words in self.members.values() for one in words.get("was_in", ())}

    def credentials(self, module: str | None = None) -> int:
        held = [one for words in self.members.values() for one in words.get("holds", ())]
        return len(held) if module is None else held.count(module)

    def figures(self, module: str | None = None) -> dict[str, int]:
        counts = {field: len(self.who(word, module)) for _, field, word in FIGURES}
        return {**counts, "credentials": self.credentials(module)}


async def require_sponsor(client: Client, of: Computed) -> None:
    """`client`: a registrar, who makes the groups, and reads what they have written."""
    words, groups = words_of(of), groups_of(of)
    for group in groups:
        await make(client, group)

    async def visible() -> bool:
        return (await client.get("/dashboards/groups")).is_success

    await eventually(visible, PATIENCE_SECONDS)
    for group in groups:
        expected = Expected(group, words)
        await require_api(client, group, expected)
        await require_members(client, group, expected)
        await require_pages(client, group, expected)
    home = (await client.get("/sponsor", **SAM)).text
    told = {name: number_in(members) for name, members in CARD.findall(home)}
    assert told == {group.name: len(group.members) for group in groups}


async def make(client: Client, group: Group) -> None:
    path = f"/enrollment/groups/{group.name}"
    facts = {"name": group.name, "kind": "contract", "courses": list(group.courses)}
    for answer in (
        await client.put(path, facts),
        await client.post(f"{path}/members", {"learners": list(group.members)}),
        await client.put(f"{path}/staff/sam"),
    ):
        assert answer.is_success, answer.text


async def require_api(client: Client, group: Group, expected: Expected) -> None:
    body = (await client.get(f"/dashboards/groups/{group.name}", **SAM)).json()
    assert body["group"]["members"] == len(group.members)
    assert body["figures"] == expected.figures()
    names = expected.figures()
    assert {one["course"]: {name: one[name] for name in names} for one in body["courses"]} == {
        module: expected.figures(module) for module in expected.modules()
    }
    risk = (await client.get(f"/dashboards/groups/{group.name}/at-risk", **SAM)).json()
    assert (risk["judged"], risk["members"]) == (0, [])  # all has been over for years


async def require_members(client: Client, group: Group, expected: Expected) -> None:
    """All of them, and those behind each figure, with how many courses each."""
    path = f"/dashboards/groups/{group.name}/members"
    rows = await listed(client, path, "members", **SAM)
    fields = {"enrolled": "enrolled", "started": "started", "completed": "completed"}
    assert {row["learner"]: [row[one] for one in (*fields, "credentials")] for row in rows} == {
        student: [len(words.get(one, ())) for one in (*fields, "holds")]
        for student, words in expected.members.items()
    }
    everybody, enrolled = set(expected.members), expected.who("enrolled")
    stages = {word: expected.who(word) for _, _, word in FIGURES} | {
        "not_enrolled": everybody - enrolled,
        "not_started": enrolled - expected.who("started"),
        "not_completed": enrolled - expected.who("completed"),
    }
    for stage, who in stages.items():
        rows = await listed(client, path, "members", stage=stage, **SAM)
        assert sorted(row["learner"] for row in rows) == sorted(who)


async def require_pages(client: Client, group: Group, expected: Expected) -> None:
    """The sponsor's and the registrar's; who has completed, page by page; who is at risk."""
    address, figures = f"/sponsor/groups/{group.name}", expected.figures()
    for path, who in ((address, SAM), (f"/office/groups/{group.name}", {"by": "registrar"})):
        page = Markup((await client.get(path, **who)).text)
        shown = {label: number_in(page.figures[label]) for label, _, _ in FIGURES}
        assert shown == {label: figures[field] for label, field, _ in FIGURES}
        assert number_in(page.figures["Members"]) == len(group.members)
        finding = f"{figures['completed']:,} of {figures['enrolled']:,} enrolled members"
        bars = next(rows for caption, rows in page.tables.items() if caption.startswith(finding))
        assert {label.split()[-1]: number_in(value) for label, value in bars} == {
            module: len(expected.who("completed", module)) for module in expected.modules()
        }
    completed = await first_cells(client, f"{address}?stage=completed", "Members", **SAM)
    assert sorted(completed) == sorted(expected.who("completed"))
    risk = (await client.get(f"{address}/at-risk", **SAM)).text
    assert "No member is in a course that is running" in risk
