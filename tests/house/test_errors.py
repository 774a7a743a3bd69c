"""Each library's errors are one tree, and the root's docstring shows the whole of it."""

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import nats.errors
import pytest

from milepost.events.errors import EventsError
from milepost.events.event import Refused
from milepost.events.nats.cloudevents import Foreign
from milepost.events.nats.pipeline import MessageTooLarge, PipelineBroken
from milepost.events.nats.pull_consumer import ConsumerGone
from milepost.events.runtime.outages import Overloaded, is_transient, is_unavailable
from milepost.web.auth.key_set import KeysUnavailable
from milepost.web.errors import WebError

LIBS = Path(__file__).parents[2] / "libs"
LINE = r"^((?:[│ ]  )*(?:[├└]─ )?)([A-Z]\w+)(?=$|  )"
ROOTS = {"events": EventsError, "web": WebError}


def load(library: str) -> list[type[Exception]]:
    """Every exception class that a module of the library defines."""
    found: dict[type[Exception], None] = {}
    for path in sorted((LIBS / library).rglob("*.py")):
        name = ".".join(path.relative_to(LIBS / library).with_suffix("").parts)
        for one in vars(importlib.import_module(name)).values():
            if isinstance(one, type) and issubclass(one, Exception) and one.__module__ == name:
                found[one] = None
    return list(found)


def branches(root: type[Exception], library: str, depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, root.__name__
    for heir in root.__subclasses__():
        if heir.__module__.startswith(f"milepost.{library}."):
            yield from branches(heir, library, depth + 1)


def drawn(root: type[Exception]) -> set[tuple[int, str]]:
    lines = re.findall(LINE, inspect.cleandoc(root.__doc__ or ""), re.MULTILINE)
    return {(len(indent) // 3, name) for indent, name in lines}


@pytest.mark.parametrize("library", ROOTS)
def test_the_docstring_draws_the_whole_tree(library: str):
    load(library)
    assert drawn(ROOTS[library]) == set(branches(ROOTS[library], library))


@pytest.mark.parametrize("library", ROOTS)
def test_no_error_stands_beside_the_tree(library: str):
    """Refusals are the domain's: their root is `Refused`."""
    roots: set[type] = {ROOTS[library], Refused}
    assert [one.__name__ for one in load(library) if roots.isdisjoint(one.__mro__)] == []


@pytest.mark.parametrize(
    ("error", "unavailable", "transient"),
    [
        (ConsumerGone("gone"), True, True),
        (MessageTooLarge("a", 2, 1), True, True),
        (KeysUnavailable("nobody answers"), True, True),
        (PipelineBroken("not taken"), False, False),
        (Overloaded(), False, True),
        (Foreign("not ours"), False, False),
    ],
)
def test_what_is_tried_again_stays_so(error: Exception, unavailable: bool, transient: bool):
    assert (is_unavailable(error), is_transient(error)) == (unavailable, transient)


def test_errors_stay_what_their_servers_and_callers_take_them_for():
    assert issubclass(ConsumerGone, nats.errors.Error)
    assert issubclass(MessageTooLarge, nats.errors.Error)
    assert issubclass(Foreign, ValueError)
    assert issubclass(KeysUnavailable, ConnectionError)
