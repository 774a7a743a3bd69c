"""Groups: learners who belong together, and the staff who see them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from milepost.contracts.groups.group import GROUP, Group, GroupArchived, GroupCreated
from milepost.contracts.groups.membership import MEMBERSHIP, GroupMemberAdded, GroupMemberRemoved
from milepost.enrollment.domain.group import (
    MAX_STAFF,
    Description,
    GroupAlreadyArchived,
    GroupAlreadyExists,
    TooManyStaff,
    UnknownGroup,
    add_member,
    archive_group,
    assign_staff,
    change_group,
    create_group,
    remove_member,
    remove_staff,
)

MAY = datetime(2026, 5, 4, tzinfo=UTC)
ACME = Description(name="Acme", kind="contract", courses=("DATA-101",))
AT: Mapping[str, Any] = {"group": "acme", "occurred_at": MAY}
ANA: Mapping[str, Any] = {**AT, "learner": "ana"}
PATH = "/enrollment/groups/acme"


def after(*events):
    state = Group()
    for one in events:
        state = GROUP.evolve(state, one)
    return state


CREATED = GroupCreated(group="acme", name="Acme", kind="contract", courses=("DATA-101",))
ARCHIVED = GroupArchived(**AT)


def test_a_group_is_created_once_and_changed_until_it_is_archived():
    (created,) = create_group(Group(), ACME, **AT)
    assert create_group(after(created), ACME, **AT) == []
    other = Description(name="Acme")
    with pytest.raises(GroupAlreadyExists):
        create_group(after(created), other, **AT)
    assert change_group(after(created), ACME, **AT) == []
    (changed,) = change_group(after(created), other, **AT)
    assert create_group(after(created, changed), other, **AT) == []
    (archived,) = archive_group(after(created, changed), **AT)
    over = after(created, changed, archived)
    assert archive_group(over, **AT) == []
    with pytest.raises(GroupAlreadyArchived):
        change_group(over, ACME, **AT)
    with pytest.raises(GroupAlreadyExists):
        create_group(over, other, **AT)


def test_staff_are_assigned_and_removed_and_there_are_not_too_many():
    facts = {**AT, "staff": "sam"}
    (assigned,) = assign_staff(after(CREATED), **facts)
    assert assign_staff(after(CREATED, assigned), **facts) == []
    (removed,) = remove_staff(after(CREATED, assigned), **facts)
    assert remove_staff(after(CREATED, assigned, removed), **facts) == []
    full = after(CREATED)
    full.staff = tuple(f"s{number}" for number in range(MAX_STAFF))
    with pytest.raises(TooManyStaff):
        assign_staff(full, **facts)
    with pytest.raises(GroupAlreadyArchived):
        assign_staff(after(CREATED, ARCHIVED), **facts)
    assert remove_staff(after(CREATED, assigned, ARCHIVED), **facts) == [removed]
    for decide in (assign_staff, remove_staff):
        with pytest.raises(UnknownGroup):
            decide(Group(), **facts)


def test_a_learner_is_a_member_from_being_added_until_removed():
    (added,) = add_member(after(CREATED), None, **ANA)
    assert added == GroupMemberAdded(**ANA)
    assert add_member(after(CREATED), MAY, **ANA) == []
    (removed,) = remove_member(after(CREATED), MAY, **ANA)
    assert removed == GroupMemberRemoved(**ANA)
    assert remove_member(after(CREATED), None, **ANA) == []
    since = MEMBERSHIP.evolve(None, added)
    assert (since, MEMBERSHIP.evolve(since, removed)) == (MAY, None)
    for decide in (add_member, remove_member):
        with pytest.raises(GroupAlreadyArchived):
            decide(after(CREATED, ARCHIVED), None, **ANA)
        with pytest.raises(UnknownGroup):
            decide(Group(), None, **ANA)


async def test_a_group_over_http(school):
    named = {"name": "Acme", "courses": ["DATA-101", "DATA-101"]}
    answers = [await school.put(PATH, named) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    assert answers[1].json()["courses"] == ["DATA-101"]
    clash = await school.put(PATH, {"name": "Other"})
    assert clash.json()["type"] == "urn:milepost:problem:group_already_exists"
    subject = "auth0%7C5f7c8ec7"
    assert (await school.put(f"{PATH}/staff/{subject}")).json()["assigned"]
    assert (await school.get(PATH)).json()["staff"] == ["auth0|5f7c8ec7"]
    assert not (await school.ask("DELETE", f"{PATH}/staff/{subject}")).json()["assigned"]
    assert (await school.post(f"{PATH}/archive")).json()["archived_at"]
    refused = await school.post(f"{PATH}/members", {"learners": ["ana"]})
    assert refused.json()["type"] == "urn:milepost:problem:group_already_archived"
    for role in ("learner", "instructor", "issuer", "operator"):
        for method, path in (("PUT", PATH), ("POST", f"{PATH}/members")):
            body = {"json": {"name": "Acme"} if method == "PUT" else {"learners": ["ana"]}}
            assert (await school.ask(method, path, by=role, **body)).status_code == 403


async def test_members_come_and_go_in_batches_with_a_result_each(school):
    learners = [f"l{number}" for number in range(1_000)]
    unknown = await school.post(f"{PATH}/members", {"learners": learners[:2]})
    assert unknown.json()["type"] == "urn:milepost:problem:unknown_group"
    await school.put(PATH, {"name": "Acme"})
    added = (await school.post(f"{PATH}/members", {"learners": learners})).json()
    assert added["changed"] == 1_000
    assert [one["learner"] for one in added["results"]] == learners
    gone = {"learners": ["l1", "nobody", "l2"]}
    removed = (await school.post(f"{PATH}/members/remove", gone)).json()
    assert removed["changed"] == 2
    results = {one["learner"]: (one["member"], one["changed"]) for one in removed["results"]}
    assert results == {"l1": (False, True), "nobody": (False, False), "l2": (False, True)}
    again = (await school.post(f"{PATH}/members", {"learners": ["l1", "l3"]})).json()
    assert [one["changed"] for one in again["results"]] == [True, False]
    for wrong in ([], ["l"] * 1_001, ["a/b"], ["a b"]):
        answer = await school.post(f"{PATH}/members", {"learners": wrong})
        assert answer.status_code == 400
