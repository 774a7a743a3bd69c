"""The contract as files: what is published and how HTTP is spoken, written by `make contract`.

contract/events/NAME.VERSION.json    the JSON Schema of one event
contract/asyncapi.json               subjects, webhooks, event stream, feed
contract/http.json                   OpenAPI without words and examples
contract/breaking.toml               what broke, and why: written by people
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from milepost.contracts.documents import asyncapi
from milepost.contracts.documents.event_schemas import event_types, schema_of
from milepost.contracts.published import PUBLISHED
from milepost.operations.contract.breaking import ASYNCAPI, EVENTS, HTTP, breaking
from milepost.operations.contract.http_surface import http_surface
from milepost.operations.contract.layout import file_text
from milepost.operations.contract.schema_changes import Change
from milepost.operations.documentation.whole_api import whole_api

ORIGIN: Final = "https://milepost.example"
FOLDER: Final = "contract"
ENVELOPES: Final = ("CloudEvent", "NatsHeaders", "WebhookHeaders")
DECLARED: Final = "breaking.toml"
EXAMPLES: Final = "libs/contracts/milepost/contracts/documents/examples.json"
_BY: Final = ("awarded_by", "renewed_by")


class Verdict(NamedTuple):
    """`stale`: files that are not what the code says. `undeclared`: what breaks without a word."""

    stale: list[str]
    undeclared: list[Change]


def made() -> dict[str, dict[str, Any]]:
    """By the file's name in the folder; tuples are lists, as in JSON."""
    found = {
        **{
            f"{EVENTS}{one.name}.{one.version}.json": schema_of(one, ORIGIN)
            for one in event_types()
        },
        ASYNCAPI: _without_schemas(asyncapi.document(ORIGIN)),
        HTTP: http_surface(whole_api()),
    }
    return {name: json.loads(json.dumps(document)) for name, document in found.items()}


def _without_schemas(document: dict[str, Any]) -> dict[str, Any]:
    """With references to the events' own files, which have the examples, too."""
    files = {
        f"#/components/schemas/{one.title}": f"{EVENTS}{one.name}.{one.version}.json"
        for one in event_types()
    }
    components = document["components"]
    messages = {
        name: _referred({key: value for key, value in message.items() if key != "examples"}, files)
        for name, message in components["messages"].items()
    }
    schemas = {name: components["schemas"][name] for name in ENVELOPES}
    return {**document, "components": {**components, "messages": messages, "schemas": schemas}}


def _referred(value: Any, files: Mapping[str, str]) -> Any:
    match value:
        case {"$ref": str(reference)}:
            return {"$ref": files.get(reference, reference)}
        case dict():
            return {name: _referred(one, files) for name, one in value.items()}
        case list():
            return [_referred(one, files) for one in value]
    return value


def written(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        str(path.relative_to(folder)): json.loads(path.read_bytes())
        for path in sorted(folder.rglob("*.json"))
    }


def declared(folder: Path) -> set[Change]:
    """Raises `ValueError` for one without a reason."""
    path = folder / DECLARED
    told = tomllib.loads(path.read_text("utf-8")).get("breaking", []) if path.exists() else []
    for one in told:
        if not one.get("reason", "").strip():
            raise ValueError(f"{path}: {one.get('where')} needs a reason")
    return {Change(one["where"], one["what"]) for one in told}


def entry_of(change: Change) -> str:
    """As it is declared, without its reason."""
    where, what = json.dumps(change.where), json.dumps(change.what, ensure_ascii=False)
    return f'[[breaking]]\nwhere = {where}\nwhat = {what}\nreason = ""\n'


def judge(folder: Path, new: Mapping[str, Mapping[str, Any]]) -> Verdict:
    old = written(folder)
    stale = [
        name
        for name in sorted({*old, *new})
        if name not in new or _text(folder / name) != file_text(new[name])
    ]
    known = declared(folder)
    return Verdict(stale, [one for one in breaking(old, new) if one not in known])


def write(folder: Path, new: Mapping[str, Mapping[str, Any]]) -> None:
    for path in folder.rglob("*.json"):
        if str(path.relative_to(folder)) not in new:
            path.unlink()
    for name, document in new.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(file_text(document), "utf-8")


def examples(golden: Path) -> dict[str, Any]:
    """Of each published event the stored one that says all, as subscribers get it."""
    return {
        tag: _as_published(json.loads(path.read_bytes()))
        for tag in PUBLISHED
        for path in golden.glob(f"*/{tag}.json")
    }


def _as_published(data: dict[str, Any]) -> dict[str, Any]:
    """That a person acted, not who."""
    by = {name: "person" for name in _BY if data.get(name, "policy") != "policy"}
    return {**data, **by}


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
