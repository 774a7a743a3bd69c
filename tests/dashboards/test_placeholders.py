"""Named placeholders become numbers, and nothing else in the SQL is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.dashboards.queries.placeholders import (
    ArgumentsDiffer,
    NumberedPlaceholder,
    render,
    replace,
)


def test_a_name_has_one_number_wherever_it_stands():
    text, values = render("a = :x and b = :y and c = :x", {"y": 2, "x": 1})
    assert (text, values) == ("a = $1 and b = $2 and c = $1", (1, 2))


def test_a_name_that_begins_like_another_is_its_own():
    text, _ = render(":key, :keys, :key_2, (:key)", {"key": 1, "keys": 2, "key_2": 3})
    assert text == "$1, $2, $3, ($1)"


LOOKALIKES = [
    "a::text",
    "a::text[]",
    "f(n := 1)",
    "':x'",
    "'it''s :x'",
    "e'it\\'s :x'",
    "E'\\\\'",
    '":x"',
    '"a"":x"',
    "-- :x\n",
    "/* :x\n:x */",
    "$$ :x $$",
    "$tag$ $$ :x $tag$",
    "a[1:2]",
    "'12:30'",
]


@pytest.mark.parametrize("sql", LOOKALIKES)
def test_what_only_looks_like_a_placeholder_stays(sql):
    assert render(sql, {}) == (sql, ())
    assert render(f"{sql} = :y", {"y": 1}) == (f"{sql} = $1", (1,))


PIECES = st.one_of(
    st.sampled_from(LOOKALIKES),
    st.sampled_from(["select", "(", ")", ",", "= any", "a.b", "1", "<>"]),
    st.sampled_from(["x", "y", "after_value"]).map(lambda name: (name,)),
)


@given(st.lists(PIECES))
def test_in_any_text_the_names_alone_become_numbers(pieces):
    """A piece that is a tuple is a placeholder."""
    names = list(dict.fromkeys(one[0] for one in pieces if isinstance(one, tuple)))
    named = " ".join(f":{one[0]}" if isinstance(one, tuple) else one for one in pieces)
    numbered = " ".join(
        f"${names.index(one[0]) + 1}" if isinstance(one, tuple) else one for one in pieces
    )
    assert render(named, {name: name.upper() for name in names}) == (
        numbered,
        tuple(name.upper() for name in names),
    )


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_a_value_never_enters_the_text(value):
    assert render("a = :x", {"x": value}) == ("a = $1", (value,))


@pytest.mark.parametrize(
    ("sql", "arguments", "odd"),
    [
        ("a = :x", {}, ["x"]),
        ("a = :x", {"y": 1}, ["x", "y"]),
        ("a", {"x": 1}, ["x"]),
    ],
)
def test_a_name_without_a_value_and_a_value_without_a_name_are_refused(sql, arguments, odd):
    with pytest.raises(ArgumentsDiffer) as refused:
        render(sql, arguments)
    assert refused.value.args == (odd,)


def test_a_number_of_ones_own_is_refused():
    with pytest.raises(NumberedPlaceholder):
        render("a = $1 and b = :x", {"x": 1})
    assert render("'$1' = :x", {"x": 1}) == ("'$1' = $1", (1,))


def test_sql_takes_the_place_of_the_names_it_is_given_for():
    sql = "a = :key and b = :keys and c = ':key'"
    assert replace(sql, {"key": "t.key"}) == "a = t.key and b = :keys and c = ':key'"


def test_what_has_taken_a_place_is_not_looked_at_again():
    assert replace(":a :b", {"a": ":b", "b": "1"}) == ":b 1"


async def test_postgres_reads_it_as_it_is_meant(pool):
    sql = """select :a::int + :b::int as sum, ':a' as literal, e'\\':a' as escaped,
        $$:a$$ as dollars, (array[1, 2, 3])[1:2] as slice, :a::int as ":a" -- :nobody"""
    text, values = render(sql, {"a": 1, "b": 2})
    assert list(await pool.fetchrow(text, *values)) == [3, ":a", "':a", ":a", [1, 2], 1]
