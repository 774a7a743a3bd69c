"""The JSON Schema of each published event: what was ever stored fits it, what is wrong does not."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from milepost.contracts.documents.addresses import schema_path, version_of
from milepost.contracts.documents.event_schemas import (
    EventType,
    event_types,
    examples,
    schema_of,
)
from milepost.contracts.documents.fields import described

GOLDEN = Path(__file__).parents[1] / "golden"
ORIGIN = "https://milepost.example"
TYPES = {event.tag: event for event in event_types()}


def schema(tag: str) -> dict[str, Any]:
    return schema_of(TYPES[tag], ORIGIN)


def faults(tag: str, data: object) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(schema(tag), validate_formats=True)
    return [f"{one.message} at {one.instance_path}" for one in validator.iter_errors(data)]


def as_published(data: dict[str, Any]) -> dict[str, Any]:
    """That a person acted, not who."""
    by = {name: "person" for name in ("awarded_by", "renewed_by") if data.get(name, "policy")}
    return {**data, **{name: value for name, value in by.items() if name in data}}


@pytest.mark.parametrize("event", TYPES.values(), ids=TYPES)
def test_it_is_a_schema_that_names_its_own_address(event: EventType):
    made = schema_of(event, ORIGIN)
    jsonschema_rs.meta.validate(made)
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert made["$id"] == f"{ORIGIN}/schema/events/{event.name}/{event.version}.json"
    assert "occurred_at" not in made["properties"], "it is the envelope's"
    assert "type" not in made["properties"], "so is the tag"


@pytest.mark.parametrize("tag", TYPES)
def test_everything_that_was_ever_stored_fits(tag: str):
    files = [*GOLDEN.glob(f"*/{tag}.json"), *GOLDEN.glob(f"*/{tag}~*.json")]
    assert files
    for file in files:
        assert faults(tag, as_published(json.loads(file.read_bytes()))) == [], file.name


@pytest.mark.parametrize("tag", TYPES)
def test_the_example_says_all_that_the_event_can_say(tag: str):
    made = schema(tag)
    [example] = made["examples"]
    assert example.keys() == made["properties"].keys()


@pytest.mark.parametrize("tag", TYPES)
def test_a_reader_takes_what_it_does_not_know_and_misses_what_it_needs(tag: str):
    example, needed = examples()[tag], schema(tag)["required"]
    assert faults(tag, {**example, "told_since": {"more": 1}}) == []
    assert needed
    for name in needed:
        assert faults(tag, {key: value for key, value in example.items() if key != name}), name


def test_a_condition_may_say_more_one_day():
    defined = deepcopy({**examples()["achievement_defined"]})
    defined["criteria"]["criteria"][0]["told_since"] = 1
    assert faults("achievement_defined", defined) == []


@pytest.mark.parametrize(
    ("tag", "field", "wrong"),
    [
        ("credential_awarded", "learner", "two words"),
        ("credential_awarded", "learner", ""),
        ("credential_awarded", "valid_from", "yesterday"),
        ("credential_awarded", "grade", 1.5),
        ("credential_awarded", "awarded_by", "registrar-1"),
        ("credential_awarded", "achievement_version", 0),
        ("credential_awarded", "evidence", {"position": 1}),
        ("enrollment_requested", "mode", "guest"),
        ("enrollment_requested", "missing", [{"type": "course_passed"}]),
        ("course_published", "version", "1"),
    ],
)
def test_what_is_no_such_value_does_not_fit(tag: str, field: str, wrong: object):
    assert faults(tag, {**examples()[tag], field: wrong})


def test_a_field_says_what_the_struct_says_of_it():
    told = schema("credential_awarded")["properties"]
    assert told["issuer"]["description"] == told["issuer_name"]["description"] == "who awards it"
    assert told["valid_until"] == {"type": "string", "format": "date-time"}, "never null: left out"
    inherited = schema("learner_enrolled")["properties"]
    assert inherited["stay"]["description"].startswith("the learner's first stay")
    assert "expires" not in schema("learner_enrolled").get("description", "")


def test_a_table_in_a_docstring_is_told_from_its_text():
    text, told = described("""What it is,
    in two lines.

    one, two  for both,
              and on
    three     alone

    Then more.
    """)
    assert text == "What it is, in two lines.\n\nThen more."
    assert told == {"one": "for both, and on", "two": "for both, and on", "three": "alone"}


def test_a_later_shape_has_an_address_of_its_own():
    assert version_of("course_published") == 1
    assert version_of("course_published.2") == 2
    assert schema_path("course_published.2") == "/schema/events/course_published/2.json"
