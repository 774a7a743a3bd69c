"""Every name that is stored, published or called stays as it was written once.

`tests/golden/names.json` holds them. A name that is missing or changed breaks logs, subscribers,
front ends and operators' boards that exist. `MILEPOST_WRITE_GOLDEN=1` before pytest writes the file
anew, for names that were added on purpose: read the difference before you commit it.
"""

import ast
import importlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg
import msgspec
import pytest
import typer
from msgspec import inspect
from prometheus_client import REGISTRY, CollectorRegistry

from milepost.contracts.published import PUBLISHED
from milepost.events.commands.transact import Transactor
from milepost.events.event import Event, Refused, name_of
from milepost.events.store.memory import MemoryLog
from milepost.events.streams import Category
from milepost.operations import cli, rooms
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.openapi import published
from milepost.web.problems import problem_of
from milepost.web.room import Context
from milepost.web.settings import Settings
from milepost.web.telemetry.metrics import HttpMetrics

HOUSE = Path(__file__).parents[2]
GOLDEN = HOUSE / "tests" / "golden" / "names.json"
HOW = """a name was added, or has changed. If it was added: set MILEPOST_WRITE_GOLDEN=1, run this
again, and read the difference of tests/golden/names.json. If it has changed: change it back, others
rely on it."""
HEADER = re.compile(r"(Milepost|Nats|ce|Idempotency)-[A-Za-z-]+")
T = TypeVar("T")


def everything() -> Iterator[Any]:
    """All modules of the house."""
    for room in sorted([*HOUSE.glob("libs/*"), *HOUSE.glob("services/*")]):
        for path in sorted(room.rglob("*.py")):
            parts = path.relative_to(room).with_suffix("").parts
            if parts[-1] != "__main__":
                yield importlib.import_module(".".join(parts).removesuffix(".__init__"))


MODULES = tuple(everything())


def heirs(cls: type[T]) -> Iterator[type[T]]:
    for heir in cls.__subclasses__():
        if heir.__module__.startswith("milepost."):
            yield heir
        yield from heirs(heir)


def shape(kind: inspect.Type) -> Any:
    """A type as JSON tells it: structs by tag or fields, so that a class may get another name."""
    match kind:
        case inspect.StructType(fields=fields, tag=tag):
            return f"type {tag}" if tag else told(fields)
        case inspect.UnionType(types=types):
            return sorted((shape(one) for one in types), key=json.dumps)
        case inspect.VarTupleType(item_type=inner) | inspect.DictType(value_type=inner):
            return {"each": shape(inner)}
        case inspect.LiteralType(values=values):
            return " | ".join(sorted(map(str, values)))
        case inspect.Metadata(type=inner):
            return shape(inner)
    return type(kind).__name__.removesuffix("Type").lower()


def told(fields: Iterable[inspect.Field]) -> dict[str, Any]:
    return {
        field.encode_name: shape(field.type) if field.required else {"optional": shape(field.type)}
        for field in fields
    }


def structs(kind: inspect.Type) -> Iterator[inspect.StructType]:
    """Those with a tag that a type holds, each once."""
    waiting, seen = [kind], set()
    while waiting:
        match waiting.pop():
            case inspect.StructType(cls=cls) as struct if cls not in seen:
                seen.add(cls)
                waiting += [field.type for field in struct.fields]
                if struct.tag:
                    yield struct
            case inspect.UnionType(types=types):
                waiting += types
            case inspect.VarTupleType(item_type=inner) | inspect.DictType(value_type=inner):
                waiting.append(inner)
            case inspect.Metadata(type=inner):
                waiting.append(inner)


def events() -> dict[str, Any]:
    """The fields of each event and of each tagged struct in one, by tag."""
    found: dict[str, Any] = {}
    for cls in dict.fromkeys(heirs(Event)):
        if str(cls.__struct_config__.tag).islower():
            for struct in structs(inspect.type_info(cls)):
                fields = told(struct.fields)
                tag = str(struct.tag)
                if found.setdefault(tag, fields) != fields:
                    # Two rooms' structs of one tag, each in events of its own.
                    tag = f"{tag} of {struct.cls.__module__.rpartition('.')[2]}"
                    assert found.setdefault(tag, fields) == fields, tag
    return found


def categories() -> dict[str, list[str]]:
    """Each category of streams and the tags that may stand in it."""
    found = {
        value.name: sorted(value.codec.tags)
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, Category)
    }
    return dict(sorted(found.items()))


def refusals() -> list[str]:
    found = set()
    for cls in heirs(Refused):
        error = cls.__new__(cls)
        found.add(problem_of(error).name if vars(error) == {} else "")
    return sorted(found - {""})


def faults() -> list[str]:
    """The problems that no rule refuses with: named where they are made."""
    found = {one for source in sources() for one in re.findall(r'name="([a-z_]+_[a-z_]+)"', source)}
    return sorted(found)


