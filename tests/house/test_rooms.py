"""The rooms of the house stay apart: read from the imports and the SQL, not from good intentions.

Each rule is a function from a house to its breaches, so that a house with a planted breach shows
that the rule sees it.
"""

import re
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.house.parsed import parsed

HOUSE = Path(__file__).parents[2]
LIBRARIES = ("events", "contracts", "web", "jobs", "pages")
SERVICES = ("enrollment", "progress", "credentials", "dashboards", "subscriptions")

# Who may import whom, beside itself and what does not belong to Milepost.
ROOMS: Mapping[str, set[str]] = {
    "events": set(),
    "contracts": {"events"},
    "web": {"events", "contracts"},
    "jobs": {"events", "contracts", "web"},
    "pages": {"events", "web"},
    "enrollment": {"events", "contracts", "web", "pages", "jobs"},
    "progress": {"events", "contracts", "web", "jobs"},
    "credentials": {"events", "contracts", "web", "pages", "jobs"},
    "dashboards": {"events", "contracts", "web", "pages"},
    "subscriptions": {"events", "contracts", "web"},
    "operations": {*LIBRARIES, *SERVICES},
}

# libs/events from the ground up: what stands on a line may import what stands on lines above it.
FLOORS = (
    ("errors",),
    ("event", "ids", "runtime"),
    ("codec", "log"),
    ("streams", "metadata", "sizes"),
    ("store", "nats", "parking"),
    ("commands", "integrity", "relay", "projections"),
    ("subscriptions",),
    ("policies",),
)

# Whose tables are whose: a schema of Postgres is named in the SQL of its own room alone. The log's
# and the consumers' tables may be read by any room, and are written by the library's SQL alone.
SCHEMAS: Mapping[str, str] = {
    "log": "events",
    "consumer": "events",
    "dashboards": "events",
    "integrity": "events",
    "operations": "operations",
    "vault": "enrollment",
    "bulk": "enrollment",
    "progress_jobs": "progress",
    "credential_jobs": "credentials",
    "credentials": "credentials",
    "webhooks": "subscriptions",
    "partners": "subscriptions",
}
READ_BY: Mapping[str, set[str]] = {
    "log": {"enrollment", "dashboards", "operations"},
    "consumer": {"dashboards", "operations"},
    "dashboards": {"dashboards", "progress", "operations"},
    "integrity": set(),
    "operations": set(),
    "vault": set(),
    "bulk": {"operations"},
    "progress_jobs": set(),
    "credential_jobs": set(),
    "credentials": set(),
    "webhooks": set(),
    "partners": set(),
}
# Categories of streams that one room alone knows; all others are named in libs/contracts.
STREAMS: Mapping[str, str] = {
    "learner": "enrollment",
    "invitation": "enrollment",
    "webhook": "subscriptions",
    "subscriber": "subscriptions",
}
SHARED = {
    *("course", "program", "offering", "instructors", "enrollment", "progress"),
    *("achievement", "record", "group", "membership"),
}

PURE = ("events", "domain", "policies", "open_badges")
# What pure rooms may name from the standard library: values and their types, nothing that acts.
VALUES = {
    *("abc", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions"),
    *("functools", "graphlib", "hashlib", "heapq", "itertools", "math", "operator", "re"),
    *("statistics", "string", "types", "typing", "uuid", "__future__"),
}
# Bytes into bytes: what documents, signatures and pictures are made with.
FORMATS: Mapping[str, set[str]] = {
    "open_badges": {
        *("base64", "binascii", "hmac", "io", "json", "xml", "zlib"),
        *("cryptography", "defusedxml", "jwt"),
    },
    # What the package says of itself: its version, its docstrings, its examples.
    "documents": {"importlib", "inspect", "urllib"},
}
# The log's own vocabulary; everything else in libs/events reaches Postgres or NATS.
PURE_LIBRARY = ("streams", "codec", "event", "log", "policies.policy")
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "uuid1", "uuid4", "uuid7"}
MAX_FILES = 14
# The schema of a table in SQL.
NAMED_TABLE = re.compile(r"\b(?:from|join|into|update|table|on)\s+(\w+)\.", re.IGNORECASE)


class Import(NamedTuple):
    file: Path
    name: str


def modules(house: Path, room: str) -> list[Path]:
    top = "libs" if room in LIBRARIES else "services"
    return sorted((house / top / room / "milepost").rglob("*.py"))


def imports(path: Path) -> tuple[str, ...]:
    found = parsed(path)
    assert not found.relative, f"{path}: relative imports hide the room"
    return found.imports


