"""Rows of an upload, from bytes that come in pieces."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loop_lag import loop_free

from milepost.enrollment.bulk.enrollment_rows import FORMAT, RowRequest
from milepost.jobs.csv.records import QuotesNotClosed
from milepost.jobs.formats import (
    FORMATS,
    MAX_ARRAY_BYTES,
    MAX_LINE_BYTES,
    MAX_ROWS,
    ArrayTooLong,
    FileEmpty,
    FileUnreadable,
    TooManyRows,
    validated,
)
from milepost.jobs.row_format import Fault, HeaderInvalid, Row

NDJSON, CSV, ARRAY = FORMATS
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def pieces(text: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


async def read(
    kind: str, text: str | bytes, offering: str | None = None, size: int = 7
) -> list[Row[RowRequest]]:
    raw = text.encode() if isinstance(text, str) else text
    rows = validated(FORMATS[kind](pieces(raw, size), FORMAT, offering))
    return [row async for batch in rows for row in batch]


async def faults(kind: str, text: str | bytes, offering: str | None = None) -> dict[int, str]:
    return {
        row.number: row.request.path
        for row in await read(kind, text, offering)
        if isinstance(row.request, Fault)
    }


ANN = RowRequest(learner="ann", offering="spring")
BOB = RowRequest(learner="bob", offering="fall", mode="verified", occurred_at=NINE)


@pytest.mark.parametrize("size", [1, 2, 5, 1_000])
@pytest.mark.parametrize(
    ("kind", "text", "numbers"),
    [
        (
            NDJSON,
            (
                '{"learner": "ann"}\n\n{"learner": "bob", "offering": "fall", "mode": "verified",'
                ' "occurred_at": "2026-03-02T10:00:00+01:00"}'
            ),
            [1, 3],
        ),
        (
            CSV,
            (
                "\ufeffLearner;Offering;mode;occurred_at\r\nann;;;\r\n"
                '"bob";"fall";"verified";2026-03-02T09:00:00Z\r\n'
            ),
            [2, 3],
        ),
        (
            CSV,
            "occurred_at,learner,mode,offering\n,ann,,\n2026-03-02T09:00:00Z,bob,verified,fall",
            [2, 3],
        ),
        (
            ARRAY,
            (
                '[{"learner": "ann"},\n\n {"learner": "bob", "offering": "fall",'
                ' "mode": "verified", "occurred_at": "2026-03-02T09:00:00Z"}]'
            ),
            [1, 2],
        ),
    ],
)
async def test_rows_are_the_same_in_every_format_and_however_they_come(kind, text, numbers, size):
    rows = await read(kind, text, "spring", size)
    assert rows == [
        Row(number, request) for number, request in zip(numbers, (ANN, BOB), strict=True)
    ]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("{", "$"),
        ("[]", "$"),
        ("7", "$"),
        ('{"learner": 7}', "$.learner"),
        ('{"offering": "spring"}', "$.learner"),
        ('{"learner": "Ada Lovelace"}', "$.learner"),
        ('{"learner": "ann", "offering": ""}', "$.offering"),
        ('{"learner": "ann", "mode": "ada@example.org"}', "$.mode"),
        ('{"learner": "ann", "occurred_at": "2026-03-02T09:00:00"}', "$.occurred_at"),
        ('{"learner": "ann", "occurred_at": "0001-01-01T00:00:00+10:00"}', "$.occurred_at"),
        ('{"learner": "ann", "occurred_at": "0001-01-01T00:00:00Z"}', "$.occurred_at"),
        ('{"learner": "ann", "occurred_at": "9999-12-31T23:59:59.999999Z"}', "$.occurred_at"),
        ('{"learner": "ann", "email": "ada@example.org"}', "$"),
        ('{"learner": "ann", "ada@example.org": 1}', "$"),
        ('{"learner": "ann", "Ada Lovelace": 1}', "$"),
        ('{"learner": "ann\\u0000"}', "$.learner"),
    ],
)
async def test_a_bad_row_is_told_by_its_path_and_never_quoted(line, path):
    rows = await read(NDJSON, f'{{"learner": "ann"}}\n{line}\n{{"learner": "bob"}}', "spring")
    first, bad, last = (row.request for row in rows)
    assert isinstance(bad, Fault)
    assert bad.path == path
    assert "Ada" not in bad.path + bad.reason
    assert "ada@" not in bad.path + bad.reason
    assert (first, last) == (ANN, RowRequest(learner="bob", offering="spring"))


async def test_a_row_without_an_offering_needs_one_for_all():
    text = '{"learner": "ann"}\n{"learner": "ann", "offering": "spring"}'
    assert await faults(NDJSON, text) == {1: "$.offering"}
    assert await faults(NDJSON, text, "fall") == {}


async def test_a_quote_that_is_never_closed_spoils_its_own_row_only():
    text = 'learner,offering\nann,spring\n"bob,spring\ncid,spring\nd d,spring\neve\n'
    assert await faults(CSV, text) == {3: "$", 5: "$.learner", 6: "$"}


async def test_bytes_that_are_no_text_spoil_their_own_row_only():
    assert await faults(CSV, b"learner\nann\n\xff\xfe\nbob\n", "spring") == {3: "$"}
    assert await faults(NDJSON, b'{"learner":"ann"}\n{"learner":"\xff"}\n', "spring") == {2: "$"}


async def test_a_line_without_end_is_a_bad_row_and_takes_no_memory():
    text = b'{"learner":"ann"}\n"' + b"x" * 3 * MAX_LINE_BYTES + b'"\n{"learner":"bob"}\n'
    rows = await read(NDJSON, text, "spring", size=4_096)
    assert [type(row.request) for row in rows] == [RowRequest, Fault, RowRequest]


@pytest.mark.parametrize(
    ("header", "unknown", "missing", "repeated"),
    [
        ("learner,email", ("email",), ("offering",), ()),
        ("ada@example.org,learner,offering", ("?",), (), ()),
        ("learner,offering,learner", (), (), ("learner",)),
        ("mode", (), ("learner", "offering"), ()),
        ('"learner', (), ("learner", "offering"), ()),
    ],
)
async def test_a_header_says_which_columns_are_wrong(header, unknown, missing, repeated):
    with pytest.raises(HeaderInvalid) as refused:
        await read(CSV, f"{header}\nann,x\n")
    wrong = refused.value
    assert (wrong.unknown, wrong.missing, wrong.repeated) == (unknown, missing, repeated)
    assert wrong.columns == ("learner", "offering", "mode", "occurred_at")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("learner，offering\nann，spring\n", "Full-width signs (，) separate no cells"),
        ("learner；offering\nann；spring\n", "Full-width signs (；) separate no cells"),
        ("ｌｅａｒｎｅｒ,offering\nann,spring\n", "names of the columns have full-width signs"),
        ("learner,offering\nann,spring\n".encode("utf-16"), "looks like UTF-16"),
    ],
)
async def test_a_header_of_another_keyboard_is_refused_with_what_to_do(text, says):
    with pytest.raises(FileUnreadable) as refused:
        await read(CSV, text)
    assert refused.value.row == 1
    assert says in refused.value.reason


async def test_slips_of_another_keyboard_are_told_at_row_and_column():
    text = (
        "learner;offering;mode\nann;spring;\nbob，spring，\ncid１;spring;\ndan;spring;ａｕｄｉｔ\n"
    )
    told = {
        row.number: (row.request.path, row.request.reason)
        for row in await read(CSV, text)
        if isinstance(row.request, Fault)
    }
    assert told.keys() == {3, 4, 5}
    assert told[3][0] == "$"
    assert told[3][1].startswith("Expected 3 cells, got 1. Full-width signs (，) separate no cells")
    for row, path in ((4, "$.learner"), (5, "$.mode")):
        assert told[row][0] == path
        assert told[row][1].endswith(
            "It has full-width signs. Write them plainly, as in 0-9, a-z, comma and point."
        )
        assert "cid" not in told[row][1]


@pytest.mark.parametrize("delimiter", ",;\t")
async def test_the_header_says_what_separates(delimiter):
    text = "learner,offering\nann,spring\n".replace(",", delimiter)
    assert [row.request for row in await read(CSV, text)] == [ANN]


@pytest.mark.parametrize(
    ("kind", "text"),
    [(NDJSON, ""), (NDJSON, "\n \r\n"), (CSV, ""), (CSV, "learner\n"), (ARRAY, "[]")],
)
async def test_a_file_without_rows_is_refused(kind, text):
    with pytest.raises(FileEmpty):
        await read(kind, text, "spring")


@pytest.mark.parametrize(
    ("kind", "text", "row"),
    [
        (NDJSON, "learner,offering\nann,spring\n", 1),
        (NDJSON, "\n\x89PNG\r\n\x1a\n", 2),
        (ARRAY, '{"learner": "ann"}', 1),
        (ARRAY, "", 1),
        (CSV, "learner,offering\nAnn Example,spring\n", 2),
    ],
)
async def test_a_file_in_which_nothing_can_be_read_is_refused(kind, text, row):
    with pytest.raises(FileUnreadable) as refused:
        await read(kind, text)
    assert refused.value.row == row
    assert "@" not in refused.value.reason


async def test_there_is_a_bound_to_rows():
    line = b'{"learner":"a"}\n'
    assert len(await read(NDJSON, line * MAX_ROWS, "spring", size=65_536)) == MAX_ROWS
    with pytest.raises(TooManyRows):
        await read(NDJSON, line * (MAX_ROWS + 1), "spring", size=65_536)


async def test_there_is_a_bound_to_an_array():
    with pytest.raises(ArrayTooLong):
        await read(ARRAY, b"[" + b" " * MAX_ARRAY_BYTES, size=65_536)


OPENS_EITHER_WAY = b'a",b,"x\n'


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (NDJSON, b'{"learner":"a"}\n' * MAX_ROWS),
        (CSV, b"learner\n" + b'"a\n"\n' * (MAX_ROWS - 1)),
        (CSV, b"learner\n" + OPENS_EITHER_WAY * MAX_ROWS),
        (ARRAY, b"[" + b",".join([b'{"learner":"a"}'] * 60_000) + b"]"),
    ],
    ids=["NDJSON", "line breaks", "open quotes", "array"],
)
async def test_no_file_holds_the_loop_that_comes_at_once(kind, content):
    async with loop_free():
        try:
            await read(kind, content, "spring", size=len(content))
        except QuotesNotClosed:
            assert OPENS_EITHER_WAY in content


@given(st.sampled_from(list(FORMATS)), st.binary(max_size=200), st.integers(1, 50))
async def test_whatever_comes_is_rows_or_a_refusal(kind, text, size):
    try:
        rows = await read(kind, text, "spring", size)
    except (FileEmpty, FileUnreadable, HeaderInvalid):
        return
    assert rows
    assert len({row.number for row in rows}) == len(rows)