def sources() -> Iterator[str]:
    for module in MODULES:
        if module.__file__:
            yield Path(module.__file__).read_text("utf-8")


def headers() -> list[str]:
    found = {
        node.value
        for source in sources()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return sorted(filter(HEADER.fullmatch, found))


def metrics() -> dict[str, Any]:
    registry = CollectorRegistry()
    HttpMetrics(registry)
    found = {}
    for collector in (*REGISTRY._collector_to_names, *registry._collector_to_names):
        for metric in collector.collect():
            if metric.name.startswith("milepost"):
                told_by = metric if hasattr(metric, "_labelnames") else collector
                labels = list(getattr(told_by, "_labelnames", ()))
                found[metric.name] = {"type": metric.type, "labels": labels}
    return dict(sorted(found.items()))


def read_models() -> dict[str, Any]:
    return {
        f"{model.name} {model.version}": {
            table.name: {
                "key": table.key,
                "columns": {column.name: column.pg_type for column in table.columns},
                "indexes": table.indexes,
            }
            for table in model.tables
        }
        for model in rooms.read_models()
    }


def commands(command: Any, name: str = "") -> Iterator[str]:
    if hasattr(command, "list_commands"):
        for inner in command.list_commands(None):
            yield from commands(command.get_command(None, inner), f"{name} {inner}".strip())
        return
    options = [opt for one in command.params for opt in (*one.opts, *one.secondary_opts)]
    yield f"{name}: {' '.join(sorted(options))}"


def command_line() -> Iterator[str]:
    yield from commands(typer.main.get_group(cli.app))
    for name, (file, _) in cli.ROOMS.items():
        yield from commands(typer.main.get_group(cli._loaded(file)), name)
    for name, (file, _) in cli.SINGLE.items():
        yield from commands(typer.main.get_command(cli._loaded(file)), name)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Any]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("house"))
    nowhere = cast("Any", None)  # nothing is asked of the database
    return settings, services_of("all", Context(Transactor(MemoryLog()), settings, nowhere))


async def tables(dsn: str) -> dict[str, Any]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(
        """select table_schema || '.' || table_name as name,
            array_agg(column_name || ' ' || udt_name order by ordinal_position) as columns
        from information_schema.columns
        where table_schema not in ('pg_catalog', 'information_schema') group by 1 order by 1"""
    )
    functions = await connection.fetch(
        """select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid)
            || ')' as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname not in ('pg_catalog', 'information_schema') order by 1"""
    )
    files = await connection.fetch("select name from public.milepost_migrations order by 1")
    await connection.close()
    return {
        "tables": {row["name"]: row["columns"] for row in rows},
        "functions": [row["name"] for row in functions],
        "migrations": [row["name"] for row in files],
    }


def wiring(settings: Settings, services: Any) -> dict[str, Any]:
    policies = {
        one.name: one.types
        for service in services
        for one in (*service.policies, *service.handlers)
    }
    timers = {one.name: one.types for service in services for one in service.timers}
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    paths = published.document(app)["paths"]
    return {
        "policies": {name: heard(types) for name, types in sorted(policies.items())},
        "timers": {name: heard(types) for name, types in sorted(timers.items())},
        "leases": sorted(
            [
                "relay",
                *(f"policy/{name}" for name in policies),
                *(f"policy/timer/{name}" for name in timers),
                *(f"projection/{one.name}/{one.version}" for one in rooms.read_models()),
            ]
        ),
        "routes": sorted(
            f"{method.upper()} {path}"
            for path, item in paths.items()
            for method in item
            if method in {"get", "put", "post", "delete", "patch", "head"}
        ),
    }


def heard(types: tuple[tuple[str, str], ...]) -> list[str]:
    return sorted(f"{service}.{tag}" for service, tag in types)


async def test_no_name_that_others_rely_on_has_changed(services: Any, postgres: str):
    found: Mapping[str, Any] = {
        "events": dict(sorted(events().items())),
        "streams": categories(),
        "subjects": sorted(
            f"milepost.*.{service}.{name_of(tag)}" for tag, service in PUBLISHED.items()
        ),
        **wiring(*services),
        **await tables(postgres),
        "read_models": read_models(),
        "metrics": metrics(),
        "problems": sorted({*refusals(), *faults()}),
        "headers": headers(),
        "settings": sorted(f"MILEPOST_{f.name.upper()}" for f in msgspec.structs.fields(Settings)),
        "commands": sorted(command_line()),
    }
    stand = json.loads(json.dumps(found))
    text = json.dumps(stand, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("MILEPOST_WRITE_GOLDEN"):
        GOLDEN.write_text(text, "utf-8")
    golden = json.loads(GOLDEN.read_text("utf-8"))
    for part, names in golden.items():
        assert stand[part] == names, f"{part}: {HOW}"
    assert GOLDEN.read_text("utf-8") == text, HOW


def test_every_kind_of_problem_is_found():
    assert {"offering_full", "malformed_request"} <= {*refusals(), *faults()}
