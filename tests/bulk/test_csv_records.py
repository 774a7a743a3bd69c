"""Records of CSV, whatever their cells hold and however the bytes come."""

import csv
import io
from collections.abc import Iterator
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.jobs.csv.records import (
    BOM,
    MAX_RECORD_BYTES,
    MAX_REREAD_BYTES,
    QuotesNotClosed,
    Record,
    Splitter,
)

HEADER = ["learner", "offering"]
CELLS = st.text(
    st.sampled_from('ab\n\r",;\t éλ\x0b\x00') | st.characters(codec="utf-8"), max_size=12
)
ROWS = st.lists(st.tuples(CELLS, CELLS), max_size=8)


def records(content: bytes, size: int = 1 << 16) -> list[Record]:
    def read() -> Iterator[Record]:
        splitter = Splitter()
        for start in range(0, len(content), size):
            yield from splitter.feed(content[start : start + size])
        yield from splitter.end()

    return list(read())


def numbers(content: str) -> list[tuple[int, bool]]:
    return [(one.number, one.is_closed) for one in records(content.encode())]


@settings(deadline=None, max_examples=60)
@given(ROWS, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]), st.integers(1, 40))
def test_what_is_written_as_csv_is_read_as_the_same_rows(rows, delimiter, end, size):
    text = io.StringIO()
    # Python quotes no carriage return where lines end without.
    quoting: Literal[0, 1] = csv.QUOTE_ALL if end == "\n" else csv.QUOTE_MINIMAL
    write = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    write.writerows([HEADER, *rows])
    read = records(BOM + text.getvalue().encode(), size)
    assert all(one.is_closed for one in read)
    cells = [next(csv.reader([one.text.decode()], delimiter=delimiter)) for one in read]
    written = [(1, HEADER), *((number, list(row)) for number, row in enumerate(rows, 2))]
    # Cells of nothing but blanks look like an empty line.
    expected = [one for one in written if end == "\n" or delimiter.join(one[1]).encode().strip()]
    assert list(zip((one.number for one in read), cells, strict=True)) == expected


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=80) | st.text('a",\n\r', max_size=60).map(str.encode), st.integers(1, 9))
def test_records_do_not_depend_on_how_the_bytes_come(content, size):
    assert records(content, size) == records(content)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ('"ann\n",x\r\nbob,x', [(2, True), (3, True)]),
        ('"a\r\n\r\n""nn""",x\n\nbob,x\n', [(2, True), (4, True)]),
        ('"ann,x\nbob,x\ncid,x\n', [(2, False), (3, True), (4, True)]),
        ('ann,"x\nbob,x\n"cid",x\n', [(2, False), (3, True), (4, True)]),
        ('"ann"x,x\nbob,x\n', [(2, False), (3, True)]),
        ('"ann\n"\n"\nbob,x\n"cid\n",x', [(2, True), (3, False), (4, True), (5, True)]),
        ('ann 5",x\nbob,"7"""\n', [(2, True), (3, True)]),
    ],
)
def test_a_quote_reaches_to_the_one_that_closes_it_or_spoils_its_line(rows, expected):
    assert numbers(f"learner,offering\n{rows}") == [(1, True), *expected]


def test_a_quote_reaches_no_further_than_a_row():
    line = "ann,spring\n"
    between = MAX_RECORD_BYTES // len(line)
    near, far = (f'learner,x\n"a\n{line * count}b",x\nbob,x\n' for count in (between - 5, between))
    assert numbers(near) == [(1, True), (2, True), (3, True)]
    assert numbers(far)[:3] == [(1, True), (2, False), (3, True)]
    assert len(numbers(far)) == between + 4


def test_lines_are_read_again_within_bounds():
    opens_either_way = b'a",b,"x\n'
    few = MAX_REREAD_BYTES // MAX_RECORD_BYTES // 2
    plain = b"ann,spring\n" * (MAX_RECORD_BYTES // 10)
    content = b"learner,offering\n" + (opens_either_way + plain) * few
    assert sum(not one.is_closed for one in records(content)) == few
    with pytest.raises(QuotesNotClosed) as refused:
        records(content + opens_either_way * 100_000)
    assert refused.value.row == 2
