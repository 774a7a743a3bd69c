"""What is known of a subscriber, and the accounts in NATS that follow from it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.docs.pages import DOCS, blocks

from milepost.subscriptions.partners.accounts import Account, User, account_id, rendered
from milepost.subscriptions.partners.events import (
    SubscriberAdded,
    SubscriberEvent,
    SubscriberRemoved,
    SubscriberRepublishRequested,
    SubscriberSecretRotated,
)
from milepost.subscriptions.partners.program import program
from milepost.subscriptions.partners.subscriber import (
    SUBSCRIBER,
    EventsNotSubscribed,
    RepublishUnderWay,
    Subscriber,
    UnknownSubscriber,
    add,
    end,
    fit_name,
    remove,
    request,
    rotate,
    tags_of,
)

NINE = datetime(2026, 9, 1, 9, tzinfo=UTC)
FILES = sorted((Path(__file__).parents[2] / "golden" / "subscriptions").glob("subscriber_*.json"))
ADDED = SubscriberAdded(subscriber="payroll", key="a", events=("credential_awarded",))
REMOVED = SubscriberRemoved(subscriber="payroll")
ASKED = SubscriberRepublishRequested(
    subscriber="payroll", republication="r-1", first=3, last=9, per_second=10
)


def rotated(key: str, hours: int) -> SubscriberSecretRotated:
    until = NINE + timedelta(hours=hours)
    return SubscriberSecretRotated(subscriber="payroll", key=key, until=until)


def given(*events: SubscriberEvent) -> Subscriber:
    state = SUBSCRIBER.initial()
    for event in events:
        state = SUBSCRIBER.evolve(state, event)
    return state


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_was_stored_is_read(file: Path):
    event = SUBSCRIBER.codec.decode(file.stem, file.read_bytes(), NINE)
    tag, data = SUBSCRIBER.codec.encode(event)
    assert (tag, msgspec.json.decode(data)) == (file.stem, msgspec.json.decode(file.read_bytes()))
    assert set(msgspec.json.decode(data)) == {*event.__struct_fields__} - {"occurred_at"}


def test_every_event_has_its_file():
    assert {file.stem for file in FILES} == {*SUBSCRIBER.codec.tags}


def test_a_name_is_given_once_and_again_after_its_removal():
    assert add(given(), ADDED) == [ADDED]
    assert add(given(ADDED), ADDED) == []
    assert add(given(ADDED, REMOVED), ADDED) == [ADDED]
    assert given(ADDED, rotated("b", 1), REMOVED, ADDED).keys == {"a": None}


def test_who_is_not_there_is_neither_rotated_nor_removed():
    for decide in (
        lambda: rotate(given(), rotated("b", 1)),
        lambda: remove(given(ADDED, REMOVED), REMOVED),
        lambda: request(given(), ASKED),
    ):
        with pytest.raises(UnknownSubscriber):
            decide()


def test_earlier_secrets_end_with_the_overlap_and_never_later_than_said():
    state = given(ADDED, rotated("b", 2), rotated("c", 48))
    assert state.keys == {
        "a": NINE + timedelta(hours=2),
        "b": NINE + timedelta(hours=48),
        "c": None,
    }


def test_one_replay_at_a_time_of_what_it_may_read():
    with pytest.raises(RepublishUnderWay):
        request(given(ADDED, ASKED), ASKED)
    others = msgspec.structs.replace(ASKED, events=("credential_awarded", "learner_enrolled"))
    with pytest.raises(EventsNotSubscribed) as refusal:
        request(given(ADDED), others)
    assert refusal.value.events == ["learner_enrolled"]
    assert tags_of(given(ADDED)) == ("credential_awarded",)


def test_a_replay_ends_once():
    figures: Any = {"next_position": 10, "published": 4, "occurred_at": NINE}
    (over,) = end(given(ADDED, ASKED), "r-1", outcome="done", **figures)
    assert end(given(ADDED, ASKED, over), "r-1", outcome="canceled", **figures) == []
    assert end(given(ADDED, ASKED), "r-0", outcome="canceled", **figures) == []
    assert request(given(ADDED, ASKED, over), ASKED) == [ASKED]


def test_names_divide_school_and_subscriber():
    assert [name for name in ("payroll", "a-1", "a_b", "A", "-a", "", "a" * 33, "a\n") if fit_name(name)] == ["payroll", "a-1"]  # fmt: skip # noqa: E501
    assert account_id("a_b", "c") != account_id("a", "b-c")


def test_a_secret_whose_time_is_over_is_in_no_account():
    users = [User("a", "$2b$x", NINE), User("b", "$2b$y", NINE + timedelta(hours=1))]
    text = rendered([Account("north", "payroll", users)], NINE)
    assert "subscriber_north_payroll_b" in text
    assert "subscriber_north_payroll_a" not in text


def test_the_page_has_the_program_that_is_printed():
    page = blocks(DOCS / "how-to" / "subscriber.md")
    (script,) = (block.text for block in page if block.path == "subscriber.py")
    assert script == program(account_id("north", "librarian"))
