"""Whatever breaks who relies on the contract is found, and what does not is let pass."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from milepost.operations.contract import __main__ as command
from milepost.operations.contract.breaking import breaking
from milepost.operations.contract.documents import EXAMPLES, declared, entry_of, judge, write
from milepost.operations.contract.http_surface import http_surface
from milepost.operations.contract.schema_changes import Change

AWARDED, ENROLL, READ = "events/awarded.1.json", "POST /enroll", "GET /enrollments"
ID = {"type": "string", "pattern": "^[!-~]{1,128}$"}
OBJECT = "#/components/schemas/"


def contract() -> dict[str, Any]:
    """A small one, of each kind."""
    return deepcopy(
        {
            AWARDED: {
                "type": "object",
                "properties": {
                    "learner": {**ID},
                    "grade": {"type": "number", "minimum": 0, "maximum": 1},
                    "mode": {"type": "string", "enum": ["audit", "verified"], "default": "audit"},
                    "skills": {"type": "array", "items": {"$ref": "#/$defs/Skill"}},
                    "because": {"anyOf": [{"$ref": "#/$defs/Passed"}, {"$ref": "#/$defs/AllOf"}]},
                },
                "required": ["learner"],
                "$defs": {
                    "Skill": {"type": "object", "properties": {"name": {"type": "string"}}},
                    "Passed": {"type": "object", "properties": {"type": {"const": "passed"}}},
                    "AllOf": {
                        "type": "object",
                        "properties": {
                            "type": {"const": "all_of"},
                            "of": {"type": "array", "items": {"$ref": "#/$defs/AllOf"}},
                        },
                    },
                },
            },
            "asyncapi.json": {
                "channels": {"awarded": {"address": "milepost.awarded", "messages": {"one": {}}}},
                "components": {
                    "schemas": {
                        "CloudEvent": {"type": "object", "properties": {"id": {**ID}}},
                        "WebhookHeaders": {"type": "object", "properties": {"webhook-id": {**ID}}},
                        "NatsHeaders": {"type": "object", "properties": {"ce-id": {**ID}}},
                    }
                },
            },
            "http.json": http_surface(
                {
                    "paths": {
                        "/enroll": {
                            "post": {
                                "operationId": "enroll",
                                "parameters": [
                                    {
                                        "in": "query",
                                        "name": "limit",
                                        "description": "How many",
                                        "schema": {"type": "integer", "maximum": 200, "default": 9},
                                    }
                                ],
                                "requestBody": {
                                    "content": {
                                        "application/json": {"schema": {"$ref": OBJECT + "Enroll"}}
                                    }
                                },
                                "responses": {
                                    "201": {
                                        "headers": {"Location": {}},
                                        "content": {
                                            "application/json": {
                                                "schema": {"$ref": OBJECT + "View"}
                                            }
                                        },
                                    },
                                    "409": {"description": "Conflict: full, closed"},
                                },
                            }
                        },
                        "/enrollments": {
                            "get": {
                                "operationId": "list",
                                "responses": {
                                    "200": {
                                        "content": {
                                            "application/json": {
                                                "schema": {
                                                    "type": "array",
                                                    "items": {"$ref": OBJECT + "View"},
                                                }
                                            }
                                        }
                                    }
                                },
                            }
                        },
                    },
                    "components": {
                        "schemas": {
                            "Enroll": {
                                "type": "object",
                                "properties": {
                                    "learner": {**ID, "examples": ["ann"]},
                                    "mode": {"enum": ["audit", "verified"]},
                                    "title": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                                },
                                "required": ["learner"],
                                "additionalProperties": False,
                            },
                            "View": {
                                "type": "object",
                                "properties": {
                                    "state": {"enum": ["active", "completed"]},
                                    "title": {"type": "string", "title": "Title"},
                                    "place": {"type": "integer"},
                                },
                                "required": ["state", "title"],
                            },
                        }
                    },
                }
            ),
        }
    )


Edit = Callable[[dict[str, Any]], object]


def event(new: dict[str, Any]) -> Any:
    return new[AWARDED]["properties"]


def surface(new: dict[str, Any], operation: str = ENROLL) -> Any:
    return new["http.json"]["operations"][operation]


def schema(new: dict[str, Any], name: str) -> Any:
    return new["http.json"]["schemas"][name]


BREAKS: Mapping[str, tuple[Edit, str]] = {
    "event removed": (lambda new: new.pop(AWARDED), "events/awarded.1: removed"),
    "field removed": (lambda new: event(new).pop("grade"), "events/awarded.1.grade: removed"),
    "field may lack": (
        lambda new: new[AWARDED]["required"].clear(),
        "events/awarded.1.learner: may be left out now",
    ),
    "type narrowed": (
        lambda new: event(new)["grade"].update(type="integer"),
        "events/awarded.1.grade: not number any more",
    ),
    "type widened": (
        lambda new: event(new)["learner"].update(type=["string", "null"]),
        "events/awarded.1.learner: may be null now",
    ),
    "bound moved": (
        lambda new: event(new)["grade"].update(maximum=100),
        "events/awarded.1.grade: maximum is 100, was 1",
    ),
    "form changed": (
        lambda new: event(new)["learner"].update(pattern="^[a-z]+$"),
        "events/awarded.1.learner: pattern is ^[a-z]+$, was ^[!-~]{1,128}$",
    ),
    "enum widened": (
        lambda new: event(new)["mode"]["enum"].append("guest"),
        'events/awarded.1.mode: may be "guest" now',
    ),
    "enum narrowed": (
        lambda new: event(new)["mode"]["enum"].remove("verified"),
        'events/awarded.1.mode: not "verified" any more',
    ),
    "default changed": (
        lambda new: event(new)["mode"].update(default="verified"),
        "events/awarded.1.mode: its absence means another value",
    ),
    "part's field removed": (
        lambda new: new[AWARDED]["$defs"]["Skill"]["properties"].clear(),
        "event Skill.name: removed",
    ),
    "another condition": (
        lambda new: event(new)["because"]["anyOf"].append(
            {"type": "object", "properties": {"type": {"const": "approved"}}}
        ),
        'events/awarded.1.because: may be object with type "approved" now',
    ),
    "a condition less": (
        lambda new: event(new)["because"]["anyOf"].pop(0),
        'events/awarded.1.because: not object with type "passed" any more',
    ),
    "field of what holds itself": (
        lambda new: new[AWARDED]["$defs"]["AllOf"]["properties"].pop("of"),
        "event AllOf.of: removed",
    ),
    "channel removed": (
        lambda new: new["asyncapi.json"]["channels"].clear(),
        "channel awarded: removed",
    ),
    "subject changed": (
        lambda new: new["asyncapi.json"]["channels"]["awarded"].update(address="other"),
        "channel awarded: its address is other, was milepost.awarded",
    ),
    "message removed": (
        lambda new: new["asyncapi.json"]["channels"]["awarded"]["messages"].clear(),
        "channel awarded: tells no one any more",
    ),
    "header removed": (
        lambda new: new["asyncapi.json"]["components"]["schemas"]["NatsHeaders"][
            "properties"
        ].clear(),
        "NatsHeaders.ce-id: removed",
    ),
    "route removed": (lambda new: new["http.json"]["operations"].pop(ENROLL), f"{ENROLL}: removed"),
    "operation renamed": (
        lambda new: surface(new).update(operationId="enrol"),
        f"{ENROLL}: operationId is enrol, was enroll",
    ),
    "parameter removed": (
        lambda new: surface(new)["parameters"].clear(),
        f"{ENROLL} query limit: removed",
    ),
    "parameter narrowed": (
        lambda new: surface(new)["parameters"]["query limit"]["schema"].update(maximum=100),
        f"{ENROLL} query limit: maximum is 100, was 200",
    ),
    "parameter required": (
        lambda new: surface(new)["parameters"]["query limit"].update(required=True),
        f"{ENROLL} query limit: required now",
    ),
    "new parameter required": (
        lambda new: surface(new)["parameters"].update(
            {"header X": {"required": True, "schema": {"type": "string"}}}
        ),
        f"{ENROLL} header X: required now",
    ),
    "body required": (
        lambda new: surface(new)["body"].update(required=True),
        f"{ENROLL} body: required now",
    ),
    "body's type removed": (
        lambda new: surface(new)["body"]["content"].clear(),
        f"{ENROLL} body: no application/json any more",
    ),
    "request field removed": (
        lambda new: schema(new, "Enroll")["properties"].pop("title"),
        "request Enroll.title: removed",
    ),
    "request field required": (
        lambda new: schema(new, "Enroll")["required"].append("mode"),
        "request Enroll.mode: required now",
    ),
    "new request field required": (
        lambda new: (
            schema(new, "Enroll")["properties"].update(reason={"type": "string"}),
            schema(new, "Enroll")["required"].append("reason"),
        ),
        "request Enroll.reason: required now",
    ),
    "request enum narrowed": (
        lambda new: schema(new, "Enroll")["properties"]["mode"]["enum"].pop(),
        'request Enroll.mode: not "verified" any more',
    ),
    "request null refused": (
        lambda new: schema(new, "Enroll")["properties"]["title"]["anyOf"].pop(),
        "request Enroll.title: not null any more",
    ),
    "status removed": (lambda new: surface(new)["answers"].clear(), f"{ENROLL} 201: removed"),
    "answer's header removed": (
        lambda new: surface(new)["answers"]["201"]["headers"].clear(),
        f"{ENROLL} 201: header Location removed",
    ),
    "answer's field removed": (
        lambda new: schema(new, "View")["properties"].pop("place"),
        "answer View.place: removed",
    ),
    "answer's field may lack": (
        lambda new: schema(new, "View")["required"].remove("title"),
        "answer View.title: may be left out now",
    ),
    "answer's enum widened": (
        lambda new: schema(new, "View")["properties"]["state"]["enum"].append("paused"),
        'answer View.state: may be "paused" now',
    ),
    "answer's type widened": (
        lambda new: schema(new, "View")["properties"]["place"].update(type="number"),
        "answer View.place: may be number now",
    ),
}


@pytest.mark.parametrize(("edit", "told"), BREAKS.values(), ids=BREAKS)
def test_what_breaks_is_found(edit: Edit, told: str):
    old, new = contract(), contract()
    edit(new)
    assert [str(one) for one in breaking(old, new)] == [told]


PASSES: Mapping[str, Edit] = {
    "event added": lambda new: new.update({"events/other.1.json": {"type": "object"}}),
    "field added": lambda new: event(new).update(note={"type": "string"}),
    "words": lambda new: event(new)["grade"].update(description="0 to 1", examples=[1]),
    "route added": lambda new: new["http.json"]["operations"].update(
        {"GET /new": surface(new, READ)}
    ),
    "parameter added": lambda new: surface(new)["parameters"].update(
        {"query x": {"required": False, "schema": {"type": "string"}}}
    ),
    "parameter widened": lambda new: surface(new)["parameters"]["query limit"]["schema"].update(
        maximum=500
    ),
    "request field added": lambda new: schema(new, "Enroll")["properties"].update(
        note={"type": "string"}
    ),
    "request field optional": lambda new: schema(new, "Enroll")["required"].clear(),
    "request enum widened": lambda new: schema(new, "Enroll")["properties"]["mode"]["enum"].append(
        "guest"
    ),
    "answer's field added": lambda new: schema(new, "View")["properties"].update(
        note={"type": "string"}
    ),
    "answer's field always there": lambda new: schema(new, "View")["required"].append("place"),
    "answer's enum narrowed": lambda new: schema(new, "View")["properties"]["state"]["enum"].pop(),
    "problem added": lambda new: surface(new)["problems"].update({"410": "gone"}),
}


@pytest.mark.parametrize("edit", PASSES.values(), ids=PASSES)
def test_what_breaks_nobody_passes(edit: Edit):
    old, new = contract(), contract()
    edit(new)
    assert old != new
    assert breaking(old, new) == []


def test_a_word_is_no_field_of_that_name():
    told = contract()["http.json"]["schemas"]["View"]["properties"]["title"]
    assert told == {"type": "string"}


def test_what_is_stale_or_breaks_without_a_reason_is_told(tmp_path: Path):
    old, new = contract(), contract()
    write(tmp_path, old)
    assert judge(tmp_path, old) == ([], [])
    event(new).pop("grade")
    change = Change("events/awarded.1.grade", "removed")
    assert judge(tmp_path, new) == ([AWARDED], [change])
    toml = tmp_path / "breaking.toml"
    toml.write_text(entry_of(change))
    with pytest.raises(ValueError, match="needs a reason"):
        declared(tmp_path)
    toml.write_text(entry_of(change).replace('reason = ""', 'reason = "Nobody ever set it."'))
    assert judge(tmp_path, new) == ([AWARDED], [])
    write(tmp_path, new)
    assert judge(tmp_path, new) == ([], [])
    assert not judge(tmp_path, {**new, "events/more.1.json": {}}).undeclared


def test_nothing_is_written_while_something_breaks_unsaid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / EXAMPLES).parent.mkdir(parents=True)
    folder, new = tmp_path / "contract", contract()
    monkeypatch.setattr(command, "made", lambda: new)
    assert command.main(tmp_path) == 0
    before = (folder / AWARDED).read_text()
    event(new).pop("grade")
    assert command.main(tmp_path) == 1
    assert (folder / AWARDED).read_text() == before
    assert 'where = "events/awarded.1.grade"' in capsys.readouterr().err
