"""What of the contract breaks who relies on it, from one state of the documents to the next."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from milepost.operations.contract.schema_changes import Change, Comparison, Side

Documents = Mapping[str, Mapping[str, Any]]

EVENTS: Final = "events/"
ASYNCAPI, HTTP = "asyncapi.json", "http.json"


def breaking(old: Documents, new: Documents) -> list[Change]:
    """Sorted, each once. A document that there was not before breaks nobody."""
    found = {*_events(old, new)}
    if ASYNCAPI in old:
        found |= {*_channels(old[ASYNCAPI], new[ASYNCAPI])}
    if HTTP in old:
        found |= {*_operations(old[HTTP], new[HTTP])}
    return sorted(found)


def _events(old: Documents, new: Documents) -> Iterator[Change]:
    for name, schema in old.items():
        if name.startswith(EVENTS):
            where = name.removesuffix(".json")
            if name not in new:
                yield Change(where, "removed")
                continue
            before, after = schema.get("$defs", {}), new[name].get("$defs", {})
            comparison = Comparison(Side.EVENT, before, after)
            yield from comparison.changes(schema, new[name], where)


def _channels(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name, channel in old["channels"].items():
        where, now = f"channel {name}", new["channels"].get(name)
        if now is None:
            yield Change(where, "removed")
            continue
        if channel["address"] != now["address"]:
            yield Change(where, f"its address is {now['address']}, was {channel['address']}")
        lost = channel["messages"].keys() - now["messages"].keys()
        yield from (Change(where, f"tells no {message} any more") for message in lost)
    before, after = old["components"]["schemas"], new["components"]["schemas"]
    for name in before:
        comparison = Comparison(Side.EVENT, before, after)
        yield from comparison.changes(before[name], after.get(name, {}), name)


def _operations(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    sides = {side: Comparison(side, old["schemas"], new["schemas"]) for side in Side}
    for name, operation in old["operations"].items():
        now = new["operations"].get(name)
        if now is None:
            yield Change(name, "removed")
            continue
        if operation["operationId"] != now["operationId"]:
            yield Change(
                name, f"operationId is {now['operationId']}, was {operation['operationId']}"
            )
        yield from _parameters(name, operation, now, sides[Side.REQUEST])
        yield from _body(name, operation, now, sides[Side.REQUEST])
        yield from _answers(name, operation["answers"], now["answers"], sides[Side.ANSWER])


def _parameters(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], comparison: Comparison
) -> Iterator[Change]:
    before, after = old.get("parameters", {}), new.get("parameters", {})
    for parameter, told in before.items():
        where = f"{name} {parameter}"
        if parameter in after:
            yield from comparison.changes(told["schema"], after[parameter]["schema"], where)
        else:
            yield Change(where, "removed")
    for parameter, told in after.items():
        if told["required"] and not before.get(parameter, {}).get("required"):
            yield Change(f"{name} {parameter}", "required now")


def _body(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], comparison: Comparison
) -> Iterator[Change]:
    nothing: dict[str, Any] = {"required": False, "content": {}}
    before, after, where = old.get("body", nothing), new.get("body", nothing), f"{name} body"
    if after["required"] and not before["required"]:
        yield Change(where, "required now")
    yield from _content(where, before["content"], after["content"], comparison)


def _answers(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], comparison: Comparison
) -> Iterator[Change]:
    for status, answer in old.items():
        where, now = f"{name} {status}", new.get(status)
        if now is None:
            yield Change(where, "removed")
            continue
        lost = {*answer.get("headers", ())} - {*now.get("headers", ())}
        yield from (Change(where, f"header {header} removed") for header in lost)
        yield from _content(where, answer.get("content", {}), now.get("content", {}), comparison)


def _content(
    where: str, old: Mapping[str, Any], new: Mapping[str, Any], comparison: Comparison
) -> Iterator[Change]:
    for media_type, schema in old.items():
        if media_type in new:
            yield from comparison.changes(schema, new[media_type], where)
        else:
            yield Change(where, f"no {media_type} any more")
