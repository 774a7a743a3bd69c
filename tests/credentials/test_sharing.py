"""What a holder lets others see: public, by link, hidden; and taking it back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.credentials.scenes import day

from milepost.credentials.domain.records.sharing import (
    MAX_LINKS,
    NOT_SHARED,
    Link,
    Shared,
    Sharing,
    evolve_sharing,
    hide,
    share_by_link,
    share_publicly,
)
from milepost.credentials.domain.refusals import LinkEndsBefore, TooManyLinks

ABOUT = Shared(credential="c-1", learner="ana", achievement="badge")


def after(sharing, events):
    for event in events:
        sharing = evolve_sharing(sharing, event)
    return sharing


def linked(sharing, digest, on=0, **facts):
    return after(sharing, share_by_link(sharing, ABOUT, Link(digest=digest, **facts), at=day(on)))


def test_until_the_holder_decides_the_achievement_does():
    assert NOT_SHARED.is_public("public")
    assert not NOT_SHARED.is_public("hidden")
    hidden = after(NOT_SHARED, hide(NOT_SHARED, ABOUT, at=day(0)))
    assert not hidden.is_public("public")
    public = after(hidden, share_publicly(hidden, ABOUT, shows_name=False, at=day(1)))
    assert public.is_public("hidden")


def test_a_link_decides_nothing_about_the_public_page():
    assert linked(NOT_SHARED, "d1").is_public("public")
    assert not linked(NOT_SHARED, "d1").is_public("hidden")


def test_repeating_it_does_nothing():
    public = after(NOT_SHARED, share_publicly(NOT_SHARED, ABOUT, shows_name=True, at=day(0)))
    assert share_publicly(public, ABOUT, shows_name=True, at=day(1)) == []
    assert share_publicly(public, ABOUT, shows_name=False, at=day(1)) != []
    hidden = after(public, hide(public, ABOUT, at=day(2)))
    assert hide(hidden, ABOUT, at=day(3)) == []
    assert hide(public, ABOUT, link="none", at=day(3)) == []


def test_one_link_is_taken_back_and_the_others_stay():
    sharing = linked(linked(NOT_SHARED, "d1", shows_name=True), "d2")
    sharing = after(sharing, hide(sharing, ABOUT, link="d1", at=day(1)))
    assert sharing.links == (Link(digest="d2"),)
    assert after(sharing, hide(sharing, ABOUT, at=day(2))) == Sharing(public=False)


def test_a_link_that_has_ended_is_neither_open_nor_kept():
    sharing = linked(NOT_SHARED, "d1", ends=day(5))
    assert sharing.open_links(day(5) - timedelta(seconds=1))
    assert not sharing.open_links(day(5))
    assert linked(sharing, "d2", on=6).links == (Link(digest="d2"),)
    with pytest.raises(LinkEndsBefore):
        linked(NOT_SHARED, "d1", on=5, ends=day(5))


def test_there_is_an_end_to_links():
    sharing = Sharing(links=tuple(Link(digest=str(n)) for n in range(MAX_LINKS)))
    with pytest.raises(TooManyLinks):
        linked(sharing, "one more")


@given(st.lists(st.tuples(st.sampled_from("plhw"), st.sampled_from("ab"), st.booleans())))
def test_after_hiding_nothing_is_open_whatever_was_before(steps):
    sharing = NOT_SHARED
    for kind, digest, named in steps:
        match kind:
            case "p":
                events = share_publicly(sharing, ABOUT, shows_name=named, at=day(0))
            case "l":
                events = share_by_link(
                    sharing, ABOUT, Link(digest=digest, shows_name=named), at=day(0)
                )
            case "h":
                events = hide(sharing, ABOUT, at=day(0))
            case _:
                events = hide(sharing, ABOUT, link=digest, at=day(0))
        sharing = after(sharing, events)
        assert len({one.digest for one in sharing.links}) == len(sharing.links)
    sharing = after(sharing, hide(sharing, ABOUT, at=day(1)))
    assert not sharing.is_public("public")
    assert not sharing.links
