"""What a webhook allows, and when it is delivered to: whatever happens to it, in any order."""

import contextlib
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.events.event import Refused
from milepost.subscriptions.domain.filters import Filter
from milepost.subscriptions.webhooks.domain import webhook as rules
from milepost.subscriptions.webhooks.domain.refusals import (
    TooManySecrets,
    UnknownWebhook,
    WebhookIsDisabled,
    WebhookNotVerified,
    WebhookUrlChanged,
)
from milepost.subscriptions.webhooks.domain.webhook import NewKey, Target, Webhook, evolve
from milepost.subscriptions.webhooks.events import WebhookVerified

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
DAY = timedelta(days=1)
URL, OTHER = "https://crm.example/hook", "https://crm.example/other"
TARGET = Target(url=URL, filter=Filter(types=frozenset({"credential_awarded"})))


def key(name: str) -> NewKey:
    return NewKey(key=name, scheme="v1")


def after(*decisions, state: Webhook | None = None) -> Webhook:
    state = created() if state is None else state
    for decide in decisions:
        for event in decide(state, "w", at=AT):
            state = evolve(state, event)
    return state


def created() -> Webhook:
    [event] = rules.create(Webhook(), "w", TARGET, key("k0"), start=7, by="crm", at=AT)
    return evolve(Webhook(), event)


verify = partial(rules.verify, url=URL)
resume, enable = partial(rules.resume, skip=False), partial(rules.enable, skip=False)
fail = partial(rules.disable, reason="failing")


def test_nothing_is_delivered_before_its_endpoint_has_answered():
    assert created().status == "unverified"
    assert created().target == TARGET
    assert after(verify).active


def test_another_address_has_to_answer_for_itself():
    moved = partial(rules.change, target=Target(url=OTHER))
    state = after(verify, moved)
    assert state.status == "unverified"
    assert after(partial(rules.verify, url=OTHER), state=state).active
    with pytest.raises(WebhookUrlChanged):
        rules.verify(state, "w", URL, AT)


def test_another_filter_is_no_other_address():
    narrowed = partial(rules.change, target=Target(url=URL, ordered="learner"))
    state = after(verify, narrowed)
    assert state.active
    assert (state.filter, state.ordered) == (Filter(), "learner")


def test_it_does_not_resume_while_something_else_stands_against_it():
    with pytest.raises(WebhookNotVerified):
        after(rules.pause, resume)
    with pytest.raises(WebhookIsDisabled):
        after(verify, rules.pause, fail, resume)
    assert after(verify, rules.pause, fail, enable).status == "paused"
    assert after(verify, rules.pause, fail, enable, resume).active


def test_repeating_changes_nothing():
    state = after(verify, rules.pause, fail)
    assert not rules.create(state, "w", TARGET, key("k9"), start=9, by="x", at=AT)
    assert not rules.verify(state, "w", URL, AT)
    assert not rules.pause(state, "w", AT)
    assert not rules.disable(state, "w", "gone", AT)
    assert not rules.change(state, "w", TARGET, AT)
    assert not rules.rotate(state, "w", key("k0"), until=AT + DAY, at=AT)
    gone = after(rules.delete, state=state)
    assert not rules.delete(gone, "w", AT)


@pytest.mark.parametrize("state", [Webhook(), after(rules.delete)], ids=["never", "deleted"])
def test_what_is_not_there_cannot_be_changed(state):
    for decide in (verify, rules.pause, resume, enable, partial(rules.change, target=TARGET)):
        with pytest.raises(UnknownWebhook):
            decide(state, "w", at=AT)
    assert not rules.disable(state, "w", "gone", AT)


def test_both_secrets_sign_until_the_old_one_ends():
    [event] = rules.rotate(created(), "w", key("k1"), until=AT + DAY, at=AT)
    state = evolve(created(), event)
    assert [one.key for one in state.signing(AT)] == ["k1", "k0"]
    assert [one.key for one in state.signing(AT + DAY)] == ["k1"]


def test_a_second_rotation_lets_no_old_secret_live_longer():
    state = created()
    for name, days in (("k1", 1), ("k2", 3)):
        [event] = rules.rotate(state, "w", key(name), until=AT + days * DAY, at=AT)
        state = evolve(state, event)
    assert {one.key: one.until for one in state.keys} == {
        "k0": AT + DAY,
        "k1": AT + 3 * DAY,
        "k2": None,
    }


def test_so_many_secrets_sign_and_no_more():
    state = created()
    for number in range(1, rules.MAX_KEYS + 1):
        [event] = rules.rotate(state, "w", key(f"k{number}"), until=AT + DAY, at=AT)
        state = evolve(state, event)
        if number + 1 == rules.MAX_KEYS:
            break
    assert len(state.signing(AT)) == rules.MAX_KEYS
    with pytest.raises(TooManySecrets) as refused:
        rules.rotate(state, "w", key("k9"), until=AT + DAY, at=AT)
    assert refused.value.until == AT + DAY
    [event] = rules.rotate(state, "w", key("k9"), until=AT, at=AT)
    assert [one.key for one in evolve(state, event).signing(AT)] == ["k9"]


steps = st.sampled_from(
    [
        verify,
        partial(rules.verify, url=OTHER),
        partial(rules.change, target=Target(url=OTHER)),
        partial(rules.change, target=TARGET),
        partial(rules.rotate, key=key("k1"), until=AT + DAY),
        partial(rules.rotate, key=key("k2"), until=AT),
        rules.pause,
        resume,
        partial(rules.resume, skip=True),
        fail,
        enable,
        rules.delete,
    ]
)


@given(st.lists(steps, max_size=25))
def test_whatever_happens_twice_happened_once_and_nobody_unasked_is_delivered_to(decisions):
    state, answered = created(), {URL: False, OTHER: False}
    for decide in decisions:
        try:
            events = decide(state, "w", at=AT)
        except Refused:
            continue
        for event in events:
            if isinstance(event, WebhookVerified):
                answered = {URL: False, OTHER: False, event.url: True}
            state = evolve(state, event)
        with contextlib.suppress(UnknownWebhook):
            assert not decide(state, "w", at=AT), "it is repeatable"
        assert not state.active or answered[state.url]
        assert not state.active or not (state.paused or state.disabled or state.deleted)
        assert state.signing(AT), "something always signs"
    assert (state.webhook, state.start, state.by) == ("w", 7, "crm")