def room_of(name: str) -> str | None:
    """`milepost.progress.domain.X` → `progress`."""
    parts = name.split(".")
    return parts[1] if parts[0] == "milepost" and len(parts) > 1 else None


def foreign_imports(house: Path) -> list[str]:
    return [
        f"{path.relative_to(house)} imports {name}"
        for room, allowed in ROOMS.items()
        for path in modules(house, room)
        for name in imports(path)
        if room_of(name) not in {None, room, *allowed}
    ]


def upward_imports(house: Path) -> list[str]:
    height = {name: floor for floor, names in enumerate(FLOORS) for name in names}
    root = house / "libs" / "events" / "milepost" / "events"
    found = []
    for path in modules(house, "events"):
        own = path.relative_to(root).parts[0].removesuffix(".py")
        for name in imports(path):
            other = name.split(".")[2] if room_of(name) == "events" else own
            if other != own and height[other] >= height[own]:
                found.append(f"{path.relative_to(house)} imports {name}")
    return found


def foreign_tables(house: Path) -> list[str]:
    """In SQL files and in literals that look like SQL."""
    found = []
    for room in ROOMS:
        top = "libs" if room in LIBRARIES else "services"
        files = [(path, path.read_text("utf-8")) for path in (house / top / room).rglob("*.sql")]
        files += [(path, "\n".join(parsed(path).texts)) for path in modules(house, room)]
        for path, text in files:
            named = {schema.lower() for schema in NAMED_TABLE.findall(text)}
            found += [
                f"{path.relative_to(house)} names {schema}"
                for schema, owner in SCHEMAS.items()
                if schema in named and room != owner and room not in READ_BY[schema]
            ]
    return found


def foreign_streams(house: Path) -> list[str]:
    """Names of streams that are spelt out: `f"course-{code}"`, `Category("course", …)`."""
    found = []
    for room in ROOMS:
        spelt = {name for name, owner in STREAMS.items() if owner != room}
        spelt |= set() if room == "contracts" else SHARED
        for path in modules(house, room):
            if room == "operations":  # names learners, quizzes and files of its own
                continue
            heads = tuple(f"{name}-{{}}" for name in spelt)
            names = [text for text in parsed(path).texts if text.startswith(heads)]
            names += [name for name in parsed(path).categories if name in spelt]
            found += [f"{path.relative_to(house)} spells {name!r}" for name in names]
    return found


def crowded_folders(house: Path) -> list[str]:
    files = [path for room in ROOMS for path in modules(house, room)]
    count = Counter(path.parent for path in files)
    return [f"{folder.relative_to(house)}: {n}" for folder, n in count.items() if n > MAX_FILES]


def routes_that_append(house: Path) -> list[str]:
    """`run_command` asks whether an Idempotency-Key was used; `transact` alone does not."""
    return [
        f"{path.relative_to(house)} calls transact"
        for room in SERVICES
        for path in modules(house, room)
        if {"api", "pages"} & set(path.with_suffix("").parts)
        if "transact" in parsed(path).attributes
    ]


RULES = (
    foreign_imports,
    upward_imports,
    foreign_tables,
    foreign_streams,
    routes_that_append,
    crowded_folders,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule):
    assert rule(HOUSE) == []


