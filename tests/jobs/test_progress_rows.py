"""Rows about enrollments: what a file may say, and what is wrong with what it says."""

import msgspec
import pytest

from milepost.contracts.ids import enrollment_id
from milepost.jobs.row_format import Fault, HeaderInvalid, csv_parser, json_parser
from milepost.progress.jobs import plans, scores, waivers

ANN = enrollment_id("spring", "ann")


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("learner,lesson,score", "ann,exam,0.85", ("ann", "spring", 0.85)),
        ("learner,lesson,score", "ann,exam,1", ("ann", "spring", 1)),
        ("learner,lesson,raw,maximum", "ann,exam,17,20", ("ann", "spring", 0.85)),
        ("learner,offering,lesson,score", "ann,fall,exam,0", ("ann", "fall", 0)),
        ("enrollment,lesson,score", f"{ANN},exam,0.5", (None, None, 0.5)),
        ("enrollment,learner,lesson,score", f"{ANN},ann,exam,0.5", ("ann", "spring", 0.5)),
    ],
)
def test_a_score_is_read_from_cells(header, cells, expected):
    request = csv_parser(scores.FORMAT, header.encode(), "spring")(cells.encode())
    assert isinstance(request, scores.ScoreRequest)
    assert (request.learner, request.offering, request.scaled) == expected
    where = request.offering or "spring"
    assert request.enrollment == enrollment_id(where, request.learner or "ann")


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("0,85", "Write decimals with a point, as in 0.5."),
        ("\uff10.\uff18\uff15", "It has full-width signs."),
        ("most", ""),
    ],
)
def test_a_number_of_another_country_is_told_with_what_to_write(cell, says):
    parse = csv_parser(scores.FORMAT, b"learner;lesson;score", "spring")
    fault = parse(f"ann;exam;{cell}".encode())
    assert isinstance(fault, Fault)
    assert fault.path == "$.score"
    assert fault.reason.startswith("Expected ")
    assert says in fault.reason
    assert cell not in fault.reason


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"learner": "ann"}, "$.lesson"),
        ({"lesson": "exam", "score": 1}, "$.enrollment"),
        ({"learner": "ann", "lesson": "exam"}, "$.score"),
        ({"learner": "ann", "lesson": "exam", "score": 1.01}, "$.score"),
        ({"learner": "ann", "lesson": "exam", "score": "0,85"}, "$.score"),
        ({"learner": "ann", "lesson": "exam", "score": "nan"}, "$.score"),
        ({"learner": "ann", "lesson": "exam", "score": "inf"}, "$.score"),
        ({"learner": "ann", "lesson": "exam", "raw": 17}, "$.score"),
        ({"learner": "ann", "lesson": "exam", "raw": 21, "maximum": 20}, "$.raw"),
        ({"learner": "ann", "lesson": "exam", "raw": 0, "maximum": 0}, "$.maximum"),
        ({"learner": "ann", "lesson": "exam", "raw": "inf", "maximum": "inf"}, "$"),
        ({"learner": "ann", "lesson": "exam", "score": 1, "attempt": 0}, "$.attempt"),
        ({"learner": "ann", "lesson": "exam", "score": 1, "attempt": "first"}, "$.attempt"),
        ({"learner": "ann", "lesson": "exam", "score": 1, "reason": "She was ill"}, "$.reason"),
        ({"learner": "ann", "lesson": "exam", "score": 1, "occurred_at": "today"}, "$.occurred_at"),
        (
            {"enrollment": ANN, "learner": "bob", "lesson": "exam", "score": 1},
            "$.enrollment",
        ),
        ({"enrollment": ANN, "offering": "spring", "lesson": "exam", "score": 1}, "$.enrollment"),
    ],
)
def test_what_is_wrong_with_a_score_is_said_of_every_format(row, path):
    in_json = json_parser(scores.FORMAT, "spring")(msgspec.json.encode(row))
    header = ",".join({**row, "lesson": ""}).encode()
    values = ",".join(f'"{row.get(name, "")}"' for name in header.decode().split(","))
    in_csv = csv_parser(scores.FORMAT, header, "spring")(values.encode())
    for fault in (in_json, in_csv):
        assert isinstance(fault, Fault)
        assert path in {"$", fault.path}
        assert "ill" not in fault.reason


@pytest.mark.parametrize(
    ("said", "withdraw"), [("true", True), ("TRUE", True), ("false", False), ("", False)]
)
def test_whether_a_waiver_is_withdrawn_is_said_in_a_cell(said, withdraw):
    parse = csv_parser(waivers.FORMAT, b"learner,lesson,reason,withdraw", "spring")
    request = parse(f"ann,exam,illness,{said}".encode())
    assert isinstance(request, waivers.WaiverRequest)
    assert request.withdraw is withdraw
    assert isinstance(parse(b"ann,exam,illness,perhaps"), Fault)


def test_a_header_needs_the_columns_of_its_kind():
    with pytest.raises(HeaderInvalid) as refused:
        csv_parser(plans.FORMAT, b"learner,lesson", None)
    assert refused.value.missing == ("version", "reason")
    assert refused.value.unknown == ("lesson",)


@pytest.mark.parametrize("kept", [scores.FORMAT, waivers.FORMAT, plans.FORMAT])
def test_every_column_has_words(kept):
    assert set(kept.columns) <= set(kept.expected)
