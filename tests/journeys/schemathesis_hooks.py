"""What schemathesis cannot know: bodies that are no JSON, and what an integer is."""

import json
from typing import Any

import schemathesis
from hypothesis import strategies as st

from milepost.web.texts import hidden_in

IDS = st.from_regex(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}", fullmatch=True)
ROWS = st.lists(st.fixed_dictionaries({"learner": IDS, "offering": IDS}), min_size=1, max_size=20)


def ndjson(rows: list[dict[str, str]]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def csv(rows: list[dict[str, str]]) -> bytes:
    lines = [f"{row['learner']},{row['offering']}" for row in rows]
    return "\r\n".join(["learner,offering", *lines]).encode()


TEXTS = {"application/x-ndjson": ROWS.map(ndjson), "text/csv": ROWS.map(csv)}
for media_type, rows in TEXTS.items():
    schemathesis.openapi.media_type(media_type, rows)


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:  # noqa: ARG001 - by name
    """Examples of these would have to be bytes, which a document in JSON has none of."""
    for item in raw_schema["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {})
            for media_type in TEXTS.keys() & content.keys():
                content[media_type]["schema"].pop("examples", None)


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:  # noqa: ARG001 - by name
    """Headers that nobody knows are no fault: HTTP lets everybody on the way add some."""
    return "x-schemathesis-unknown-property" not in case.headers


@schemathesis.hook
def map_query(context: schemathesis.HookContext, query: Any) -> Any:  # noqa: ARG001 - by name
    """Nothing happens that would be worth waiting for."""
    if isinstance(query, dict) and str(query.get("wait", "")).isdecimal():
        return {**query, "wait": min(int(query["wait"]), 1)}
    return query


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:  # noqa: ARG001 - by name
    """To JSON Schema 158.0 is an integer; Milepost goes by how a number is written."""
    return whole(body)


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], **_: Any) -> None:  # noqa: ARG001 - by name
    """JSON Schema has no words for what hides in a text."""
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if positive and (body := shown(case.body)) != case.body:
        case.body = body


def shown(value: Any) -> Any:
    match value:
        case dict():
            return {name: shown(one) for name, one in value.items()}
        case list():
            return [shown(one) for one in value]
        case str() if hidden_in(value):
            return "".join("x" if hidden_in(one) else one for one in value)
    return value


def whole(value: Any) -> Any:
    match value:
        case dict():
            return {name: whole(one) for name, one in value.items()}
        case list():
            return [whole(one) for one in value]
        case float() if value.is_integer():
            return int(value)
    return value