PLANTED = {
    foreign_imports: {
        "services/progress/milepost/progress/queries/planted.py": (
            "from milepost.enrollment.domain.course.course import COURSE\n"
        ),
        "libs/contracts/milepost/contracts/planted.py": (
            "from milepost.web.settings import Settings\n"
        ),
        "libs/events/milepost/events/store/planted.py": (
            "def later():\n    from milepost.contracts.courses import Lesson\n"
        ),
        "services/credentials/milepost/credentials/planted.py": (
            "import milepost.operations.rooms\n"
        ),
    },
    upward_imports: {
        "libs/events/milepost/events/nats/planted.py": (
            "from milepost.events.relay.relay import Relay\n"
        ),
        "libs/events/milepost/events/store/planted.py": (
            "from milepost.events.parking.parked import park\n"
        ),
    },
    foreign_tables: {
        "services/progress/milepost/progress/planted.py": 'ROWS = "select * from vault.learners"\n',
        "services/credentials/milepost/credentials/sql/0001_planted.sql": (
            "alter table bulk.rows add column planted text;\n"
        ),
        "libs/web/milepost/web/planted.py": 'HEADS = f"select head from log.heads {1}"\n',
    },
    foreign_streams: {
        "services/progress/milepost/progress/planted.py": (
            'def name(code: str) -> str:\n    return f"course-{code}"\n'
        ),
        "services/credentials/milepost/credentials/planted.py": (
            'def name(learner: str) -> str:\n    return f"learner-{learner}"\n'
        ),
        "services/enrollment/milepost/enrollment/domain/planted.py": (
            'COURSE = Category("course", dict, evolve, codec)\n'
        ),
    },
    routes_that_append: {
        "services/progress/milepost/progress/api/planted.py": (
            "async def post(transactor):\n    await transactor.transact('t', stream, decide)\n"
        ),
        "services/enrollment/milepost/enrollment/planted/api.py": (
            "def command(wiring):\n    return wiring.transactor.transact\n"
        ),
    },
    crowded_folders: {
        f"services/progress/milepost/progress/queries/planted_{n}.py": "" for n in range(MAX_FILES)
    },
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    house = tmp_path_factory.mktemp("house")
    for top in ("libs", "services"):
        shutil.copytree(HOUSE / top, house / top, ignore=shutil.ignore_patterns("__pycache__"))
    return house


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_planted_breach_is_found(rule, copy: Path):
    breaches = PLANTED[rule]
    for name, text in breaches.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(text)
    try:
        found = rule(copy)
        places = {re.split("[ :]", one)[0] for one in found}
        expected = {
            str(Path(name).parent) if rule is crowded_folders else name for name in breaches
        }
        assert places == expected
    finally:
        for name in breaches:
            (copy / name).unlink()


def slice_of(path: Path) -> str:
    """The folder, or the file, that stands right in its service."""
    return path.relative_to(HOUSE).parts[4].removesuffix(".py")


def is_pure(path: Path) -> bool:
    return slice_of(path) in PURE


def pure_files() -> list[Path]:
    services = ("enrollment", "progress", "credentials", "subscriptions")
    rules = [path for name in services for path in modules(HOUSE, name) if is_pure(path)]
    return [*modules(HOUSE, "contracts"), *rules]


@lru_cache(maxsize=1024)
def closure(path: Path) -> frozenset[Path]:
    """The file and everything of its own room that it leads to."""
    reached: set[Path] = set()
    waiting = [path]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            top, room = one.relative_to(HOUSE).parts[:2]
            own = (name for name in imports(one) if room_of(name) == room)
            waiting += [found for name in own if (found := file_of(HOUSE / top / room, name))]
    return frozenset(reached)


@lru_cache(maxsize=4096)
def file_of(root: Path, name: str) -> Path | None:
    """The module that it names, or that has it."""
    parts = name.split(".")
    modules = (root.joinpath(*parts[:length]) for length in range(len(parts), 1, -1))
    files = (module.with_suffix(".py") for module in modules)
    return next((file for file in files if file.exists()), None)


def may_be_pure(name: str, formats: Collection[str] = ()) -> bool:
    parts = name.split(".")
    if room_of(name) == "events":
        return ".".join(parts[2:]).startswith(PURE_LIBRARY)
    if parts[0] == "milepost":
        return room_of(name) != "web"
    return parts[0] in VALUES | {"msgspec", "uuid_utils", *formats}


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(HOUSE)) for path in paths]


def test_milepost_stays_a_namespace():
    assert not [*HOUSE.glob("libs/*/milepost/__init__.py")]
    assert not [*HOUSE.glob("services/*/milepost/__init__.py")]


@pytest.mark.parametrize("path", pure_files(), ids=names(pure_files()))
def test_rules_touch_nothing_outside(path: Path):
    """Also through the files of their own room that they import."""
    for reached in closure(path):
        formats = FORMATS.get(slice_of(reached), ())
        for name in imports(reached):
            assert may_be_pure(name, formats), f"{reached.relative_to(HOUSE)} imports {name}"


@pytest.mark.parametrize("path", pure_files(), ids=names(pure_files()))
def test_rules_have_no_clock_and_no_dice(path: Path):
    for reached in closure(path):
        found = parsed(reached)
        for line, name in found.calls:
            assert name not in CLOCKS, f"{reached}:{line} calls {name}"
        assert not found.waits, f"{reached}:{found.waits[0]} waits"


def test_files_are_named_for_what_they_hold():
    banned = {"utils", "helpers", "common", "base", "manager", "managers", "misc", "shared"}
    assert not [path for room in ROOMS for path in modules(HOUSE, room) if path.stem in banned]


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
        "milepost.events.subscriptions.subscription.Subscription",
        "milepost.web.auth.tokens.Caller",
    ],
)
def test_what_acts_is_not_taken_for_a_value(name: str):
    assert not may_be_pure(name)
