"""A body that is wrong in many places is told all of them."""

from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from msgspec import Meta

from milepost.web.requests.json_faults import MAX_DEPTH, MAX_FAULTS, shape_faults

Tag = Annotated[str, Meta(pattern=r"^[a-z]{2}(?![\s\S])")]


class Part(msgspec.Struct, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1)]
    weight: float = 0.0
    limit: Annotated[int, Meta(ge=1)] | None = None
    name: Literal["long", "short"] = "long"
    kind: tuple[int, str] = (0, "")


class Dog(msgspec.Struct, tag="dog", tag_field="kind", forbid_unknown_fields=True):
    name: str


class Cat(msgspec.Struct, tag="cat", tag_field="kind", forbid_unknown_fields=True):
    lives: int


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    parts: Annotated[tuple[Part, ...], Meta(max_length=3)]
    pet: Dog | Cat | None = None
    titles: dict[Tag, str] = {}
    made: str = msgspec.field(name="$made", default="")


class Nest(msgspec.Struct):
    inner: "Nest | int" = 0


def told(value, wanted=Whole):
    return [(one["path"], one["message"]) for one in shape_faults(value, wanted)]


def test_what_fits_has_no_faults():
    assert told({"parts": [{"id": "a"}], "pet": {"kind": "cat", "lives": 9}}) == []


def test_all_faults_are_told_with_their_paths():
    value = {
        "parts": [
            {"id": "", "weight": "1"},
            {"id": "b", "limit": 0, "name": ["long"], "kind": [0, 1]},
            {"weight": 1, "wieght": 2},
            7,
        ],
        "titles": {"de": 5, "DE": "x"},
        "$made": 1,
    }
    assert told(value) == [
        ("$.parts[0].id", "Expected `str` of length >= 1"),
        ("$.parts[0].weight", "Expected `float`, got `str`"),
        ("$.parts[1].limit", "Expected `int` >= 1"),
        ("$.parts[1].name", "Expected `str`, got `array`"),
        ("$.parts[1].kind[1]", "Expected `str`, got `int`"),
        ("$.parts[2]", "Object missing required field `id`"),
        ("$.parts[2]", "Object contains unknown field `wieght`"),
        ("$.parts[3]", "Expected `object`, got `int`"),
        ("$.titles.de", "Expected `str`, got `int`"),
        ("$.titles.DE", "Expected `str` matching regex '^[a-z]{2}(?![\\\\s\\\\S])'"),
        ("$.$made", "Expected `str`, got `int`"),
    ]


def test_what_is_none_of_a_closed_set_is_told_the_set():
    value = {"parts": [{"id": "a", "name": "tall"}], "pet": {"kind": "cow"}}
    assert told(value) == [
        ("$.parts[0].name", "Invalid enum value 'tall'; allowed: 'long', 'short'"),
        ("$.pet.kind", "Invalid value 'cow'; allowed: 'dog', 'cat'"),
    ]


def test_a_list_that_is_too_long_is_one_fault():
    assert told({"parts": [{"id": "a"}] * 4}) == [("$.parts", "Expected `array` of length <= 3")]


@pytest.mark.parametrize(
    ("pet", "path", "message"),
    [
        ({"kind": "dog", "name": 5}, "$.pet.name", "Expected `str`, got `int`"),
        ({"kind": "cat"}, "$.pet", "Object missing required field `lives`"),
        ({"kind": "cow"}, "$.pet.kind", "Invalid value 'cow'; allowed: 'dog', 'cat'"),
        ({"name": "Rex"}, "$.pet", "Object missing required field `kind`"),
        (5, "$.pet", "Expected `object | null`, got `int`"),
    ],
)
def test_of_several_kinds_it_is_held_against_the_one_it_names(pet, path, message):
    assert told({"parts": [], "pet": pet}) == [(path, message)]


def test_no_more_is_told_than_anybody_reads():
    assert len(told([{}] * 1000, list[Part])) == MAX_FAULTS


def test_far_down_it_is_looked_no_closer_and_the_path_is_told_still():
    value: object = "x"
    for _ in range(MAX_DEPTH + 5):
        value = {"inner": value}
    [(path, message)] = told(value, Nest)
    assert path == "$" + ".inner" * (MAX_DEPTH + 5)
    assert message.startswith("Expected `")


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["parts", "pet", "titles", "id", "weight", "limit", "kind", "name"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@drawn(json)
def test_there_are_faults_exactly_where_it_does_not_fit(value):
    try:
        msgspec.convert(value, Whole)
    except msgspec.ValidationError:
        assert told(value)
    else:
        assert told(value) == []
