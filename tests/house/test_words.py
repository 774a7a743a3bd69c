"""One word has one meaning: names that once meant several things do not come back."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[2]
# Each meant several things: to run policies, to mark parked events, to wait out a lease, …
RETIRED = {
    *("settle", "settled", "answered", "hear", "seen", "told", "asked", "given", "moment", "cut"),
    *("decided", "take", "Answering", "Known", "Gathered", "Copy", "Passes", "Holdings", "Shape"),
    *("Lead", "Led", "Wish", "Standing", "Rehearsal", "Consumer", "Alarm"),
}
# A local name, in sight of the only place that uses it.
LOCAL = {("bench/measures/relay.py", "take")}
# Most files have none, and need not be parsed.
LOOKS_RETIRED = re.compile(rf"\b(?:def|class)\s+_*(?:{'|'.join(RETIRED)})\b")


def definitions(text: str) -> Iterator[ast.AST]:
    if LOOKS_RETIRED.search(text):
        yield from ast.walk(ast.parse(text))


def test_no_function_or_class_has_a_retired_name():
    found = []
    for path in sorted([*HOUSE.glob("libs/**/*.py"), *HOUSE.glob("services/**/*.py")]):
        for node in definitions(path.read_text("utf-8")):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                place = str(path.relative_to(HOUSE))
                local = any(place.endswith(file) and node.name == name for file, name in LOCAL)
                if node.name.lstrip("_") in RETIRED and not local:
                    found.append(f"{place}:{node.lineno} {node.name}")
    assert found == []


def test_a_retired_name_is_seen():
    assert [*definitions("class A:\n    async def _settle(self): ...\n")]
    assert [*definitions("class  Alarm: ...")]
