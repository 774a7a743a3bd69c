"""The rooms of the house stay apart: read from the imports, not from good intentions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
SERVICES = ("enrollment", "progress", "credentials", "dashboards", "operations")
LIBRARIES = ("contracts", "events", "web")
PURE = ("events", "domain", "policies")
# What pure rooms may name from the standard library: values and their types, nothing that acts.
VALUES = {
    "abc",
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "graphlib",
    "hashlib",
    "heapq",
    "itertools",
    "math",
    "operator",
    "re",
    "statistics",
    "string",
    "types",
    "typing",
    "uuid",
    "__future__",
}
# The log's own vocabulary; everything else in libs/events reaches Postgres or NATS.
PURE_LIBRARY = {"streams", "codec", "event", "log", "policies"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "uuid1", "uuid4", "uuid7"}


def files(*rooms: str) -> list[Path]:
    found = [path for room in rooms for path in sorted((HOUSE / room).rglob("*.py"))]
    return [path for path in found if "__pycache__" not in path.parts]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the room"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(name: str) -> str | None:
    """`milepost.progress.domain.decisions.X` → `progress`."""
    parts = name.split(".")
    return parts[1] if parts[0] == "milepost" and len(parts) > 1 else None


def is_pure(path: Path, service: str) -> bool:
    inside = path.relative_to(HOUSE / "services" / service / "milepost" / service)
    return inside.parts[0].removesuffix(".py") in PURE


def pure_files() -> list[Path]:
    return [
        path
        for service in ("enrollment", "progress", "credentials")
        for path in files(f"services/{service}")
        if is_pure(path, service)
    ]


def closure(path: Path) -> set[Path]:
    """The file and everything of its own service that it leads to."""
    reached: set[Path] = set()
    waiting = [path]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += [found for name in imports(one) for found in own_file(one, name)]
    return reached


def own_file(importer: Path, name: str) -> list[Path]:
    parts = name.split(".")
    room = importer.parts[len(HOUSE.parts) + 1]
    if room_of(name) != room:
        return []
    root = HOUSE / "services" / room
    for length in range(len(parts), 1, -1):
        module = root.joinpath(*parts[:length])
        for candidate in (module.with_suffix(".py"), module / "__init__.py"):
            if candidate.exists():
                return [candidate]
    return []


def may_be_pure(name: str) -> bool:
    parts = name.split(".")
    if room_of(name) == "events":
        return parts[2] in PURE_LIBRARY
    if parts[0] == "milepost":
        return room_of(name) != "web"
    return parts[0] in VALUES | {"msgspec"}


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(HOUSE)) for path in paths]


def test_milepost_stays_a_namespace():
    assert not [path for path in files("libs", "services") if path.match("*/milepost/__init__.py")]


@pytest.mark.parametrize("path", pure_files(), ids=names(pure_files()))
def test_rules_touch_nothing_outside(path: Path):
    """Also through the files of their own service that they import."""
    for reached in closure(path):
        for name in imports(reached):
            assert may_be_pure(name), f"{reached.relative_to(HOUSE)} imports {name}"


@pytest.mark.parametrize("path", pure_files(), ids=names(pure_files()))
def test_rules_have_no_clock_and_no_dice(path: Path):
    for reached in closure(path):
        for node in ast.walk(ast.parse(reached.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                assert called not in CLOCKS, f"{reached}:{node.lineno} calls {called}"
            assert not isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith), (
                f"{reached}:{node.lineno} waits"
            )


@pytest.mark.parametrize("service", ["enrollment", "progress", "credentials", "dashboards"])
def test_a_service_knows_no_other(service: str):
    for path in files(f"services/{service}"):
        for name in imports(path):
            room = room_of(name)
            assert room not in SERVICES or room == service, f"{names([path])} imports {name}"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_knows_no_service(library: str):
    allowed = {"events", library} | ({"contracts"} if library == "web" else set())
    for path in files(f"libs/{library}"):
        for name in imports(path):
            room = room_of(name)
            assert room is None or room in allowed, f"{path.relative_to(HOUSE)} imports {name}"


def test_nobody_but_operations_sees_operations():
    others = [f"services/{service}" for service in SERVICES if service != "operations"]
    for path in files("libs", *others):
        assert "operations" not in map(room_of, imports(path)), path


def test_files_are_named_for_what_they_hold():
    banned = {"utils", "helpers", "common", "base", "manager", "managers", "misc", "shared"}
    assert not [path for path in files("libs", "services") if path.stem in banned]


@pytest.mark.parametrize(
    "name",
    [
        "asyncio",
        "asyncpg.Pool",
        "litestar.get",
        "os.environ",
        "random.random",
        "time.time",
        "milepost.events.store.postgres.PostgresLog",
        "milepost.web.auth.tokens.Caller",
    ],
)
def test_what_acts_is_not_taken_for_a_value(name: str):
    assert not may_be_pure(name)


def test_an_import_inside_a_function_is_seen(tmp_path: Path):
    rule = tmp_path / "domain.py"
    rule.write_text("def decide():\n    from asyncio import sleep\n")
    assert list(imports(rule)) == ["asyncio.sleep"]
